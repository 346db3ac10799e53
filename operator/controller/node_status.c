/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/controller/node_status.h"

#include "compiler/base/cleanup.h"
#include "operator/controller/condition.h"

#include <string.h>

static const char *text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

static void put_waiting(struct text *t, const struct node_counts *c)
{
	text_printf(t, "on %u of %u nodes", c->ready + c->degraded, c->total);
	if (c->stale)
		text_printf(t, "; %u not heard of for %d minutes", c->stale, NODE_STALE / 60);
}

static bool is_distributed(const struct node_counts *c)
{
	return c->total && c->ready + c->degraded == c->total;
}

static void put_distributed(
	json_t *status, const struct node_counts *c, int64_t generation, int64_t now)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	struct condition condition = { .type = "Distributed" };

	put_waiting(&t, c);
	condition.message = text_str(&t);
	condition.status = is_distributed(c) ? CONDITION_TRUE : CONDITION_FALSE;
	condition.reason = is_distributed(c) ? "Distributed"
			   : c->total	     ? "NodesPending"
					     : "NoNodes";
	condition_set(status, &condition, generation, now);
}

static void put_degraded(json_t *status, const struct node_counts *c, int64_t generation,
	int64_t now, struct event_list *events)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	struct condition condition = { .type = "Degraded" };
	uint32_t n = c->degraded + c->failed;

	text_puts(&t, n ? text_str(&c->trouble) : "no node says so");
	if (n > 1)
		text_printf(&t, " (and %u more)", n - 1);
	condition.message = text_str(&t);
	condition.status = n ? CONDITION_TRUE : CONDITION_FALSE;
	condition.reason = c->failed ? "NodesFailed" : n ? "NodesDegraded" : "AsExpected";
	if (condition_set(status, &condition, generation, now) && n)
		event_list_add(events, true, "ProfileLoadFailed", "%s", text_str(&t));
}

static void put_ready(json_t *status, const struct node_counts *c, int64_t generation, int64_t now,
	struct event_list *events)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	struct condition condition = { .type = "Ready" };
	const char *digest = text_of(status, "digest");
	bool ready = *digest && is_distributed(c);

	if (*digest)
		put_waiting(&t, c);
	else
		text_puts(&t, "there is no policy that is right");
	condition.message = text_str(&t);
	condition.status = ready ? CONDITION_TRUE : CONDITION_FALSE;
	condition.reason = ready ? "Ready" : *digest ? "NotDistributed" : "NotCompiled";
	if (condition_set(status, &condition, generation, now) && ready)
		event_list_add(events, false, "ProfileLoaded", "digest %.12s is on all %u nodes",
			digest, c->total);
}

void node_status_put(json_t *status, const struct node_counts *counts, int64_t generation,
	int64_t now, struct event_list *events)
{
	json_object_set_new(status, "nodes",
		json_pack("{s:I, s:I}", "total", (json_int_t)counts->total, "ready",
			(json_int_t)(counts->ready + counts->degraded)));
	put_distributed(status, counts, generation, now);
	put_degraded(status, counts, generation, now, events);
	put_ready(status, counts, generation, now, events);
}

/* @status without what may wait. */
static json_t *essence(const json_t *status)
{
	json_t *copy = json_copy((json_t *)status), *all = json_array(), *c;
	size_t i;

	json_array_foreach (json_object_get(status, "conditions"), i, c) {
		json_t *short_one = json_copy(c);

		json_object_del(short_one, "message");
		json_array_append_new(all, short_one);
	}
	json_object_set_new(copy, "conditions", all);
	json_object_del(copy, "nodes");
	return copy;
}

bool node_status_is_urgent(const json_t *before, const json_t *after)
{
	json_t *a = essence(before), *b = essence(after);
	bool same = json_equal(a, b);

	json_decref(a);
	json_decref(b);
	return !same;
}

int64_t node_status_interval(uint32_t nodes)
{
	return nodes < 500 ? 10 : nodes / 50;
}
