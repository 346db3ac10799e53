/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/format.h"

#include "compiler/base/cleanup.h"

#include <stdbool.h>

const char *const export_format_names[EXPORT_FORMATS] = {
	[EXPORT_JSON] = "json",
	[EXPORT_CEF] = "cef",
	[EXPORT_OCSF] = "ocsf",
	[EXPORT_RFC5424] = "rfc5424",
};

static const struct {
	void (*event)(const json_t *event, struct text *t);
	const char *open, *between, *close; /* of a batch */
	const char *content_type;
} formats[] = {
	[EXPORT_JSON] = { format_json, "[", ",", "]", "application/json" },
	[EXPORT_CEF] = { format_cef, "", "\n", "\n", "text/plain; charset=utf-8" },
	[EXPORT_OCSF] = { format_ocsf, "[", ",", "]", "application/json" },
};

void format_json(const json_t *event, struct text *t)
{
	/* ASCII: C1 control characters drive terminals, too. */
	_cleanup_free_ char *s =
		json_dumps(event, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);

	if (!s)
		abort();
	/* JSON lets DEL stand as it is. */
	for (const char *c = s; *c; c++) {
		if (*c == 0x7f)
			text_puts(t, "\\u007f");
		else
			text_putc(t, *c);
	}
}

void format_event(enum export_format format, const json_t *event, struct text *t)
{
	formats[format].event(event, t);
}

void format_batch(enum export_format format, const json_t *const *events, size_t n, struct text *t)
{
	text_puts(t, formats[format].open);
	for (size_t i = 0; i < n; i++) {
		if (i)
			text_puts(t, formats[format].between);
		formats[format].event(events[i], t);
	}
	text_puts(t, formats[format].close);
}

const char *format_content_type(enum export_format format)
{
	return formats[format].content_type;
}
