/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/controller/finalizer.h"

#include "compiler/base/cleanup.h"
#include "operator/controller/condition.h"

#include <stdio.h>
#include <string.h>

#define IN_USE "InUse"

static const json_t *metadata_of(const json_t *object)
{
	return json_object_get(object, "metadata");
}

static const char *metadata_text(const json_t *object, const char *member)
{
	const char *s = json_string_value(json_object_get(metadata_of(object), member));

	return s ? s : "";
}

static const char *name_of(const json_t *object)
{
	return metadata_text(object, "name");
}

static bool is_being_deleted(const json_t *object)
{
	return json_is_string(json_object_get(metadata_of(object), "deletionTimestamp"));
}

static bool is_ours(const json_t *finalizer)
{
	const char *s = json_string_value(finalizer);

	return s && !strcmp(s, PROFILE_FINALIZER);
}

/* A new list, with ours at its end or without. */
static json_t *finalizers(const json_t *object, bool with, bool *ret_had)
{
	json_t *all = json_array(), *v;
	size_t i;

	*ret_had = false;
	json_array_foreach (json_object_get(metadata_of(object), "finalizers"), i, v) {
		if (is_ours(v))
			*ret_had = true;
		else
			json_array_append(all, v);
	}
	if (with)
		json_array_append_new(all, json_string(PROFILE_FINALIZER));
	return all;
}

json_t *finalizer_patch(const json_t *object, const struct profile_users *users)
{
	/* The API server takes no new ones for what is being deleted. */
	bool with = !is_being_deleted(object), had;
	json_t *all;

	if (!with && profile_users_any(users, name_of(object)))
		return NULL;
	all = finalizers(object, with, &had);
	if (had == with) {
		json_decref(all);
		return NULL;
	}
	return json_pack("{s:{s:s, s:o}}", "metadata", "resourceVersion",
		metadata_text(object, "resourceVersion"), "finalizers", all);
}

static void remove_condition(json_t *status)
{
	json_t *all = json_object_get(status, "conditions"), *c;
	size_t i;

	json_array_foreach (all, i, c) {
		if (c == condition_find(status, IN_USE)) {
			json_array_remove(all, i);
			return;
		}
	}
}

void finalizer_status(const json_t *object, const struct profile_users *users, json_t *status,
	int64_t now, struct event_list *events)
{
	_cleanup_free_ char *who = NULL, *message = NULL;
	json_int_t generation =
		json_integer_value(json_object_get(metadata_of(object), "generation"));

	if (!is_being_deleted(object)) {
		remove_condition(status);
		return;
	}
	if (!profile_users_any(users, name_of(object)))
		return;
	who = profile_users_text(users, name_of(object));
	if (asprintf(&message, "used by %s: it is deleted when nobody uses it any more", who) < 0)
		abort();
	if (condition_set(status, &(struct condition){ IN_USE, CONDITION_TRUE, "InUse", message },
		    generation, now))
		event_list_add(events, true, "ProfileInUse", "%s", message);
}
