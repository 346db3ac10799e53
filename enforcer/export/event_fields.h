/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EVENT_FIELDS_H
#define PALE_EVENT_FIELDS_H

/*
 * What an event of paled says, by the names that the formats have for it. Events hold what
 * containers chose: texts of any length, with newlines, quotes and sequences that drive terminals.
 * What these functions give is one line of printable UTF-8.
 */

#include "compiler/base/text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum event_field {
	FIELD_KIND,
	FIELD_PROFILE,
	FIELD_DIGEST,
	FIELD_RULE,
	FIELD_RULE_ID,
	FIELD_FILE,
	FIELD_LINE,
	FIELD_OPERATION,
	FIELD_OBJECT,
	FIELD_VERDICT,
	FIELD_OUTCOME,
	FIELD_MECHANISM,
	FIELD_EXECUTABLE,
	FIELD_ARGUMENTS,
	FIELD_PID,
	FIELD_UID,
	FIELD_CONTAINER,
	FIELD_CONTAINER_NAME,
	FIELD_IMAGE,
	FIELD_POD,
	FIELD_NAMESPACE,
	FIELD_OWNER,
	FIELD_NODE,
	FIELD_COUNT,
	FIELD_FIRST,
	FIELD_LAST,
	FIELD_EVENTS,
	FIELD_SOURCE,
	FIELD_ERROR,
	FIELD_N,
};

struct event_field_name {
	const char *object; /* of the event that holds the member; NULL: the event itself */
	const char *member;
	const char *syslog;  /* a PARAM-NAME of RFC 5424 */
	const char *journal; /* systemd.journal-fields(7) */
	const char
		*telemetry; /* an attribute of OpenTelemetry: its semantic conventions' or ours */
};

extern const struct event_field_name event_fields[FIELD_N];

/* In bytes, with the sign of omission that stands for what was cut off. */
#define FIELD_BYTES_MAX		1024
#define FIELD_ALL_ARGUMENTS_MAX 4096

/*
 * Appends the field as one line, cut to @max bytes between two characters. false, and nothing
 * appended: the event does not have it. Arguments are joined by blanks.
 */
bool event_field_text(const json_t *event, enum event_field field, size_t max, struct text *t);
/* As one string, "" where there is none; not escaped, valid as long as the event. */
const char *event_field_string(const json_t *event, enum event_field field);
int64_t event_field_integer(const json_t *event, enum event_field field, int64_t otherwise);
/* Its value; NULL where there is none. */
json_t *event_field_value(const json_t *event, enum event_field field);
/* One line of any bytes, cut to @max bytes. */
void event_text_cut(struct text *t, const char *s, size_t len, size_t max);

bool event_is_violation(const json_t *event);
/* How many this one stands for. */
uint64_t event_count(const json_t *event);
/* CLOCK_REALTIME in nanoseconds; 0: it has none. */
uint64_t event_time_ns(const json_t *event);

enum event_severity {
	EVENT_INFORMATION,
	EVENT_NOTICE,
	EVENT_WARNING,
	EVENT_ERROR,
	EVENT_SEVERITIES
};

/* Refused or killed, and what should have been refused and was not: a warning; what is known to be
 * lost: an error. */
enum event_severity event_severity(const json_t *event);

/* "denied: write /etc/passwd by /usr/sbin/web (pid 411) in shop/web-7f/nginx, web.pale:22: deny
 * write /etc/passwd" */
void event_sentence(const json_t *event, struct text *t);
/* Without who did it: "denied: write /etc/passwd". */
void event_title(const json_t *event, struct text *t);

/* Where a connection was to go. */
struct event_endpoint {
	char protocol[8];
	char address[46]; /* as inet_ntop(3) has it */
	int port;
};

/* false: it is not told, or no address of IP. */
bool event_endpoint(const json_t *event, struct event_endpoint *ret);

/* The block of a policy that the operation belongs to: "file", "process" …, "" for none. */
const char *event_class(const json_t *event);

#endif
