/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/posture/workload_kind.h"

#include "operator/memory.h"
#include "operator/webhook/pod.h"

#include <string.h>

static const char *const spec_template[] = { "spec", "template", NULL };
static const char *const cron_template[] = { "spec", "jobTemplate", "spec", "template", NULL };
static const char *const bare_template[] = { "template", NULL };

static const struct workload_kind kinds[] = {
	{ "Pod", NULL },
	{ "Deployment", spec_template },
	{ "StatefulSet", spec_template },
	{ "DaemonSet", spec_template },
	{ "ReplicaSet", spec_template },
	{ "ReplicationController", spec_template },
	{ "Job", spec_template },
	{ "CronJob", cron_template },
	{ "PodTemplate", bare_template },
};

const struct workload_kind *workload_kind_find(const char *kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(kinds[i].kind, kind) == 0)
			return &kinds[i];
	}
	return NULL;
}

json_t *workload_kind_pod(const struct workload_kind *w, const json_t *object)
{
	const json_t *at = object;
	json_t *pod, *metadata;

	for (const char *const *s = w->template; s && *s; s++)
		at = json_object_get(at, *s);
	pod = json_is_object(at) ? memory_checked(json_deep_copy(at)) : json_object();
	metadata = json_object_get(pod, "metadata");
	if (!json_is_object(metadata) && !json_member(pod, "metadata"))
		json_object_set_new(pod, "metadata", json_object());
	return pod;
}
