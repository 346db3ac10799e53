/* SPDX-License-Identifier: Apache-2.0 */
/* /metrics, /healthz and /readyz, as Prometheus and the kubelet ask for them. */
#include "operator/node/node_internal.h"

#include <inttypes.h>

static void head(struct text *t, const char *name, const char *type, const char *help)
{
	text_printf(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_numbers(struct text *t, const char *name, const char *label, const json_t *counts)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)counts, key, v)
		text_printf(t, "%s{%s=\"%s\"} %lld\n", name, label, key,
			(long long)json_integer_value(v));
}

static void print_profiles(struct node *n, struct text *t)
{
	json_t *states = profile_list_states(&n->profiles, node_now());

	head(t, "pale_profiles", "gauge", "Profiles of the cluster on this node, by their state.");
	print_numbers(t, "pale_profiles", "state", states);
	json_decref(states);
}

static void print_containers(const struct node *n, struct text *t)
{
	head(t, "pale_unconfined_containers", "gauge",
		"Containers that run without the policy that their pods name.");
	text_printf(t, "pale_unconfined_containers %u\n", pod_list_unconfined(&n->pods));
	if (!n->up || !n->containers)
		return;
	head(t, "pale_containers", "gauge", "Containers that run, by how they are confined.");
	print_numbers(t, "pale_containers", "enforcement", n->containers);
	head(t, "pale_containers_restart_required", "gauge",
		"Containers whose profile has a newer policy than they run under.");
	text_printf(t, "pale_containers_restart_required %u\n", n->restart_required);
}

static void print_lost(const struct node *n, struct text *t)
{
	static const char name[] = "pale_events_lost_total";
	static const char *const of_paled[] = { "lost", "throttled" };

	head(t, name, "counter",
		"Events that were lost: paled's own, those beyond the rate that is reported, those "
		"that the API server did not take, those of more than an hour before this process, "
		"and times that paled's log began too late.");
	for (size_t i = 0; n->up && i < sizeof(of_paled) / sizeof(*of_paled); i++)
		text_printf(t, "%s{source=\"%s\"} %lld\n", name, i ? of_paled[i] : "paled",
			(long long)json_integer_value(json_object_get(n->numbers, of_paled[i])));
	text_printf(t, "%s{source=\"api\"} %" PRIu64 "\n", name, n->untold);
	text_printf(t, "%s{source=\"old\"} %" PRIu64 "\n", name, n->too_old);
	text_printf(t, "%s{source=\"gap\"} %" PRIu64 "\n", name,
		n->feed ? feed_counts(n->feed)->gaps : 0);
	if (!n->up)
		return;
	head(t, "pale_attribution_failures_total", "counter",
		"Violations whose container could not be told.");
	text_printf(t, "pale_attribution_failures_total %lld\n",
		(long long)json_integer_value(json_object_get(n->numbers, "unattributed")));
}

static void print_api(const struct node *n, struct text *t)
{
	static const char *const resources[WATCHES] = {
		[WATCH_PROFILES] = "paleprofiles", [WATCH_PODS] = "pods"
	};

	head(t, "pale_watch_restarts_total", "counter", "Watches that began anew, and why.");
	for (int i = 0; i < WATCHES; i++) {
		for (int k = 0; k < KUBE_RESTARTS; k++)
			text_printf(t,
				"pale_watch_restarts_total{resource=\"%s\",reason=\"%s\"} %" PRIu64
				"\n",
				resources[i], kube_watch_restart_names[k],
				n->watches[i].restarts[k]);
	}
	head(t, "pale_api_requests_total", "counter", "Requests that were sent to the API server.");
	text_printf(t, "pale_api_requests_total %" PRIu64 "\n", kube_client_sent(n->client));
}

static void print_metrics(struct node *n, struct text *t)
{
	head(t, "pale_paled_up", "gauge", "Whether paled answers.");
	text_printf(t, "pale_paled_up %d\n", n->up);
	print_profiles(n, t);
	print_containers(n, t);
	head(t, "pale_violations_total", "counter", "Violations, by what became of them.");
	violation_counts_print(n->violations, "pale_violations_total", t);
	print_lost(n, t);
	print_api(n, t);
}

static bool print_metrics_page(void *ctx, struct text *t)
{
	print_metrics(ctx, t);
	return true;
}

static bool print_ready(void *ctx, struct text *t)
{
	const struct node *n = ctx;
	const char *why = NULL;

	for (int i = 0; i < WATCHES; i++) {
		if (!n->watches[i].watch || !kube_watch_is_synced(n->watches[i].watch))
			why = "the API server has not told all";
	}
	if (!n->up)
		why = "paled does not answer";
	else if (!why && !profile_list_is_settled(&n->profiles))
		why = "paled was not brought all profiles yet";
	text_printf(t, "%s\n", why ? why : "ok");
	return !why;
}

static bool print_health(void *ctx, struct text *t)
{
	(void)ctx;
	text_puts(t, "ok\n");
	return true;
}

int node_http_begin(struct node *n, struct pale_err **err)
{
	static const struct page pages[] = {
		{ "/metrics", print_metrics_page },
		{ "/healthz", print_health },
		{ "/readyz", print_ready },
		{ NULL, NULL },
	};

	return page_server_new(
		n->loop, (const struct sockaddr *)n->options->metrics, pages, n, &n->pages, err);
}
