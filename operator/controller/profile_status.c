/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/controller/profile_status.h"

#include "compiler/base/cleanup.h"
#include "operator/controller/condition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMPILED "Compiled"

static const char *text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

static void copy(json_t *status, const json_t *outcome, const char *member)
{
	json_object_set(status, member, json_object_get(outcome, member));
}

static void take_right(json_t *status, const json_t *outcome, int64_t generation, int64_t now,
	struct event_list *events)
{
	if (strcmp(text_of(status, "digest"), text_of(outcome, "digest")) != 0)
		event_list_add(events, false, "ProfileCompiled", "compiled: digest %.12s",
			text_of(outcome, "digest"));
	copy(status, outcome, "digest");
	copy(status, outcome, "pod");
	copy(status, outcome, "bundle");
	condition_set(status,
		&(struct condition){
			COMPILED, CONDITION_TRUE, "Compiled", text_of(outcome, "message") },
		generation, now);
}

static bool is_told_already(const json_t *status, const char *reason, int64_t generation)
{
	const json_t *there = condition_find(status, COMPILED);

	return there && !strcmp(text_of(there, "reason"), reason) &&
	       json_integer_value(json_object_get(there, "observedGeneration")) == generation;
}

static void take_wrong(json_t *status, const json_t *outcome, int64_t generation, int64_t now,
	struct event_list *events)
{
	const char *reason = text_of(outcome, "reason"), *digest = text_of(status, "digest");
	_cleanup_free_ char *message = NULL;
	int n;

	if (*digest)
		n = asprintf(&message, "%s; digest %.12s stays in force",
			text_of(outcome, "message"), digest);
	else
		n = asprintf(&message, "%s", text_of(outcome, "message"));
	if (n < 0)
		abort();
	if (!is_told_already(status, reason, generation))
		event_list_add(events, true, "ProfileRejected", "%s", message);
	condition_set(status, &(struct condition){ COMPILED, CONDITION_FALSE, reason, message },
		generation, now);
}

void profile_status_compiled(json_t *status, const json_t *outcome, int64_t generation, int64_t now,
	struct event_list *events)
{
	const char *reason = text_of(outcome, "reason");

	if (!strcmp(reason, "Timeout")) {
		condition_set(status,
			&(struct condition){
				COMPILED, CONDITION_UNKNOWN, reason, text_of(outcome, "message") },
			generation, now);
		return;
	}
	json_object_set_new(status, "observedGeneration", json_integer(generation));
	if (json_object_get(outcome, "diagnostics"))
		copy(status, outcome, "diagnostics");
	else
		json_object_set_new(status, "diagnostics", json_array());
	if (!strcmp(reason, "Compiled"))
		take_right(status, outcome, generation, now, events);
	else
		take_wrong(status, outcome, generation, now, events);
}

bool profile_needs_compiling(const json_t *object)
{
	const json_t *status = json_object_get(object, "status");
	const json_t *compiled = condition_find(status, COMPILED);
	json_int_t generation = json_integer_value(
		json_object_get(json_object_get(object, "metadata"), "generation"));

	return !compiled || !strcmp(text_of(compiled, "status"), "Unknown") ||
	       json_integer_value(json_object_get(status, "observedGeneration")) != generation;
}
