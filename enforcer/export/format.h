/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EXPORT_FORMAT_H
#define PALE_EXPORT_FORMAT_H

/*
 * Events as others read them. Whatever an event holds, what is appended parses: one line without
 * control characters, and each format's own delimiters escaped.
 */

#include "compiler/base/text.h"

#include <jansson.h>

#ifndef PALE_VERSION
#define PALE_VERSION "0.1"
#endif

/* As paled writes it, one JSON object of ASCII. */
void format_json(const json_t *event, struct text *t);
/* ArcSight Common Event Format, version 0, as revision 25 of its guide has it. */
void format_cef(const json_t *event, struct text *t);
/*
 * Open Cybersecurity Schema Framework 1.3, JSON: a violation is a Detection Finding (class 2004)
 * with the profiles container, host and security_control, anything else a Base Event (class 0).
 */
void format_ocsf(const json_t *event, struct text *t);
json_t *format_ocsf_json(const json_t *event);

/* facility: syslog(3)'s number without its shift, 0 to 23. */
struct syslog_origin {
	int facility;
	const char *host;
};

/*
 * A message of RFC 5424 with the event as structured data and a sentence as MSG. @payload, not
 * NULL: that instead of the sentence, and no structured data.
 */
void format_syslog(const struct syslog_origin *origin, const json_t *event, const char *payload,
	struct text *t);
/* A value inside quotes, RFC 5424 6.3.3: '"', '\' and ']' get a backslash. */
void format_syslog_value(struct text *t, const char *s, size_t len);

/* The body of POST /v1/logs: ExportLogsServiceRequest of OTLP 1.x in its JSON encoding. */
void format_otlp(const json_t *const *events, size_t n, struct text *t);

/*
 * What systemd-journald reads from its socket (systemd's JOURNAL_NATIVE_PROTOCOL): a field on each
 * line, with PALE_EVENT as the whole event.
 */
void format_journal(const json_t *event, struct text *t);

/* Several as one body: "[a,b]" for JSON, lines for others. */
enum export_format { EXPORT_JSON, EXPORT_CEF, EXPORT_OCSF, EXPORT_RFC5424, EXPORT_FORMATS };
extern const char *const export_format_names[EXPORT_FORMATS];
/* Of json, cef and ocsf. */
void format_event(enum export_format format, const json_t *event, struct text *t);
void format_batch(enum export_format format, const json_t *const *events, size_t n, struct text *t);
const char *format_content_type(enum export_format format);

#endif
