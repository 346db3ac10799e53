/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/format.h"

#include "compiler/base/cleanup.h"
#include "enforcer/export/event_fields.h"

#include <string.h>
#include <syslog.h>

/* The number is that of examples (RFC 5612): nobody has given this project one of its own. */
#define SD_ID "pale@32473"

/* Of RFC 5424, 6. */
#define HOSTNAME_MAX  255
#define MSGID_MAX     32
#define TIME_FRACTION 6

static const int severities[EVENT_SEVERITIES] = {
	[EVENT_INFORMATION] = LOG_INFO,
	[EVENT_NOTICE] = LOG_NOTICE,
	[EVENT_WARNING] = LOG_WARNING,
	[EVENT_ERROR] = LOG_ERR,
};

/* A word of the header: printable ASCII without blanks, or "-". */
static void add_word(struct text *t, const char *s, size_t max)
{
	size_t before = t->len;

	text_putc(t, ' ');
	for (; *s && t->len - before <= max; s++) {
		if (*s > ' ' && *s < 0x7f)
			text_putc(t, *s);
	}
	if (t->len == before + 1)
		text_putc(t, '-');
}

/* As RFC 3339, with no more than microseconds. */
static void add_time(struct text *t, const json_t *event)
{
	const char *s = json_string_value(json_object_get(event, "time"));
	size_t whole, fraction;

	if (!event_time_ns(event)) {
		text_puts(t, " -");
		return;
	}
	whole = strcspn(s, ".Z");
	text_printf(t, " %.*s", (int)whole, s);
	s += whole;
	fraction = *s == '.' ? strspn(s + 1, "0123456789") : 0;
	if (fraction)
		text_printf(t, ".%.*s", (int)(fraction > TIME_FRACTION ? TIME_FRACTION : fraction),
			s + 1);
	text_putc(t, 'Z');
}

void format_syslog_value(struct text *t, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr("\"\\]", s[i]) && s[i])
			text_putc(t, '\\');
		text_putc(t, s[i]);
	}
}

static void add_structured_data(struct text *t, const json_t *event)
{
	text_puts(t, " [" SD_ID);
	for (int i = 0; i < FIELD_N; i++) {
		_cleanup_(text_release) struct text value = TEXT_INIT;
		size_t max = i == FIELD_ARGUMENTS ? FIELD_ALL_ARGUMENTS_MAX : FIELD_BYTES_MAX;

		if (!event_field_text(event, (enum event_field)i, max, &value))
			continue;
		text_printf(t, " %s=\"", event_fields[i].syslog);
		format_syslog_value(t, text_str(&value), value.len);
		text_putc(t, '"');
	}
	text_putc(t, ']');
}

/* RFC 5424, 6.4: UTF-8 begins with a byte order mark. What is ASCII is any encoding's. */
static void add_sentence(struct text *t, const json_t *event)
{
	_cleanup_(text_release) struct text s = TEXT_INIT;
	bool ascii = true;

	event_sentence(event, &s);
	for (size_t i = 0; i < s.len; i++)
		ascii &= (unsigned char)s.s[i] < 0x80;
	text_puts(t, ascii ? " " : " \xef\xbb\xbf");
	text_add(t, text_str(&s), s.len);
}

void format_syslog(const struct syslog_origin *origin, const json_t *event, const char *payload,
	struct text *t)
{
	text_printf(t, "<%d>1", origin->facility * 8 + severities[event_severity(event)]);
	add_time(t, event);
	add_word(t, origin->host, HOSTNAME_MAX);
	text_puts(t, " pale -");
	add_word(t, event_field_string(event, FIELD_KIND), MSGID_MAX);
	if (payload) {
		text_printf(t, " - %s", payload);
		return;
	}
	add_structured_data(t, event);
	add_sentence(t, event);
}
