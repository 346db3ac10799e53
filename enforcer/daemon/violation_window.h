/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_VIOLATION_WINDOW_H
#define PALE_VIOLATION_WINDOW_H

/* Whether something happened so many times within so long: any stretch of that length counts, not
 * only those that begin at a full minute. */

#include <stdbool.h>
#include <stdint.h>

#define VIOLATION_WINDOW_MAX 10000u

struct violation_window {
	uint64_t *times; /* of the last ones, a ring; made by the first violation_window_add() */
	uint32_t at, filled;
};

/*
 * Something happened at @time_ns. true: it is the @n-th (from 1 to VIOLATION_WINDOW_MAX) within
 * @within_ns (any two that are that far apart count together); then the count begins anew. A time
 * before that of the last one, as after somebody set the clock, begins anew, too. @n is the same at
 * each call.
 */
bool violation_window_add(
	struct violation_window *w, uint32_t n, uint64_t within_ns, uint64_t time_ns);
void violation_window_release(struct violation_window *w);

#endif
