/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/diag.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "compiler/base/text.h"
#include "compiler/base/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* A quoted line is cut to this many bytes around what it shows. */
#define QUOTE_BYTES 160

void diag_list_init(struct diag_list *list, struct source_set *sources)
{
	*list = (struct diag_list){ .sources = sources, .arena = sources->arena };
}

static const char *vformat(struct arena *a, const char *format, va_list args)
{
	_cleanup_free_ char *s = NULL;

	if (vasprintf(&s, format, args) < 0)
		abort();
	return arena_strdup(a, s);
}

static bool same_place(const struct diag *d, bool placed, struct span at)
{
	return d->placed == placed &&
	       (!placed || (d->at.source == at.source && d->at.offset == at.offset));
}

static struct diag *add(struct diag_list *list, enum severity severity, bool placed, struct span at,
	const char *format, va_list args)
{
	const char *text = vformat(list->arena, format, args);
	struct diag *d;

	/* Errors repeat: a fragment's in each profile that includes it, those of a rule that
	 * variables multiply out. */
	for (uint32_t i = list->n < DIAG_MAX ? list->n : 0; i-- > 0;) {
		if (same_place(list->v[i], placed, at) && !strcmp(list->v[i]->text, text))
			return list->v[i];
	}
	d = arena_alloc(list->arena, sizeof(*d));
	*d = (struct diag){ .severity = severity, .placed = placed, .at = at, .text = text };
	if (severity == SEVERITY_ERROR)
		list->n_errors++;
	if (list->n >= DIAG_MAX) {
		list->n_dropped++;
		return d;
	}
	ARENA_PUSH(list->arena, list->v, list->n, list->cap, d);
	return d;
}

#define ADD(list, severity, placed, at, format)                                                    \
	({                                                                                         \
		va_list args__;                                                                    \
		struct diag *d__;                                                                  \
		va_start(args__, format);                                                          \
		d__ = add(list, severity, placed, at, format, args__);                             \
		va_end(args__);                                                                    \
		d__;                                                                               \
	})

struct diag *diag_error(struct diag_list *list, struct span at, const char *format, ...)
{
	return ADD(list, SEVERITY_ERROR, true, at, format);
}

struct diag *diag_warning(struct diag_list *list, struct span at, const char *format, ...)
{
	return ADD(list, SEVERITY_WARNING, true, at, format);
}

struct diag *diag_error_unplaced(struct diag_list *list, const char *format, ...)
{
	return ADD(list, SEVERITY_ERROR, false, (struct span){}, format);
}

static void add_note(
	struct diag_list *list, struct diag *d, bool placed, struct span at, const char *text)
{
	for (uint32_t i = 0; i < d->n_notes; i++) {
		const struct diag_note *n = &d->notes[i];

		if (!strcmp(n->text, text) && n->placed == placed && n->at.source == at.source &&
			n->at.offset == at.offset)
			return;
	}
	ARENA_PUSH(list->arena, d->notes, d->n_notes, d->cap_notes,
		(struct diag_note){ .placed = placed, .at = at, .text = text });
}

void diag_note(struct diag_list *list, struct diag *d, struct span at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_note(list, d, true, at, vformat(list->arena, format, args));
	va_end(args);
}

void diag_note_unplaced(struct diag_list *list, struct diag *d, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_note(list, d, false, (struct span){}, vformat(list->arena, format, args));
	va_end(args);
}

void diag_hint(struct diag_list *list, struct diag *d, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	d->hint = vformat(list->arena, format, args);
	va_end(args);
}

/* Insertion by merge: stable, and lists are short. */
static bool before(const struct diag *a, const struct diag *b)
{
	if (a->placed != b->placed)
		return !a->placed;
	if (!a->placed)
		return false;
	if (a->at.source != b->at.source)
		return a->at.source < b->at.source;
	return a->at.offset < b->at.offset;
}

void diag_sort(struct diag_list *list)
{
	for (uint32_t i = 1; i < list->n; i++) {
		struct diag *d = list->v[i];
		uint32_t j = i;

		for (; j > 0 && before(d, list->v[j - 1]); j--)
			list->v[j] = list->v[j - 1];
		list->v[j] = d;
	}
}

static const char *const severity_names[] = {
	[SEVERITY_ERROR] = "error",
	[SEVERITY_WARNING] = "warning",
};

static const char *const severity_colours[] = {
	[SEVERITY_ERROR] = "\033[1;31m",
	[SEVERITY_WARNING] = "\033[1;35m",
};

/*
 * A line as it may be shown: control characters, C1 and half characters among them, would drive the
 * terminal and become '?'. As many bytes as before.
 */
static void tame(char *shown, const char *text, uint32_t len)
{
	for (uint32_t i = 0; i < len;) {
		const unsigned char *s = (const unsigned char *)text + i;
		size_t n = utf8_sequence(s, len - i);
		bool control = *s < 0x20 || *s == 0x7f || (n == 2 && *s == 0xc2 && s[1] < 0xa0);

		if (n == 0)
			n = 1;
		else if (!control || *s == '\t')
			memcpy(shown + i, s, n);
		if (shown[i] == 0)
			memset(shown + i, '?', n);
		i += (uint32_t)n;
	}
}

/* The bytes after a UTF-8 lead take no column on a terminal. */
static bool takes_column(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

/* Tabs stay tabs in the line and under it, so that the caret lines up whatever a tab's width. */
static void quote(struct text *t, const struct source *s, struct span at, const char *colour)
{
	char shown[QUOTE_BYTES] = { 0 };
	uint32_t line, column, len, from = 0, start;
	const char *text;

	source_position(s, at.offset, &line, &column);
	text = source_line(s, line, &len);
	if (len && text[len - 1] == '\r')
		len--;
	if (len > QUOTE_BYTES && column > QUOTE_BYTES / 2)
		from = column - QUOTE_BYTES / 2;
	if (from > len)
		from = len;
	len = len - from > QUOTE_BYTES ? QUOTE_BYTES : len - from;
	tame(shown, text + from, len);
	text_printf(t, "%5u | ", line);
	text_add(t, shown, len);
	text_puts(t, "\n      | ");
	start = column - 1 - from;
	for (uint32_t i = 0; i < start; i++) {
		if (i >= len || takes_column(shown[i]))
			text_putc(t, i < len && shown[i] == '\t' ? '\t' : ' ');
	}
	text_puts(t, colour ? colour : "");
	text_putc(t, '^');
	for (uint32_t i = start + 1; i < len && i < start + at.len; i++) {
		if (takes_column(shown[i]))
			text_putc(t, '~');
	}
	text_puts(t, colour ? "\033[0m\n" : "\n");
}

static void place(struct text *t, const struct source_set *set, struct span at)
{
	const struct source *s = set->v[at.source];
	uint32_t line, column;

	source_position(s, at.offset, &line, &column);
	text_escaped(t, s->name, strlen(s->name));
	text_printf(t, ":%u:%u: ", line, column);
}

int diag_first_error(struct diag_list *list, bool portable, struct pale_err **err)
{
	const struct source *s;
	const struct diag *d;
	uint32_t i = 0, line, column;

	diag_sort(list);
	while (list->v[i]->severity != SEVERITY_ERROR)
		i++;
	d = list->v[i];
	if (!d->placed)
		return pale_err_plain(err, EINVAL, "%s", d->text);
	s = list->sources->v[d->at.source];
	source_position(s, d->at.offset, &line, &column);
	return pale_err_plain(err, EINVAL, "%s:%" PRIu32 ":%" PRIu32 ": %s",
		portable ? s->portable_name : s->name, line, column, d->text);
}

void diag_print(const struct diag_list *list, FILE *to, bool colour)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	for (uint32_t i = 0; i < list->n; i++) {
		const struct diag *d = list->v[i];
		const char *sgr = colour ? severity_colours[d->severity] : NULL;

		if (d->placed)
			place(&t, list->sources, d->at);
		text_printf(&t, "%s%s:%s ", sgr ? sgr : "", severity_names[d->severity],
			sgr ? "\033[0m" : "");
		text_escaped(&t, d->text, strlen(d->text));
		text_putc(&t, '\n');
		if (d->placed)
			quote(&t, list->sources->v[d->at.source], d->at, sgr);
		for (uint32_t k = 0; k < d->n_notes; k++) {
			const struct diag_note *n = &d->notes[k];

			if (n->placed)
				place(&t, list->sources, n->at);
			text_puts(&t, n->placed ? "note: " : "  note: ");
			text_escaped(&t, n->text, strlen(n->text));
			text_putc(&t, '\n');
			if (n->placed)
				quote(&t, list->sources->v[n->at.source], n->at, NULL);
		}
		if (d->hint) {
			text_puts(&t, "  hint: ");
			text_escaped(&t, d->hint, strlen(d->hint));
			text_putc(&t, '\n');
		}
	}
	if (list->n_dropped)
		text_printf(&t, "and %u more\n", list->n_dropped);
	fwrite(text_str(&t), 1, t.len, to);
}

static void put_place(json_t *o, const struct source_set *set, struct span at)
{
	const struct source *s = set->v[at.source];
	uint32_t line, column;

	source_position(s, at.offset, &line, &column);
	json_object_set_new(o, "file", json_text(s->name));
	json_object_set_new(o, "line", json_integer(line));
	json_object_set_new(o, "column", json_integer(column));
	json_object_set_new(o, "length", json_integer(at.len));
}

json_t *diag_json(const struct diag_list *list)
{
	json_t *all = json_array();

	for (uint32_t i = 0; i < list->n; i++) {
		const struct diag *d = list->v[i];
		json_t *o = json_object(), *notes = json_array();

		json_object_set_new(o, "severity", json_string(severity_names[d->severity]));
		if (d->placed)
			put_place(o, list->sources, d->at);
		json_object_set_new(o, "message", json_text(d->text));
		for (uint32_t k = 0; k < d->n_notes; k++) {
			json_t *n = json_object();

			if (d->notes[k].placed)
				put_place(n, list->sources, d->notes[k].at);
			json_object_set_new(n, "message", json_text(d->notes[k].text));
			json_array_append_new(notes, n);
		}
		json_object_set_new(o, "notes", notes);
		if (d->hint)
			json_object_set_new(o, "hint", json_text(d->hint));
		json_array_append_new(all, o);
	}
	return all;
}
