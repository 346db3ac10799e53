/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/recorder/gaps.h"

#include "compiler/base/json_text.h"
#include "enforcer/report.h"

#include <stdlib.h>
#include <string.h>

void recorder_gaps_clear(struct recorder_gaps *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->v[i].detail);
	g->n = 0;
}

void recorder_gaps_release(struct recorder_gaps *g)
{
	recorder_gaps_clear(g);
	free(g->v);
	*g = (struct recorder_gaps){ 0 };
}

static struct recorder_gap *find(struct recorder_gaps *g, uint32_t container, const char *reason)
{
	for (size_t i = 0; i < g->n; i++) {
		if (g->v[i].container == container && strcmp(g->v[i].reason, reason) == 0)
			return &g->v[i];
	}
	return NULL;
}

bool recorder_gaps_has(const struct recorder_gaps *g, uint32_t container)
{
	for (size_t i = 0; i < g->n; i++) {
		if (g->v[i].container == container)
			return true;
	}
	return false;
}

static struct recorder_gap *make(struct recorder_gaps *g, uint32_t container, const char *reason)
{
	if (g->n == g->cap) {
		g->cap = g->cap ? 2 * g->cap : 16;
		g->v = reallocarray(g->v, g->cap, sizeof(*g->v));
		if (!g->v)
			abort();
	}
	g->v[g->n] = (struct recorder_gap){ .container = container, .reason = reason };
	return &g->v[g->n++];
}

void recorder_gaps_add(struct recorder_gaps *g, uint32_t container, uint64_t n, uint64_t from_ns,
	uint64_t until_ns, const char *reason, const char *detail)
{
	struct recorder_gap *gap = find(g, container, reason);

	if (!gap && g->n >= RECORDER_GAPS_MAX) {
		container = 0;
		gap = find(g, container, reason);
	}
	if (!gap) {
		gap = make(g, container, reason);
		gap->from_ns = from_ns;
	}
	gap->n += n;
	if (from_ns && from_ns < gap->from_ns)
		gap->from_ns = from_ns;
	if (until_ns > gap->until_ns)
		gap->until_ns = until_ns;
	if (detail && !gap->detail)
		gap->detail = strdup(detail);
}

void recorder_gaps_merge(struct recorder_gaps *g, struct recorder_gaps *from)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct recorder_gap *gap = &from->v[i];

		recorder_gaps_add(g, gap->container, gap->n, gap->from_ns, gap->until_ns,
			gap->reason, gap->detail);
	}
	recorder_gaps_clear(from);
}

void recorder_gap_entry(const struct recorder_gap *gap, uint64_t now_ns, struct recorder_entry *ret,
	char **ret_text)
{
	json_t *o = json_pack("{s:s}", "reason", gap->reason);

	if (gap->n)
		json_object_set_new(o, "entries", json_integer((json_int_t)gap->n));
	if (gap->from_ns)
		json_object_set_new(o, "from", report_time_json(gap->from_ns));
	if (gap->until_ns)
		json_object_set_new(o, "until", report_time_json(gap->until_ns));
	if (gap->detail)
		json_object_set_new(o, "error", json_text(gap->detail));
	*ret_text = json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(o);
	*ret = (struct recorder_entry){
		.kind = RECORDER_GAP,
		.time_ns = now_ns,
		.container = gap->container,
		.event = { *ret_text, *ret_text ? strlen(*ret_text) : 0 },
	};
}
