/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/node/node_patch.h"

#include <string.h>

static const char *const labelled[] = { "bpf-lsm", "apparmor", "seccomp" };

static bool has(const json_t *mechanisms, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach ((json_t *)mechanisms, i, one) {
		if (json_is_string(one) && strcmp(json_string_value(one), name) == 0)
			return true;
	}
	return false;
}

static void patch_labels(const json_t *node, const json_t *mechanisms, json_t *patch)
{
	const json_t *labels = json_object_get(json_object_get(node, "metadata"), "labels");

	if (!labels)
		json_array_append_new(patch, json_pack("{s:s, s:s, s:{}}", "op", "add", "path",
						     "/metadata/labels", "value"));
	for (size_t i = 0; i < sizeof(labelled) / sizeof(*labelled); i++) {
		const char *value = has(mechanisms, labelled[i]) ? "true" : "false";
		char name[32], path[64];
		const char *is;

		snprintf(name, sizeof(name), "pale.dev/%s", labelled[i]);
		is = json_string_value(json_object_get(labels, name));
		if (is && strcmp(is, value) == 0)
			continue;
		snprintf(path, sizeof(path), "/metadata/labels/pale.dev~1%s", labelled[i]);
		json_array_append_new(patch,
			json_pack("{s:s, s:s, s:s}", "op", "add", "path", path, "value", value));
	}
}

static void patch_taints(const json_t *node, json_t *patch)
{
	json_t *taints = json_object_get(json_object_get(node, "spec"), "taints"), *one;
	json_t *others = json_array();
	size_t i;

	json_array_foreach (taints, i, one) {
		const char *key = json_string_value(json_object_get(one, "key"));

		if (!key || strcmp(key, NODE_TAINT) != 0)
			json_array_append(others, one);
	}
	if (json_array_size(others) < json_array_size(taints)) {
		json_array_append_new(patch, json_pack("{s:s, s:s, s:O}", "op", "test", "path",
						     "/spec/taints", "value", taints));
		json_array_append_new(patch, json_pack("{s:s, s:s, s:O}", "op", "replace", "path",
						     "/spec/taints", "value", others));
	}
	json_decref(others);
}

json_t *node_patch(const json_t *node, const json_t *mechanisms, bool ready)
{
	json_t *patch = json_array();

	if (mechanisms)
		patch_labels(node, mechanisms, patch);
	if (ready)
		patch_taints(node, patch);
	if (json_array_size(patch))
		return patch;
	json_decref(patch);
	return NULL;
}
