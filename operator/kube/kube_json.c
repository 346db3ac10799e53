/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/kube/kube_json.h"

json_t *kube_json_load(const void *bytes, size_t len)
{
	return json_loadb(bytes, len, JSON_ALLOW_NUL, NULL);
}

const char *kube_json_string(const json_t *object, const char *const *keys)
{
	const char *s;

	for (; *keys; keys++)
		object = json_object_get(object, *keys);
	s = json_string_value(object);
	return s ? s : "";
}

static const char *of_metadata(const json_t *object, const char *key)
{
	return kube_json_string(object, (const char *const[]){ "metadata", key, NULL });
}

struct kube_object_id kube_json_id(const json_t *object)
{
	return (struct kube_object_id){ .namespace = of_metadata(object, "namespace"),
		.name = of_metadata(object, "name"),
		.uid = of_metadata(object, "uid") };
}

const char *kube_json_version(const json_t *object)
{
	return of_metadata(object, "resourceVersion");
}
