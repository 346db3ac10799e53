/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/violation_window.h"

#include <stdlib.h>

static uint64_t last(const struct violation_window *w, uint32_t n)
{
	return w->times[(w->at + n - 1) % n];
}

/* Events of several CPUs come in a little out of order. */
#define DISORDER_NS 1000000000u

bool violation_window_add(
	struct violation_window *w, uint32_t n, uint64_t within_ns, uint64_t time_ns)
{
	uint64_t oldest;

	if (!w->times) {
		w->times = calloc(n, sizeof(*w->times));
		if (!w->times)
			abort();
	}
	if (w->filled && time_ns + DISORDER_NS < last(w, n))
		w->filled = 0;
	w->times[w->at] = time_ns;
	w->at = (w->at + 1) % n;
	if (w->filled < n)
		w->filled++;
	if (w->filled < n)
		return false;
	oldest = w->times[w->at];
	if (time_ns > oldest && time_ns - oldest > within_ns)
		return false;
	w->filled = 0;
	return true;
}

void violation_window_release(struct violation_window *w)
{
	free(w->times);
	*w = (struct violation_window){ 0 };
}
