/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/manager/manager_metrics.h"

#include "operator/manager/object_kinds.h"

#include <inttypes.h>

static void head(struct text *t, const char *name, const char *type, const char *help)
{
	text_printf(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_profiles(const struct manager_metrics *m, struct text *t)
{
	head(t, "pale_profiles", "gauge", "PaleProfiles of the cluster, as the leader has them.");
	for (int i = 0; i < PROFILE_STATES; i++)
		text_printf(t, "pale_profiles{state=\"%s\"} %" PRIu32 "\n", profile_state_names[i],
			m->profiles[i]);
}

static void print_watches(const struct manager_metrics *m, struct text *t)
{
	head(t, "pale_watch_objects", "gauge", "Objects that a watch has told of.");
	for (int kind = 0; kind < CONTROLLER_KINDS; kind++)
		text_printf(t, "pale_watch_objects{resource=\"%s\"} %" PRIu32 "\n",
			object_kinds[kind].plural, m->objects[kind]);
	head(t, "pale_watch_restarts_total", "counter", "Watches that ended, and why.");
	for (int kind = 0; kind < CONTROLLER_KINDS; kind++) {
		for (int why = 0; why < KUBE_RESTARTS; why++)
			text_printf(t,
				"pale_watch_restarts_total{resource=\"%s\",reason=\"%s\"} %" PRIu64
				"\n",
				object_kinds[kind].plural, kube_watch_restart_names[why],
				m->restarts[kind][why]);
	}
}

void manager_metrics_print(const struct manager_metrics *m, struct text *t)
{
	head(t, "pale_leader", "gauge", "Whether this is the one that acts.");
	text_printf(t, "pale_leader %d\n", m->leads);
	if (m->leads)
		print_profiles(m, t);
	print_watches(m, t);
	head(t, "pale_api_requests_total", "counter",
		"Requests to the API server, attempts and watches one by one.");
	text_printf(t, "pale_api_requests_total %" PRIu64 "\n", m->requests);
	head(t, "pale_api_events_lost_total", "counter",
		"Kubernetes Events that the API server did not take.");
	text_printf(t, "pale_api_events_lost_total %" PRIu64 "\n", m->events_lost);
}
