/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fmt.h"

#include "compiler/ast_equal.h"
#include "compiler/base/cleanup.h"
#include "compiler/fmt_lines.h"

#include <string.h>

/* Blanks until @at; the column where the text then stands. */
static uint32_t pad(struct text *to, uint32_t column, uint32_t at)
{
	for (; column < at; column++)
		text_putc(to, ' ');
	return column;
}

static void write_line(const struct line *line, struct text *to)
{
	uint32_t column = 0;

	for (uint32_t i = 0; i < line->n_pieces; i++) {
		const struct piece *p = &line->pieces[i];

		column = pad(to, column, p->at) + p->width;
		text_add(to, p->text, p->len);
	}
	if (line->comment) {
		pad(to, column, line->comment_at);
		text_add(to, line->comment, line->comment_len);
	}
	text_putc(to, '\n');
}

/* false: it would be larger than any file that the parser reads. */
static bool write_lines(const struct lines *lines, struct text *to)
{
	for (uint32_t i = 0; i < lines->n; i++) {
		if (lines->v[i].after_blank)
			text_putc(to, '\n');
		write_line(&lines->v[i], to);
		if (to->len > SOURCE_BYTES_MAX)
			return false;
	}
	return true;
}

/* A file taken apart. */
struct reading {
	struct source *source;
	struct ast_file *file;
	struct parse_trace trace;
};

static uint32_t comment_len(const struct source *s, struct span at)
{
	while (at.len > 0 && strchr(" \t\r", s->bytes[at.offset + at.len - 1]))
		at.len--;
	return at.len;
}

/* The words, and where each comment stands between them. */
static bool same_trace(const struct reading *a, const struct reading *b)
{
	const struct parse_trace *x = &a->trace, *y = &b->trace;
	uint32_t l = 0;

	if (x->n_lexemes != y->n_lexemes || x->n_comments != y->n_comments)
		return false;
	for (uint32_t i = 0; i < x->n_lexemes; i++) {
		struct span s = x->lexemes[i].at, t = y->lexemes[i].at;

		if (x->lexemes[i].kind != y->lexemes[i].kind || s.len != t.len ||
			memcmp(a->source->bytes + s.offset, b->source->bytes + t.offset, s.len) !=
				0)
			return false;
	}
	for (uint32_t i = 0; i < x->n_comments; i++) {
		struct span s = x->comments[i], t = y->comments[i];
		uint32_t len = comment_len(a->source, s);

		if (comment_len(b->source, t) != len ||
			memcmp(a->source->bytes + s.offset, b->source->bytes + t.offset, len) != 0)
			return false;
		while (l < x->n_lexemes && x->lexemes[l].at.offset < s.offset)
			l++;
		if ((l > 0 && y->lexemes[l - 1].at.offset > t.offset) ||
			(l < y->n_lexemes && y->lexemes[l].at.offset < t.offset))
			return false;
	}
	return true;
}

/* Reads what was made, and compares it with what it was made from. */
static bool is_same(const struct reading *read, const struct text *made)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct source_set sources;
	struct diag_list diags;
	struct reading again;

	source_set_init(&sources, arena);
	diag_list_init(&diags, &sources);
	again.source = source_add(&sources, read->source->name, text_str(made), made->len);
	again.file = parse_file_traced(again.source, &diags, arena, &again.trace);
	return !diags.n_errors && same_trace(read, &again) && ast_equal(read->file, again.file);
}

bool fmt_policy(struct source *source, struct diag_list *diags, struct text *to)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(text_release) struct text made = TEXT_INIT;
	struct lines lines = { .arena = arena };
	struct reading read = { .source = source };
	uint32_t errors = diags->n_errors;

	read.file = parse_file_traced(source, diags, arena, &read.trace);
	if (diags->n_errors > errors)
		return false;
	fmt_lines(&lines, source, &read.trace);
	fmt_columns(&lines);
	if (!write_lines(&lines, &made)) {
		diag_error_unplaced(diags, "%s: formatted, it is larger than %u MiB", source->name,
			SOURCE_BYTES_MAX >> 20);
		return false;
	}
	if (!is_same(&read, &made)) {
		diag_error_unplaced(diags,
			"internal error: %s, formatted, would not be the same policy",
			source->name);
		return false;
	}
	text_add(to, text_str(&made), made.len);
	return true;
}
