/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plugin/profile_diagnostics.h"

#include "operator/plugin/object_text.h"

#include <string.h>

/* Of the source that the status is of. */
static const char *source_of(const json_t *profile, const char *file)
{
	const json_t *spec = json_object_get(profile, "spec");
	json_int_t seen = json_integer_value(
		json_object_get(json_object_get(profile, "status"), "observedGeneration"));
	json_int_t is = json_integer_value(
		json_object_get(json_object_get(profile, "metadata"), "generation"));

	if (seen != is)
		return "";
	return *file ? object_text(json_object_get(spec, "files"), file)
		     : object_text(spec, "source");
}

static json_t *line_of(const char *source, json_int_t line)
{
	for (; line > 1 && *source; line--) {
		source += strcspn(source, "\n");
		source += *source == '\n';
	}
	return json_stringn(source, line == 1 ? strcspn(source, "\n") : 0);
}

void profile_diagnostics_add(json_t *to, const json_t *profile)
{
	const json_t *all = json_object_get(json_object_get(profile, "status"), "diagnostics");
	json_t *d;
	size_t i;

	json_array_foreach ((json_t *)all, i, d) {
		const char *file = object_text(d, "file");
		json_int_t line = json_integer_value(json_object_get(d, "line"));

		json_array_append_new(to,
			json_pack("{s:s, s:s, s:I, s:I, s:s, s:s, s:s, s:o}", "profile",
				object_name(profile), "file", file, "line", line, "column",
				json_integer_value(json_object_get(d, "column")), "severity",
				*object_text(d, "severity") ? object_text(d, "severity") : "error",
				"message", object_text(d, "message"), "hint",
				object_text(d, "hint"), "text",
				line_of(source_of(profile, file), line)));
	}
}

static void add(struct text *to, const char *s)
{
	text_escaped(to, s, strlen(s));
}

/* A tab is as wide as the terminal makes it, above the caret as in the line. */
static void add_line(struct text *to, const char *s)
{
	for (; *s; s++) {
		size_t len = strcspn(s, "\t");

		text_escaped(to, s, len);
		s += len;
		if (!*s)
			return;
		text_putc(to, '\t');
	}
}

static void add_caret(struct text *to, const char *line, json_int_t column)
{
	for (; column > 1 && *line; column--, line++) {
		if (((unsigned char)*line & 0xc0) != 0x80)
			text_putc(to, *line == '\t' ? '\t' : ' ');
	}
	text_puts(to, "^\n");
}

static void add_one(struct text *to, const json_t *d)
{
	const char *file = object_text(d, "file"), *line_text = object_text(d, "text");
	const char *hint = object_text(d, "hint");
	json_int_t line = json_integer_value(json_object_get(d, "line"));
	json_int_t column = json_integer_value(json_object_get(d, "column"));

	add(to, object_text(d, "profile"));
	if (*file) {
		text_puts(to, " ");
		add(to, file);
	}
	if (line)
		text_printf(to, ":%" JSON_INTEGER_FORMAT ":%" JSON_INTEGER_FORMAT, line, column);
	text_puts(to, ": ");
	add(to, object_text(d, "severity"));
	text_puts(to, ": ");
	add(to, object_text(d, "message"));
	text_putc(to, '\n');
	if (*line_text) {
		text_printf(to, "%5" JSON_INTEGER_FORMAT " | ", line);
		add_line(to, line_text);
		text_puts(to, "\n      | ");
		add_caret(to, line_text, column);
	}
	if (*hint) {
		text_puts(to, "   hint: ");
		add(to, hint);
		text_putc(to, '\n');
	}
}

void profile_diagnostics_text(const json_t *diagnostics, struct text *to)
{
	json_t *d;
	size_t i;

	json_array_foreach ((json_t *)diagnostics, i, d)
		add_one(to, d);
}
