/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/format.h"

#include "enforcer/export/event_fields.h"
#include "enforcer/report_time.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/sha256.h"

#include <string.h>

#define SCHEMA_VERSION	  "1.3.0"
#define CLASS_FINDING	  2004
#define CATEGORY_FINDINGS 2
#define ACTIVITY_CREATE	  1
/* Of a Base Event: something that the schema has no word for. */
#define ACTIVITY_OTHER 99

static const struct {
	int id;
	const char *name;
} severities[EVENT_SEVERITIES] = {
	[EVENT_INFORMATION] = { 1, "Informational" },
	[EVENT_NOTICE] = { 2, "Low" },
	[EVENT_WARNING] = { 3, "Medium" },
	[EVENT_ERROR] = { 4, "High" },
};

/* What was done about it: the profile security_control. */
static const struct control {
	const char *outcome;
	int action_id;
	const char *action;
	int disposition_id;
	const char *disposition;
} controls[] = {
	{ "refused", 2, "Denied", 2, "Blocked" },
	{ "overblocked", 2, "Denied", 2, "Blocked" },
	{ "killed", 2, "Denied", 2, "Blocked" },
	{ "audited", 1, "Allowed", 17, "Logged" },
	{ "not-enforced", 1, "Allowed", 1, "Allowed" },
	{ "", 0, "Unknown", 0, "Unknown" },
};

static void set(json_t *o, const char *key, json_t *value)
{
	json_object_set_new(o, key, value);
}

static void set_field(json_t *o, const char *key, const json_t *event, enum event_field field)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const json_t *v = event_field_value(event, field);

	if (json_is_integer(v))
		set(o, key, json_integer(json_integer_value(v)));
	else if (event_field_text(event, field, SIZE_MAX / 2, &t))
		set(o, key, json_string(text_str(&t)));
}

/* As timestamp_t has it: milliseconds since 1970. */
static void set_time(json_t *o, const char *key, uint64_t ns)
{
	set(o, key, json_integer((json_int_t)(ns / 1000000)));
}

static void set_field_time(json_t *o, const char *key, const json_t *event, enum event_field field)
{
	uint64_t ns;

	if (report_time_parse(event_field_string(event, field), &ns))
		set_time(o, key, ns);
}

static json_t *file(const char *path)
{
	const char *slash = strrchr(path, '/');

	return json_pack("{s:s, s:s, s:i}", "path", path, "name",
		slash && slash[1] ? slash + 1 : path, "type_id", 0);
}

static json_t *container(const json_t *event)
{
	json_t *o = json_object(), *image = json_object();

	set_field(o, "uid", event, FIELD_CONTAINER);
	set_field(o, "name", event, FIELD_CONTAINER_NAME);
	set_field(image, "name", event, FIELD_IMAGE);
	if (json_object_size(image)) {
		/* Required of an image, which paled knows by its name alone. */
		set_field(image, "uid", event, FIELD_IMAGE);
		set(o, "image", json_incref(image));
	}
	json_decref(image);
	return o;
}

static json_t *process(const json_t *event)
{
	const char *executable = event_field_string(event, FIELD_EXECUTABLE);
	json_t *o = json_object(), *user = json_object();

	set_field(o, "pid", event, FIELD_PID);
	set_field(o, "cmd_line", event, FIELD_ARGUMENTS);
	if (*executable)
		set(o, "file", file(executable));
	if (event_field_value(event, FIELD_UID)) {
		set(user, "uid",
			json_sprintf("%" JSON_INTEGER_FORMAT,
				(json_int_t)event_field_integer(event, FIELD_UID, 0)));
		set(o, "user", json_incref(user));
	}
	json_decref(user);
	if (event_field_value(event, FIELD_CONTAINER))
		set(o, "container", container(event));
	return o;
}

static json_t *evidence(const json_t *event)
{
	const char *object = event_field_string(event, FIELD_OBJECT);
	json_t *o = json_pack("{s:o}", "process", process(event)), *data = json_object();
	struct event_endpoint to;

	if (strcmp(event_class(event), "file") == 0 && *object == '/')
		set(o, "file", file(object));
	if (event_endpoint(event, &to))
		set(o, "dst_endpoint", json_pack("{s:s, s:i}", "ip", to.address, "port", to.port));
	set_field(data, "operation", event, FIELD_OPERATION);
	set_field(data, "object", event, FIELD_OBJECT);
	set_field(data, "mechanism", event, FIELD_MECHANISM);
	set(o, "data", data);
	return o;
}

static json_t *resource(const json_t *event)
{
	json_t *o = json_pack("{s:s}", "type", "container");

	set_field(o, "uid", event, FIELD_CONTAINER);
	set_field(o, "name", event, FIELD_CONTAINER_NAME);
	set_field(o, "namespace", event, FIELD_NAMESPACE);
	if (event_field_value(event, FIELD_POD)) {
		json_t *pod = json_object();

		set_field(pod, "pod", event, FIELD_POD);
		set_field(pod, "owner", event, FIELD_OWNER);
		set(o, "data", pod);
	}
	return o;
}

/* What tells one finding from the others, and is the same when it is sent again: its rule, where
 * and when, and a hash of all of it. Audit records of a whole millisecond have one time. */
static json_t *finding_uid(const json_t *event)
{
	_cleanup_(text_release) struct text whole = TEXT_INIT;
	const char *time = json_string_value(json_object_get(event, "time"));
	char hash[65];

	format_json(event, &whole);
	sha256_hex(whole.s, whole.len, hash);
	return json_sprintf("%s/%s/%s/%s/%.16s", event_field_string(event, FIELD_NODE),
		event_field_string(event, FIELD_CONTAINER),
		event_field_string(event, FIELD_RULE_ID), time ? time : "", hash);
}

static json_t *finding_info(const json_t *event)
{
	_cleanup_(text_release) struct text title = TEXT_INIT, sentence = TEXT_INIT;
	json_t *o, *analytic = json_pack("{s:i, s:s}", "type_id", 1, "type", "Rule"), *uid;

	event_title(event, &title);
	event_sentence(event, &sentence);
	set_field(analytic, "name", event, FIELD_RULE);
	set_field(analytic, "uid", event, FIELD_RULE_ID);
	set_field(analytic, "category", event, FIELD_PROFILE);
	uid = finding_uid(event);
	o = json_pack("{s:o, s:s, s:s, s:o}", "uid", uid ? uid : json_string("unknown"), "title",
		text_str(&title), "desc", text_str(&sentence), "analytic", analytic);
	set_time(o, "created_time", event_time_ns(event));
	set_field_time(o, "first_seen_time", event, FIELD_FIRST);
	set_field_time(o, "last_seen_time", event, FIELD_LAST);
	return o;
}

static json_t *metadata(const json_t *event, bool finding)
{
	json_t *o = json_pack("{s:s, s:{s:s, s:s, s:s}, s:s}", "version", SCHEMA_VERSION, "product",
		"name", "Pale", "vendor_name", "Pale", "version", PALE_VERSION, "log_name",
		"events");

	set(o, "profiles",
		finding ? json_pack("[s, s, s]", "container", "host", "security_control")
			: json_pack("[s]", "host"));
	set(o, "original_time", json_incref(json_object_get(event, "time")));
	return o;
}

static const struct control *control_of(const json_t *event)
{
	const char *outcome = event_field_string(event, FIELD_OUTCOME);
	const struct control *c = controls;

	while (*c->outcome && strcmp(c->outcome, outcome) != 0)
		c++;
	return c;
}

static void set_finding(json_t *o, const json_t *event)
{
	const struct control *c = control_of(event);
	json_t *policy = json_object();

	set(o, "activity_name", json_string("Create"));
	set(o, "class_name", json_string("Detection Finding"));
	set(o, "category_name", json_string("Findings"));
	set(o, "status_id", json_integer(1));
	set(o, "status", json_string("New"));
	set(o, "is_alert", json_boolean(event_severity(event) >= EVENT_WARNING));
	set(o, "action_id", json_integer(c->action_id));
	set(o, "action", json_string(c->action));
	set(o, "disposition_id", json_integer(c->disposition_id));
	set(o, "disposition", json_string(c->disposition));
	set_field(policy, "name", event, FIELD_PROFILE);
	set_field(policy, "uid", event, FIELD_DIGEST);
	set(o, "policy", policy);
	set(o, "finding_info", finding_info(event));
	set(o, "evidences", json_pack("[o]", evidence(event)));
	if (event_field_value(event, FIELD_CONTAINER))
		set(o, "resources", json_pack("[o]", resource(event)));
	set_field_time(o, "start_time", event, FIELD_FIRST);
	set_field_time(o, "end_time", event, FIELD_LAST);
	set(o, "count", json_integer((json_int_t)event_count(event)));
}

static void set_base(json_t *o)
{
	set(o, "activity_name", json_string("Other"));
	set(o, "class_name", json_string("Base Event"));
	set(o, "category_name", json_string("Uncategorized"));
}

json_t *format_ocsf_json(const json_t *event)
{
	_cleanup_(text_release) struct text sentence = TEXT_INIT;
	bool finding = event_is_violation(event);
	int class = finding ? CLASS_FINDING : 0,
	    activity = finding ? ACTIVITY_CREATE : ACTIVITY_OTHER;
	enum event_severity severity = event_severity(event);
	json_t *o;

	event_sentence(event, &sentence);
	o = json_pack("{s:i, s:i, s:i, s:i, s:i, s:s, s:s, s:o}", "class_uid", class,
		"category_uid", finding ? CATEGORY_FINDINGS : 0, "activity_id", activity,
		"type_uid", class * 100 + activity, "severity_id", severities[severity].id,
		"severity", severities[severity].name, "message", text_str(&sentence), "metadata",
		metadata(event, finding));
	set_time(o, "time", event_time_ns(event));
	if (finding)
		set_finding(o, event);
	else
		set_base(o);
	if (event_field_value(event, FIELD_NODE)) {
		json_t *device = json_pack("{s:i}", "type_id", 1);

		set_field(device, "hostname", event, FIELD_NODE);
		set(o, "device", device);
	}
	set(o, "unmapped", json_incref((json_t *)event));
	return o;
}

void format_ocsf(const json_t *event, struct text *t)
{
	json_t *o = format_ocsf_json(event);

	format_json(o, t);
	json_decref(o);
}
