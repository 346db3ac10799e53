/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/node/node_internal.h"

#include "compiler/base/json_text.h"
#include "operator/memory.h"
#include "operator/say.h"

#include <time.h>

int64_t node_now(void)
{
	return (int64_t)time(NULL);
}

uint64_t node_monotonic_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

sd_event_source *node_timer(struct node *n, sd_event_time_handler_t on_time)
{
	sd_event_source *timer;

	if (sd_event_add_time_relative(n->loop, &timer, CLOCK_MONOTONIC, 0, 1000, on_time, n) < 0)
		abort();
	sd_event_source_set_enabled(timer, SD_EVENT_OFF);
	return timer;
}

void node_wake(sd_event_source *timer, uint64_t us)
{
	uint64_t at, then = node_monotonic_us() + us;
	int on;

	if (sd_event_source_get_enabled(timer, &on) >= 0 && on != SD_EVENT_OFF &&
		sd_event_source_get_time(timer, &at) >= 0 && at <= then)
		return;
	sd_event_source_set_time(timer, then);
	sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

void node_tell_pod(struct node *n, const struct node_event *e)
{
	json_t *object = pod_reference(
		e->namespace, e->pod, e->pod_uid, *e->container ? e->container : NULL);

	kube_event(n->events, &(struct kube_event){ .object = object,
				      .reason = e->reason,
				      .message = e->message,
				      .warning = e->warning });
	json_decref(object);
}

void node_tell_node(struct node *n, const char *reason, const char *message, bool warning)
{
	/* As kubelets refer to it: `kubectl describe node` looks for its name as its uid. */
	json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "apiVersion", "v1", "kind", "Node",
		"name", n->options->name, "uid", n->options->name);

	kube_event(n->events, &(struct kube_event){ .object = object,
				      .reason = reason,
				      .message = message,
				      .warning = warning });
	json_decref(object);
}

bool node_is_ready(const struct node *n)
{
	return n->up && profile_list_is_settled(&n->profiles);
}

static void on_untold(void *ctx, const struct pale_err *err, uint32_t count)
{
	struct node *n = ctx;

	n->untold += count;
	say("node", "%u Events were not taken: %s", count, pale_err_text(err));
}

int node_new(struct kube_client *client, const struct node_options *options, struct node **ret,
	struct pale_err **err)
{
	struct node *n = memory_new(sizeof(*n));
	int r;

	n->options = options;
	n->client = client;
	n->loop = kube_client_loop(client);
	n->pods.own_namespace = options->own_namespace;
	n->violations = violation_counts_new();
	n->events = kube_events_new(client, &(struct kube_events_spec){ .component = NODE_MANAGER,
						    .host = options->name,
						    .lost = on_untold,
						    .ctx = n });
	node_report_begin(n);
	node_paled_begin(n);
	node_objects_begin(n);
	r = options->metrics ? node_http_begin(n, err) : 0;
	if (r < 0)
		node_free(n);
	else
		*ret = n;
	return r;
}

void node_free(struct node *n)
{
	if (!n)
		return;
	page_server_free(n->pages);
	node_objects_free(n);
	node_feed_free(n);
	node_paled_free(n);
	node_recordings_free(n);
	node_report_free(n);
	kube_events_free(n->events);
	violation_counts_free(n->violations);
	profile_list_release(&n->profiles);
	pod_list_release(&n->pods);
	free(n);
}
