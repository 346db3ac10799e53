/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/event_fields.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/utf8.h"
#include "compiler/vocab.h"
#include "enforcer/report_time.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define ELLIPSIS "…"

/* clang-format off */
const struct event_field_name event_fields[FIELD_N] = {
	[FIELD_KIND] = { NULL, "kind", "kind", "PALE_KIND", "pale.kind" },
	[FIELD_PROFILE] = { NULL, "profile", "profile", "PALE_PROFILE", "pale.profile" },
	[FIELD_DIGEST] = { NULL, "digest", "digest", "PALE_DIGEST", "pale.policy.digest" },
	[FIELD_RULE] = { NULL, "rule", "rule", "PALE_RULE", "pale.rule" },
	[FIELD_RULE_ID] = { NULL, "rule_id", "ruleId", "PALE_RULE_ID", "pale.rule.id" },
	[FIELD_FILE] = { NULL, "file", "file", "PALE_FILE", "pale.policy.file" },
	[FIELD_LINE] = { NULL, "line", "line", "PALE_LINE", "pale.policy.line" },
	[FIELD_OPERATION] = { NULL, "operation", "operation", "PALE_OPERATION", "pale.operation" },
	[FIELD_OBJECT] = { NULL, "object", "object", "PALE_OBJECT", "pale.object" },
	[FIELD_VERDICT] = { NULL, "verdict", "verdict", "PALE_VERDICT", "pale.verdict" },
	[FIELD_OUTCOME] = { NULL, "outcome", "outcome", "PALE_OUTCOME", "pale.outcome" },
	[FIELD_MECHANISM] = { NULL, "mechanism", "mechanism", "PALE_MECHANISM", "pale.mechanism" },
	[FIELD_EXECUTABLE] = { "process", "executable", "executable", "PALE_EXECUTABLE", "process.executable.path" },
	[FIELD_ARGUMENTS] = { "process", "arguments", "arguments", "PALE_ARGUMENTS", "process.command_line" },
	[FIELD_PID] = { "process", "host_pid", "pid", "PALE_PID", "process.pid" },
	[FIELD_UID] = { "process", "uid", "uid", "PALE_UID", "process.user.id" },
	[FIELD_CONTAINER] = { "container", "id", "container", "PALE_CONTAINER", "container.id" },
	[FIELD_CONTAINER_NAME] = { "container", "name", "containerName", "PALE_CONTAINER_NAME", "container.name" },
	[FIELD_IMAGE] = { "container", "image", "image", "PALE_IMAGE", "container.image.name" },
	[FIELD_POD] = { "container", "pod", "pod", "PALE_POD", "k8s.pod.name" },
	[FIELD_NAMESPACE] = { "container", "namespace", "namespace", "PALE_NAMESPACE", "k8s.namespace.name" },
	[FIELD_OWNER] = { "container", "owner", "owner", "PALE_OWNER", "pale.k8s.owner" },
	[FIELD_NODE] = { NULL, "node", "node", "PALE_NODE", "host.name" },
	[FIELD_COUNT] = { NULL, "count", "count", "PALE_COUNT", "pale.count" },
	[FIELD_FIRST] = { NULL, "first", "first", "PALE_FIRST", "pale.first" },
	[FIELD_LAST] = { NULL, "last", "last", "PALE_LAST", "pale.last" },
	[FIELD_EVENTS] = { NULL, "events", "events", "PALE_EVENTS", "pale.events" },
	[FIELD_SOURCE] = { NULL, "source", "source", "PALE_SOURCE", "pale.source" },
	[FIELD_ERROR] = { NULL, "error", "error", "PALE_ERROR", "pale.error" },
};
/* clang-format on */

json_t *event_field_value(const json_t *event, enum event_field field)
{
	const struct event_field_name *f = &event_fields[field];
	json_t *v =
		json_object_get(f->object ? json_object_get(event, f->object) : event, f->member);

	return json_is_null(v) ? NULL : v;
}

const char *event_field_string(const json_t *event, enum event_field field)
{
	const char *s = json_string_value(event_field_value(event, field));

	return s ? s : "";
}

int64_t event_field_integer(const json_t *event, enum event_field field, int64_t otherwise)
{
	const json_t *v = event_field_value(event, field);

	return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

void event_text_cut(struct text *t, const char *s, size_t len, size_t max)
{
	_cleanup_(text_release) struct text line = TEXT_INIT;
	const size_t sign = strlen(ELLIPSIS);
	size_t at = 0;

	/* Escaping only lengthens. */
	text_escaped(&line, s, len > max ? max + 1 : len);
	if (len <= max && line.len <= max) {
		text_add(t, line.s, line.len);
		return;
	}
	while (at < line.len) {
		size_t n = utf8_sequence((const unsigned char *)line.s + at, line.len - at);

		if (at + n + sign > max)
			break;
		at += n;
	}
	text_add(t, line.s, at);
	if (max >= sign)
		text_puts(t, ELLIPSIS);
}

static void join(const json_t *array, struct text *t)
{
	const json_t *v;
	size_t i;

	json_array_foreach ((json_t *)array, i, v) {
		if (i)
			text_putc(t, ' ');
		if (json_is_string(v))
			text_add(t, json_string_value(v), json_string_length(v));
	}
}

bool event_field_text(const json_t *event, enum event_field field, size_t max, struct text *t)
{
	const json_t *v = event_field_value(event, field);
	_cleanup_(text_release) struct text joined = TEXT_INIT;

	switch (json_typeof(v ? v : json_null())) {
	case JSON_STRING:
		event_text_cut(t, json_string_value(v), json_string_length(v), max);
		return true;
	case JSON_INTEGER:
		text_printf(t, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		return true;
	case JSON_ARRAY:
		join(v, &joined);
		event_text_cut(t, text_str(&joined), joined.len, max);
		return true;
	default:
		return false;
	}
}

bool event_is_violation(const json_t *event)
{
	return strcmp(event_field_string(event, FIELD_KIND), "violation") == 0;
}

uint64_t event_count(const json_t *event)
{
	int64_t n = event_field_integer(event, FIELD_COUNT, 1);

	return n > 0 ? (uint64_t)n : 1;
}

uint64_t event_time_ns(const json_t *event)
{
	const char *s = json_string_value(json_object_get(event, "time"));
	uint64_t ns;

	return s && report_time_parse(s, &ns) ? ns : 0;
}

static const struct outcome_words {
	const char *outcome;
	const char *word;
	enum event_severity severity;
} outcomes[] = {
	{ "refused", "denied", EVENT_WARNING },
	{ "killed", "killed", EVENT_WARNING },
	{ "audited", "audited", EVENT_NOTICE },
	{ "not-enforced", "not enforced", EVENT_WARNING },
	{ "overblocked", "refused though allowed", EVENT_NOTICE },
};

static const struct {
	const char *kind;
	enum event_severity severity;
} kinds[] = {
	{ "lost", EVENT_ERROR },
	{ "missed", EVENT_ERROR },
	{ "unattributed", EVENT_WARNING },
	{ "throttled", EVENT_WARNING },
	{ "unconfined", EVENT_WARNING },
	{ "confined-late", EVENT_NOTICE },
	{ "response", EVENT_WARNING },
	{ "exception-granted", EVENT_NOTICE },
	{ "exception-used", EVENT_NOTICE },
	{ "container-lost", EVENT_ERROR },
	{ "profile-wrong", EVENT_ERROR },
};

static const struct outcome_words *outcome_of(const json_t *event)
{
	const char *s = event_field_string(event, FIELD_OUTCOME);

	for (size_t i = 0; i < sizeof(outcomes) / sizeof(*outcomes); i++) {
		if (strcmp(outcomes[i].outcome, s) == 0)
			return &outcomes[i];
	}
	return NULL;
}

enum event_severity event_severity(const json_t *event)
{
	const char *kind = event_field_string(event, FIELD_KIND);
	const struct outcome_words *o = outcome_of(event);

	if (event_is_violation(event))
		return o ? o->severity : EVENT_WARNING;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].severity;
	}
	return EVENT_INFORMATION;
}

/* Nothing where the event does not have it. */
static void put(const json_t *event, enum event_field field, const char *before, const char *behind,
	struct text *t)
{
	_cleanup_(text_release) struct text value = TEXT_INIT;

	if (!event_field_text(event, field, FIELD_BYTES_MAX, &value))
		return;
	text_puts(t, before);
	text_add(t, text_str(&value), value.len);
	text_puts(t, behind);
}

void event_title(const json_t *event, struct text *t)
{
	const struct outcome_words *o = outcome_of(event);

	if (!event_is_violation(event)) {
		put(event, FIELD_KIND, "", "", t);
		put(event, FIELD_EVENTS, ": ", " events", t);
		return;
	}
	if (o)
		text_puts(t, o->word);
	else
		put(event, FIELD_OUTCOME, "", "", t);
	put(event, FIELD_OPERATION, ": ", "", t);
	put(event, FIELD_OBJECT, " ", "", t);
}

static void put_container(const json_t *event, struct text *t)
{
	bool named = event_field_value(event, FIELD_CONTAINER_NAME);

	if (!event_field_value(event, FIELD_CONTAINER))
		return;
	text_puts(t, " in ");
	put(event, FIELD_NAMESPACE, "", "/", t);
	put(event, FIELD_POD, "", "/", t);
	put(event, named ? FIELD_CONTAINER_NAME : FIELD_CONTAINER, "", "", t);
}

void event_sentence(const json_t *event, struct text *t)
{
	event_title(event, t);
	put(event, FIELD_EXECUTABLE, " by ", "", t);
	put(event, FIELD_PID, " (pid ", ")", t);
	put_container(event, t);
	put(event, FIELD_FILE, ", ", "", t);
	put(event, FIELD_LINE, ":", "", t);
	put(event, FIELD_RULE, ": ", "", t);
	put(event, FIELD_SOURCE, ", source ", "", t);
	put(event, FIELD_ERROR, ": ", "", t);
	if (event_count(event) > 1)
		put(event, FIELD_COUNT, ", ", " times", t);
}

static bool parse_address(const char *s, size_t len, struct event_endpoint *ret)
{
	struct in6_addr six;
	struct in_addr four;
	char text[INET6_ADDRSTRLEN];

	if (len > 2 && s[0] == '[' && s[len - 1] == ']') {
		s++;
		len -= 2;
	}
	if (len >= sizeof(text))
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	if (inet_pton(AF_INET, text, &four) == 1)
		return inet_ntop(AF_INET, &four, ret->address, sizeof(ret->address));
	return inet_pton(AF_INET6, text, &six) == 1 &&
	       inet_ntop(AF_INET6, &six, ret->address, sizeof(ret->address));
}

/* "tcp 10.0.0.1:443", "udp [::1]:53" */
bool event_endpoint(const json_t *event, struct event_endpoint *ret)
{
	const char *s = event_field_string(event, FIELD_OBJECT), *blank = strchr(s, ' '),
		   *colon = strrchr(s, ':');
	char *end;

	if (strcmp(event_field_string(event, FIELD_OPERATION), "connect") != 0 || !blank ||
		!colon || colon < blank || (size_t)(blank - s) >= sizeof(ret->protocol))
		return false;
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->protocol, s, (size_t)(blank - s));
	ret->port = (int)strtoul(colon + 1, &end, 10);
	return end != colon + 1 && !*end && end - colon <= 6 && ret->port <= 65535 &&
	       parse_address(blank + 1, (size_t)(colon - blank) - 1, ret);
}

const char *event_class(const json_t *event)
{
	int op = vocab_operation_find(event_field_string(event, FIELD_OPERATION));

	return op < 0 ? "" : vocab_operations[op].block;
}
