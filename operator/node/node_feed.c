/* SPDX-License-Identifier: Apache-2.0 */
/* What paled tells: violations are counted, and told on their pods. */
#include "operator/node/node_internal.h"

#include "compiler/base/cleanup.h"
#include "enforcer/export/event_fields.h"
#include "operator/node/event_report.h"
#include "operator/say.h"

#include <string.h>

static void tell(struct node *n, const json_t *event)
{
	struct event_report r;
	const struct pod_list_pod *pod;

	if (!event_report(event, &r))
		return;
	if (r.of_node) {
		node_tell_node(n, r.reason, text_str(&r.message), r.warning);
	} else {
		pod = pod_list_find(&n->pods, r.namespace, r.pod, r.pod_uid);
		node_tell_pod(n, &(struct node_event){ r.namespace, r.pod,
					 *r.pod_uid || !pod ? r.pod_uid : pod->uid, r.container,
					 r.reason, text_str(&r.message), r.warning });
	}
	event_report_release(&r);
}

static void on_event(void *ctx, json_t *event, const struct seen_event *of)
{
	struct node *n = ctx;
	uint64_t violations = event_violations(event);

	/* They are asked for again from a little earlier on, see seen.h. */
	if (of->time_ns >= n->from_ns) {
		violation_counts_take(n->violations, event);
		tell(n, event);
		if (violations) {
			profile_list_violations(&n->profiles,
				event_field_string(event, FIELD_PROFILE),
				event_field_string(event, FIELD_DIGEST),
				(int64_t)(of->time_ns / 1000000000), violations, node_now());
			node_report_changed(n);
		}
	}
	json_decref(event);
}

/* They are asked for again. */
static void on_missed(void *ctx, uint64_t events)
{
	(void)ctx;
	(void)events;
}

static void on_gap(void *ctx)
{
	node_tell_node(ctx, "EventsLost",
		"paled's log does not go back to the last event that was had: there may have been "
		"others since",
		true);
}

static void on_round(void *ctx)
{
	(void)ctx;
}

static void on_tell(void *ctx, int level, const char *text)
{
	(void)ctx;
	(void)level;
	say("node", "%s", text);
}

void node_feed_begin(struct node *n, uint64_t from_ns)
{
	const struct feed_handler handler = { on_event, on_missed, on_gap, on_round, on_tell, n };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	n->from_ns = from_ns;
	/* Without a file nothing fails. */
	if (seen_open(NULL, 0, from_ns, &n->seen, &err) < 0)
		abort();
	n->feed = feed_new(n->loop, n->options->run, n->seen, &handler);
}

void node_feed_free(struct node *n)
{
	feed_free(n->feed);
	seen_free(n->seen);
}
