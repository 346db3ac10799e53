/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/format.h"

#include "compiler/base/cleanup.h"
#include "enforcer/export/event_fields.h"

#include <string.h>
#include <syslog.h>

static const int priorities[EVENT_SEVERITIES] = {
	[EVENT_INFORMATION] = LOG_INFO,
	[EVENT_NOTICE] = LOG_NOTICE,
	[EVENT_WARNING] = LOG_WARNING,
	[EVENT_ERROR] = LOG_ERR,
};

/* Chosen once, at random; catalogues and filters go by them. */
#define MESSAGE_ID_VIOLATION "d3beb6c7be8548b79100b5d65dd8d3c2"
#define MESSAGE_ID_LOST	     "fa2e802506a14b76b060b6eaebaa7499"
#define MESSAGE_ID_OTHER     "d3c10b1f2cfa4a5e99ff1e62671bd6c2"

static const char *message_id(const json_t *event)
{
	const char *kind = event_field_string(event, FIELD_KIND);

	if (event_is_violation(event))
		return MESSAGE_ID_VIOLATION;
	return strcmp(kind, "lost") == 0 || strcmp(kind, "missed") == 0 ? MESSAGE_ID_LOST
									: MESSAGE_ID_OTHER;
}

/* Values are lines: the form with a length is not needed. */
static void add(struct text *t, const char *field, const char *value)
{
	text_printf(t, "%s=%s\n", field, value);
}

void format_journal(const json_t *event, struct text *t)
{
	_cleanup_(text_release) struct text sentence = TEXT_INIT, whole = TEXT_INIT;

	event_sentence(event, &sentence);
	add(t, "MESSAGE", text_str(&sentence));
	text_printf(t, "PRIORITY=%d\n", priorities[event_severity(event)]);
	add(t, "MESSAGE_ID", message_id(event));
	add(t, "SYSLOG_IDENTIFIER", "pale");
	for (int i = 0; i < FIELD_N; i++) {
		_cleanup_(text_release) struct text value = TEXT_INIT;
		size_t max = i == FIELD_ARGUMENTS ? FIELD_ALL_ARGUMENTS_MAX : FIELD_BYTES_MAX;

		if (event_field_text(event, (enum event_field)i, max, &value))
			add(t, event_fields[i].journal, text_str(&value));
	}
	format_json(event, &whole);
	add(t, "PALE_EVENT", text_str(&whole));
}
