/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plugin/workload.h"

#include "operator/plugin/object_text.h"

#include <string.h>

static const char *const spec_template[] = { "spec", "template", NULL };
static const char *const cron_template[] = { "spec", "jobTemplate", "spec", "template", NULL };

static const struct workload all[] = {
	{ { "pod", "pods", "po" }, "v1", "pods", NULL },
	{ { "deployment", "deployments", "deploy" }, "apps/v1", "deployments", spec_template },
	{ { "statefulset", "statefulsets", "sts" }, "apps/v1", "statefulsets", spec_template },
	{ { "daemonset", "daemonsets", "ds" }, "apps/v1", "daemonsets", spec_template },
	{ { "replicaset", "replicasets", "rs" }, "apps/v1", "replicasets", spec_template },
	{ { "job", "jobs" }, "batch/v1", "jobs", spec_template },
	{ { "cronjob", "cronjobs", "cj" }, "batch/v1", "cronjobs", cron_template },
};

const struct workload *workload_find(const char *word)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		for (const char *const *w = all[i].words; *w; w++) {
			if (!word || strcmp(*w, word) == 0)
				return &all[i];
		}
	}
	return NULL;
}

json_t *workload_pod(const struct workload *w, const json_t *object)
{
	json_t *pod, *metadata;

	if (!w->template)
		return json_incref((json_t *)object);
	pod = (json_t *)object;
	for (const char *const *member = w->template; *member; member++)
		pod = json_object_get(pod, *member);
	pod = pod ? json_deep_copy(pod) : json_object();
	metadata = json_object_get(pod, "metadata");
	if (!json_is_object(metadata)) {
		metadata = json_object();
		json_object_set_new(pod, "metadata", metadata);
	}
	/* As its controller does, which puts a '-' and characters behind it. */
	json_object_set_new(metadata, "generateName", json_sprintf("%s-", object_name(object)));
	json_object_set_new(pod, "kind", json_string("Pod"));
	json_object_set_new(pod, "apiVersion", json_string("v1"));
	return pod;
}

void workload_words(struct text *to)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		text_printf(to, "%s%s", i ? ", " : "", all[i].words[0]);
}
