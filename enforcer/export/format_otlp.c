/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/format.h"

#include "compiler/base/cleanup.h"
#include "enforcer/export/event_fields.h"

#include <inttypes.h>

/* Of the logs data model: INFO 9, INFO2 10, WARN 13, ERROR 17. */
static const struct {
	int number;
	const char *text;
} severities[EVENT_SEVERITIES] = {
	[EVENT_INFORMATION] = { 9, "INFO" },
	[EVENT_NOTICE] = { 10, "INFO2" },
	[EVENT_WARNING] = { 13, "WARN" },
	[EVENT_ERROR] = { 17, "ERROR" },
};

static json_t *attribute(const char *key, json_t *value)
{
	return json_pack("{s:s, s:o}", "key", key, "value", value);
}

/* In the JSON encoding of protobuf 64-bit integers are strings. */
static json_t *number(int64_t v)
{
	return json_pack("{s:o}", "intValue", json_sprintf("%" PRId64, v));
}

static json_t *attributes(const json_t *event)
{
	json_t *a = json_array();

	for (int i = 0; i < FIELD_N; i++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;
		const json_t *v = event_field_value(event, (enum event_field)i);
		const char *key = event_fields[i].telemetry;

		/* The resource has it. */
		if (i == FIELD_NODE)
			continue;
		if (json_is_integer(v))
			json_array_append_new(a, attribute(key, number(json_integer_value(v))));
		else if (event_field_text(event, (enum event_field)i, FIELD_ALL_ARGUMENTS_MAX, &t))
			json_array_append_new(
				a, attribute(key, json_pack("{s:s}", "stringValue", text_str(&t))));
	}
	return a;
}

static json_t *record(const json_t *event)
{
	_cleanup_(text_release) struct text sentence = TEXT_INIT;
	enum event_severity severity = event_severity(event);

	event_sentence(event, &sentence);
	return json_pack("{s:o, s:i, s:s, s:{s:s}, s:o}", "timeUnixNano",
		json_sprintf("%" PRIu64, event_time_ns(event)), "severityNumber",
		severities[severity].number, "severityText", severities[severity].text, "body",
		"stringValue", text_str(&sentence), "attributes", attributes(event));
}

void format_otlp(const json_t *const *events, size_t n, struct text *t)
{
	json_t *records = json_array(), *resource = json_array(), *o;
	const char *node = n ? event_field_string(events[0], FIELD_NODE) : "";

	json_array_append_new(
		resource, attribute("service.name", json_pack("{s:s}", "stringValue", "pale")));
	if (*node)
		json_array_append_new(
			resource, attribute("host.name", json_pack("{s:s}", "stringValue", node)));
	for (size_t i = 0; i < n; i++)
		json_array_append_new(records, record(events[i]));
	o = json_pack("{s:[{s:{s:o}, s:[{s:{s:s, s:s}, s:o}]}]}", "resourceLogs", "resource",
		"attributes", resource, "scopeLogs", "scope", "name", "pale-export", "version",
		PALE_VERSION, "logRecords", records);
	format_json(o, t);
	json_decref(o);
}
