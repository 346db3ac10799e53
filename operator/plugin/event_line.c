/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plugin/event_line.h"

#include "compiler/base/cleanup.h"
#include "operator/plugin/object_text.h"

#include <string.h>

#define COMPONENTS "pale-"

static const char *component_of(const json_t *event)
{
	const char *s = object_text(event, "reportingComponent");

	return *s ? s : object_text(json_object_get(event, "source"), "component");
}

bool event_is_pales(const json_t *event)
{
	return strncmp(component_of(event), COMPONENTS, strlen(COMPONENTS)) == 0;
}

/* An Event of events.k8s.io has the others empty. */
static const char *first_of(const json_t *event, const char *const *members)
{
	for (; *members; members++) {
		const char *s = object_text(event, *members);

		if (*s)
			return s;
	}
	return object_text(json_object_get(event, "metadata"), "creationTimestamp");
}

/* "web" of "spec.containers{web}". */
static json_t *container_of(const char *field_path)
{
	const char *open = strchr(field_path, '{');
	const char *close = open ? strchr(open, '}') : NULL;

	return close ? json_stringn(open + 1, (size_t)(close - open - 1)) : json_string("");
}

json_t *event_facts(const json_t *event)
{
	static const char *const last[] = { "lastTimestamp", "eventTime", NULL };
	static const char *const first[] = { "firstTimestamp", "eventTime", NULL };
	const json_t *about = json_object_get(event, "involvedObject");
	json_int_t count = json_integer_value(json_object_get(event, "count"));

	return json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s}", "time",
		first_of(event, last), "first", first_of(event, first), "count",
		count > 0 ? count : (json_int_t)1, "type", object_text(event, "type"), "reason",
		object_text(event, "reason"), "component", component_of(event), "host",
		object_text(json_object_get(event, "source"), "host"), "kind",
		object_text(about, "kind"), "namespace", object_text(about, "namespace"), "name",
		object_text(about, "name"), "container",
		container_of(object_text(about, "fieldPath")), "message",
		object_text(event, "message"));
}

/* Their times are written alike, in UTC. */
int event_facts_order(const void *a, const void *b)
{
	const json_t *one = *(json_t *const *)a, *other = *(json_t *const *)b;
	static const char *const members[] = { "time", "first", "namespace", "name", "message" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(members) / sizeof(*members); i++)
		r = strcmp(object_text(one, members[i]), object_text(other, members[i]));
	return r;
}

static void add(struct text *to, const char *before, const char *s, size_t len)
{
	text_puts(to, before);
	text_escaped(to, s, len);
}

static void add_object(struct text *to, const json_t *facts)
{
	const char *namespace = object_text(facts, "namespace");
	const char *name = object_text(facts, "name"), *kind = object_text(facts, "kind");
	const char *container = object_text(facts, "container");

	add(to, " ", kind, strlen(kind));
	add(to, " ", namespace, strlen(namespace));
	add(to, *namespace ? "/" : "", name, strlen(name));
	if (*container)
		add(to, " container ", container, strlen(container));
}

void event_line(const json_t *facts, struct text *to)
{
	const char *time = object_text(facts, "time"), *reason = object_text(facts, "reason");
	const char *message = object_text(facts, "message"), *between = ": ";
	json_int_t count = json_integer_value(json_object_get(facts, "count"));

	add(to, "", time, strlen(time));
	add(to, " ", reason, strlen(reason));
	add_object(to, facts);
	if (count > 1)
		text_printf(to, " (%" JSON_INTEGER_FORMAT " times)", count);
	for (;;) {
		size_t len = strcspn(message, "\n");

		add(to, between, message, len);
		text_putc(to, '\n');
		message += len;
		if (!*message || !*++message)
			return;
		between = *message == ' ' ? "" : "    ";
	}
}
