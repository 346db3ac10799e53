/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/pod_owner.h"

#include "compiler/base/text.h"

#include <string.h>

static const char *text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

const json_t *pod_controller(const json_t *pod)
{
	const json_t *metadata = json_object_get(pod, "metadata");
	json_t *o;
	size_t i;

	json_array_foreach (json_object_get(metadata, "ownerReferences"), i, o) {
		if (json_is_true(json_object_get(o, "controller")))
			return o;
	}
	return NULL;
}

/* A Deployment names its ReplicaSets NAME-HASH, and labels their pods with the hash. */
static size_t deployment_len(const json_t *pod, const char *set)
{
	const json_t *metadata = json_object_get(pod, "metadata");
	const char *hash = text_of(json_object_get(metadata, "labels"), "pod-template-hash");
	size_t len = strlen(set), h = strlen(hash);

	return h && len > h + 1 && set[len - h - 1] == '-' && strcmp(set + len - h, hash) == 0
		       ? len - h - 1
		       : 0;
}

char *pod_owner(const json_t *pod)
{
	const json_t *o = pod_controller(pod);
	const char *kind = text_of(o, "kind"), *name = text_of(o, "name");
	size_t deployment = strcmp(kind, "ReplicaSet") == 0 ? deployment_len(pod, name) : 0;
	struct text t = TEXT_INIT;

	if (!*kind || !*name)
		return NULL;
	if (deployment)
		text_printf(&t, "Deployment/%.*s", (int)deployment, name);
	else
		text_printf(&t, "%s/%s", kind, name);
	return text_take(&t);
}
