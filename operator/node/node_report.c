/* SPDX-License-Identifier: Apache-2.0 */
/* The PaleNodeStatus: written when something in it is another, but not more often than each two
 * seconds, and each minute, so that it is known that we are there (operator/controller/node_table.h
 * waits for five). */
#include "operator/node/node_internal.h"

#include "compiler/base/cleanup.h"
#include "operator/controller/condition.h"
#include "operator/kube/kube_path.h"
#include "operator/kube/kube_time.h"
#include "operator/node/event_position.h"
#include "operator/say.h"

#define SOON_US	     UINT64_C(50000)
#define LEAST_US     UINT64_C(2000000)
#define HEARTBEAT_US UINT64_C(60000000)
#define AGAIN_US     UINT64_C(5000000)
#define NODE_EVERY   5 /* minutes, in which our Node is looked at */

static void put_condition(struct node *n)
{
	bool ready = node_is_ready(n);
	const struct condition c = {
		.type = "Ready",
		.status = ready ? CONDITION_TRUE : CONDITION_FALSE,
		.reason = ready	   ? "Ready"
			  : !n->up ? "PaledAway"
				   : "ProfilesPending",
		.message = ready    ? "paled answers, and was brought all profiles"
			   : !n->up ? "paled does not answer; containers that run go on under "
				      "their policies, and those that are to have one do not start"
				    : "paled was not brought all profiles yet",
	};

	condition_set(n->conditions, &c, 0, node_now());
}

static json_t *status_of(struct node *n)
{
	json_t *status = json_pack("{s:o, s:I, s:o}", "profiles",
		profile_list_json(&n->profiles, node_now()), "unconfined",
		(json_int_t)pod_list_unconfined(&n->pods), "mechanisms",
		n->mechanisms ? json_incref(n->mechanisms) : json_array());

	put_condition(n);
	json_object_set_new(
		status, "conditions", json_deep_copy(json_object_get(n->conditions, "conditions")));
	json_object_set_new(status, "runs", run_list_json(&n->runs));
	return status;
}

static void on_written(void *ctx, const struct kube_answer *a)
{
	struct node *n = ctx;
	json_t *status = TAKE_PTR(n->writing_status);

	n->writing = NULL;
	if (!a->err) {
		json_decref(n->written);
		n->written = status;
		node_report_changed(n);
		return;
	}
	json_decref(status);
	/* So that it is written the next time, whatever there was before. */
	json_decref(TAKE_PTR(n->written));
	say("node", "PaleNodeStatus: %s", pale_err_text(a->err));
	if (a->status.code == 404)
		node_objects_again(n);
	node_wake(n->report_timer, AGAIN_US);
}

/*
 * Takes over @status. Nobody else writes any of it, so that a merge patch says all of it.
 * Server-side apply will not do: when the last profile goes, Kubernetes 1.20 makes null of the
 * list, and refuses that.
 */
static void write_status(struct node *n, json_t *status)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	json_t *whole = json_copy(status), *body;
	char time[KUBE_TIME_BYTES];

	kube_path(&path, &(struct kube_resource){ .group_version = "pale.dev/v1alpha1",
				 .plural = "palenodestatuses",
				 .name = n->options->name,
				 .subresource = "status" });
	json_object_set_new(whole, "heartbeat", json_string(kube_time(kube_realtime_us(), time)));
	/* Of the same moment as what was counted. */
	json_object_set_new(whole, "events", event_position_json(n->seen));
	n->news = false;
	body = json_pack("{s:o}", "status", whole);
	n->written_us = node_monotonic_us();
	n->writing_status = status;
	n->writing = kube_request(n->client, &(struct kube_request){ .method = KUBE_PATCH,
						     .path = text_str(&path),
						     .body = body,
						     .type = KUBE_MERGE_PATCH,
						     .repeatable = true,
						     .done = on_written,
						     .ctx = n });
	json_decref(body);
}

static int on_report(sd_event_source *source, uint64_t us, void *ctx)
{
	struct node *n = ctx;
	uint64_t since = node_monotonic_us() - n->written_us;
	bool heartbeat = since >= HEARTBEAT_US;
	bool look = node_monotonic_us() - n->looked_us >= HEARTBEAT_US;
	json_t *status;

	(void)source;
	(void)us;
	/* Before all profiles were told, those that are loaded would look as if nobody wanted
	 * them; and what an earlier process had written holds until then. */
	if (n->writing || !n->begun || !n->profiles.complete)
		return 0;
	if (n->written_us && since < LEAST_US) {
		node_wake(n->report_timer, LEAST_US - since);
		return 0;
	}
	status = status_of(n);
	if (!n->written_us || heartbeat || n->news || !json_equal(status, n->written))
		write_status(n, status);
	else
		json_decref(status);
	if (look) {
		n->looked_us = node_monotonic_us();
		profile_list_retry(&n->profiles);
		node_paled_step(n);
		/* A thousand nodes that ask each minute would be some load. */
		if (++n->looks_without_node == NODE_EVERY) {
			n->looks_without_node = 0;
			node_objects_patch(n);
		}
	}
	node_wake(n->report_timer, HEARTBEAT_US);
	return 0;
}

void node_report_changed(struct node *n)
{
	node_wake(n->report_timer, SOON_US);
}

void node_report_news(struct node *n)
{
	n->news = true;
	node_report_changed(n);
}

void node_report_begin(struct node *n)
{
	n->report_timer = node_timer(n, on_report);
	n->conditions = json_object();
}

void node_report_free(struct node *n)
{
	kube_call_cancel(n->writing);
	sd_event_source_disable_unref(n->report_timer);
	json_decref(n->conditions);
	json_decref(n->written);
	json_decref(n->writing_status);
}
