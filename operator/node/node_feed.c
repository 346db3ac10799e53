/* SPDX-License-Identifier: Apache-2.0 */
/* What paled tells: violations are counted, and told on their pods. */
#include "operator/node/node_internal.h"

#include "enforcer/export/event_fields.h"
#include "operator/node/event_position.h"
#include "operator/node/event_report.h"
#include "operator/say.h"

#define NS_PER_S UINT64_C(1000000000)

/* Whether anybody is told of it. */
static bool tell(struct node *n, const json_t *event)
{
	struct event_report r;
	const struct pod_list_pod *pod;

	if (!event_report(event, &r))
		return false;
	if (r.of_node) {
		node_tell_node(n, r.reason, text_str(&r.message), r.warning);
	} else {
		pod = pod_list_find(&n->pods, r.namespace, r.pod, r.pod_uid);
		node_tell_pod(n, &(struct node_event){ r.namespace, r.pod,
					 *r.pod_uid || !pod ? r.pod_uid : pod->uid, r.container,
					 r.reason, text_str(&r.message), r.warning });
	}
	event_report_release(&r);
	return true;
}

/* There may be days of them, which would look as if they were of now. */
static void leave_out(struct node *n, const json_t *event)
{
	struct event_report r;

	if (!event_report(event, &r))
		return;
	event_report_release(&r);
	if (!n->too_old++)
		node_tell_node(n, "EventsLost",
			"paled told of more than an hour before this process began: no Events are "
			"made of that, and it stands in paled's log alone",
			true);
}

static void take(struct node *n, const json_t *event, uint64_t time_ns)
{
	uint64_t violations = event_violations(event);

	violation_counts_take(n->violations, event);
	if (violations)
		profile_list_violations(&n->profiles, event_field_string(event, FIELD_PROFILE),
			event_field_string(event, FIELD_DIGEST), (int64_t)(time_ns / NS_PER_S),
			violations, node_now());
	if (tell(n, event) || violations)
		node_report_news(n);
}

static void on_event(void *ctx, json_t *event, const struct seen_event *of)
{
	struct node *n = ctx;

	if (of->time_ns < n->from_ns)
		leave_out(n, event);
	else
		take(n, event, of->time_ns);
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

void node_feed_begin(struct node *n, const json_t *position)
{
	const struct feed_handler handler = { on_event, on_missed, on_gap, on_round, on_tell, n };
	uint64_t now = (uint64_t)node_now() * NS_PER_S;

	n->from_ns = now - NODE_HOUR * NS_PER_S;
	n->seen = event_position_open(position, now);
	n->feed = feed_new(n->loop, n->options->run, n->seen, &handler);
}

void node_feed_free(struct node *n)
{
	feed_free(n->feed);
	seen_free(n->seen);
}
