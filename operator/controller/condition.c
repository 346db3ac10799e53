/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/controller/condition.h"

#include "operator/api_time.h"
#include "operator/controller/status_text.h"

#include <string.h>

static const char *const status_names[] = {
	[CONDITION_FALSE] = "False",
	[CONDITION_TRUE] = "True",
	[CONDITION_UNKNOWN] = "Unknown",
};

static const char *text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

const json_t *condition_find(const json_t *status, const char *type)
{
	json_t *c;
	size_t i;

	json_array_foreach (json_object_get(status, "conditions"), i, c) {
		if (!strcmp(text_of(c, "type"), type))
			return c;
	}
	return NULL;
}

bool condition_holds(const json_t *status, const char *type)
{
	return !strcmp(text_of(condition_find(status, type), "status"), "True");
}

static json_t *conditions_of(json_t *status)
{
	json_t *all = json_object_get(status, "conditions");

	if (json_is_array(all))
		return all;
	all = json_array();
	json_object_set_new(status, "conditions", all);
	return all;
}

bool condition_set(json_t *status, const struct condition *c, int64_t generation, int64_t now)
{
	json_t *there = (json_t *)condition_find(status, c->type);
	const char *word = status_names[c->status];
	bool turned = strcmp(text_of(there, "status"), word) != 0;

	if (!there) {
		there = json_pack("{s:s}", "type", c->type);
		json_array_append_new(conditions_of(status), there);
	}
	json_object_set_new(there, "status", json_string(word));
	json_object_set_new(there, "reason", json_string(c->reason));
	json_object_set_new(there, "message", status_text(c->message));
	json_object_set_new(there, "observedGeneration", json_integer(generation));
	if (turned || api_time_parse(json_object_get(there, "lastTransitionTime")) < 0)
		json_object_set_new(there, "lastTransitionTime", api_time(now));
	return turned;
}
