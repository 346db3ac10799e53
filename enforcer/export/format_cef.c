/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/format.h"

#include "compiler/base/cleanup.h"
#include "enforcer/export/event_fields.h"
#include "enforcer/report_time.h"

#include <inttypes.h>
#include <string.h>

/* The guide lets most of the keys hold 1023 characters, which are at most as many bytes. */
#define CEF_VALUE_MAX 1023

static const int severities[EVENT_SEVERITIES] = {
	[EVENT_INFORMATION] = 2,
	[EVENT_NOTICE] = 4,
	[EVENT_WARNING] = 7,
	[EVENT_ERROR] = 8,
};

/* Keys of the guide's dictionary. Those with a label have it as a second pair. */
static const struct {
	const char *key;
	enum event_field field;
	const char *label;
} keys[] = {
	{ "cnt", FIELD_COUNT, NULL },
	{ "dvchost", FIELD_NODE, NULL },
	{ "act", FIELD_OUTCOME, NULL },
	{ "sproc", FIELD_EXECUTABLE, NULL },
	{ "spid", FIELD_PID, NULL },
	{ "suid", FIELD_UID, NULL },
	{ "cs1", FIELD_RULE, "rule" },
	{ "cs2", FIELD_PROFILE, "profile" },
	{ "cs3", FIELD_CONTAINER, "container" },
	{ "cs4", FIELD_POD, "pod" },
	{ "cs5", FIELD_NAMESPACE, "namespace" },
	{ "cs6", FIELD_MECHANISM, "mechanism" },
	{ "sourceServiceName", FIELD_OWNER, NULL },
	{ "flexString1", FIELD_IMAGE, "image" },
	{ "flexString2", FIELD_CONTAINER_NAME, "containerName" },
	{ "cn1", FIELD_LINE, "line" },
	{ "cn2", FIELD_EVENTS, "events" },
	{ "fname", FIELD_OBJECT, NULL },
	{ "deviceFacility", FIELD_OPERATION, NULL },
	{ "reason", FIELD_ERROR, NULL },
};

static void add_escaped(struct text *t, const char *s, const char *escaped)
{
	for (; *s; s++) {
		if (strchr(escaped, *s))
			text_putc(t, '\\');
		text_putc(t, *s);
	}
}

/* In the header '|' ends a field. */
static void add_header(struct text *t, const char *s)
{
	text_putc(t, '|');
	add_escaped(t, s, "\\|");
}

static void add_pair(struct text *t, const char *key, const char *value)
{
	text_printf(t, "%s%s=", t->len && t->s[t->len - 1] != '|' ? " " : "", key);
	add_escaped(t, value, "\\=");
}

static void add_time(struct text *t, const char *key, uint64_t ns)
{
	_cleanup_(text_release) struct text value = TEXT_INIT;

	if (!ns)
		return;
	text_printf(&value, "%" PRIu64, ns / 1000000);
	add_pair(t, key, text_str(&value));
}

static uint64_t time_of(const json_t *event, enum event_field field)
{
	uint64_t ns;

	return report_time_parse(event_field_string(event, field), &ns) ? ns : 0;
}

static void add_extension(const json_t *event, struct text *t)
{
	_cleanup_(text_release) struct text sentence = TEXT_INIT, message = TEXT_INIT,
					    port = TEXT_INIT;
	struct event_endpoint to;

	add_time(t, "rt", event_time_ns(event));
	add_time(t, "start", time_of(event, FIELD_FIRST));
	add_time(t, "end", time_of(event, FIELD_LAST));
	if (*event_class(event))
		add_pair(t, "cat", event_class(event));
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		_cleanup_(text_release) struct text value = TEXT_INIT, label = TEXT_INIT;

		if (!event_field_text(event, keys[i].field, CEF_VALUE_MAX, &value))
			continue;
		if (keys[i].label) {
			text_printf(&label, "%sLabel", keys[i].key);
			add_pair(t, text_str(&label), keys[i].label);
		}
		add_pair(t, keys[i].key, text_str(&value));
	}
	if (event_endpoint(event, &to)) {
		text_printf(&port, "%d", to.port);
		add_pair(t, "proto", to.protocol);
		/* dst is an IPv4 address by the guide; c6a3 is where an IPv6 one goes. */
		if (strchr(to.address, ':'))
			add_pair(t, "c6a3Label", "destination");
		add_pair(t, strchr(to.address, ':') ? "c6a3" : "dst", to.address);
		add_pair(t, "dpt", text_str(&port));
	}
	event_sentence(event, &sentence);
	event_text_cut(&message, text_str(&sentence), sentence.len, CEF_VALUE_MAX);
	add_pair(t, "msg", text_str(&message));
}

void format_cef(const json_t *event, struct text *t)
{
	_cleanup_(text_release) struct text head = TEXT_INIT, class = TEXT_INIT, title = TEXT_INIT,
					    name = TEXT_INIT;
	char severity[12];

	if (!event_is_violation(event) || !event_field_text(event, FIELD_RULE_ID, 64, &class))
		event_field_text(event, FIELD_KIND, 64, &class);
	event_title(event, &title);
	event_text_cut(&name, text_str(&title), title.len, 512);
	snprintf(severity, sizeof(severity), "%d", severities[event_severity(event)]);
	text_puts(&head, "CEF:0");
	add_header(&head, "Pale");
	add_header(&head, "Pale");
	add_header(&head, PALE_VERSION);
	add_header(&head, text_str(&class));
	add_header(&head, text_str(&name));
	add_header(&head, severity);
	text_putc(&head, '|');
	add_extension(event, &head);
	text_add(t, head.s, head.len);
}
