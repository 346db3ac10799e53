/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_STRATEGIC_MERGE_H
#define PALE_TESTS_STRATEGIC_MERGE_H

/*
 * Strategic merge patches of Kubernetes, as far as pods have them: maps merge, null deletes, and
 * lists that have a merge key merge by it. tests/kube/audit.bats has kubectl apply the same ones.
 */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The patchMergeKey of the API's Go types (core/v1). NULL: the list is put in place of the other.
 */
static inline const char *merge_key(const char *member)
{
	static const char *const keys[][2] = {
		{ "containers", "name" },
		{ "initContainers", "name" },
		{ "ephemeralContainers", "name" },
		{ "volumes", "name" },
		{ "env", "name" },
		{ "volumeMounts", "mountPath" },
		{ "ports", "containerPort" },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (strcmp(keys[i][0], member) == 0)
			return keys[i][1];
	}
	return NULL;
}

static inline void strategic_merge(json_t *to, const json_t *patch);

static inline const char *directive(const json_t *o)
{
	const char *s = json_string_value(json_object_get(o, "$patch"));

	return s ? s : "";
}

static inline void merge_lists(json_t *to, const json_t *patch, const char *key)
{
	json_t *v;
	size_t i;

	json_array_foreach ((json_t *)patch, i, v) {
		if (strcmp(directive(v), "replace") == 0)
			json_array_clear(to);
	}
	json_array_foreach ((json_t *)patch, i, v) {
		size_t at = 0, n = json_array_size(to);

		if (strcmp(directive(v), "replace") == 0)
			continue;
		while (at < n && !json_equal(json_object_get(json_array_get(to, at), key),
					 json_object_get(v, key)))
			at++;
		if (strcmp(directive(v), "delete") == 0) {
			if (at < n)
				json_array_remove(to, at);
		} else if (at < n) {
			strategic_merge(json_array_get(to, at), v);
		} else {
			json_array_append_new(to, json_deep_copy(v));
		}
	}
}

static inline void strategic_merge(json_t *to, const json_t *patch)
{
	const char *member;
	json_t *v;

	json_object_foreach ((json_t *)patch, member, v) {
		const char *key = merge_key(member);
		json_t *there = json_object_get(to, member);

		if (json_is_null(v)) {
			json_object_del(to, member);
		} else if (json_is_object(v)) {
			if (!json_is_object(there)) {
				there = json_object();
				json_object_set_new(to, member, there);
			}
			strategic_merge(there, v);
		} else if (json_is_array(v) && key) {
			if (!json_is_array(there)) {
				there = json_array();
				json_object_set_new(to, member, there);
			}
			merge_lists(there, v, key);
		} else {
			json_object_set_new(to, member, json_deep_copy(v));
		}
	}
}

#endif
