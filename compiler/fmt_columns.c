/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fmt_lines.h"

#include "compiler/base/cleanup.h"

#include <stdlib.h>

/* A word or a comment that may be aligned with others of the same column in the source. */
struct mark {
	struct line *line;
	uint32_t piece;
	uint32_t was;
};

/* What follows the effects of rules is aligned as if it had been: `deny  read` below `allow read`.
 * No word that may be aligned stands at a line's beginning. */
#define EFFECT_COLUMN 0

struct marks {
	struct mark *v;
	size_t n, cap;
};

static void marks_add(struct marks *marks, struct line *line, uint32_t piece, uint32_t was)
{
	if (marks->n == marks->cap) {
		marks->cap = marks->cap ? 2 * marks->cap : 64;
		marks->v = reallocarray(marks->v, marks->cap, sizeof(*marks->v));
		if (!marks->v)
			abort();
	}
	marks->v[marks->n++] = (struct mark){ line, piece, was };
}

static int by_column(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	if (x->was != y->was)
		return x->was < y->was ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static void marks_sort(struct marks *marks)
{
	if (marks->n)
		qsort(marks->v, marks->n, sizeof(*marks->v), by_column);
}

/* How many from @from on have one column. */
static size_t marks_alike(const struct marks *marks, size_t from)
{
	size_t n = 1;

	while (from + n < marks->n && marks->v[from + n].was == marks->v[from].was)
		n++;
	return n;
}

static uint32_t later(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint32_t piece_end(const struct piece *p)
{
	return p->at + p->width;
}

static uint32_t line_end(const struct line *l)
{
	return l->n_pieces ? piece_end(&l->pieces[l->n_pieces - 1]) : l->indent;
}

/* The column of a piece when no more than a blank stands in front of it. */
static uint32_t natural(const struct line *line, uint32_t piece)
{
	const struct piece *p = &line->pieces[piece];

	return piece ? piece_end(p - 1) + p->spaced : line->indent;
}

/*
 * Words of one column, of which at least one was put there with more than one blank, stay in one.
 * The marks of a line come in the order of its words, so that what stands before a word has its
 * place already.
 */
static void align_words(struct marks *marks)
{
	marks_sort(marks);
	for (size_t i = 0, n; i < marks->n; i += n) {
		uint32_t at = 0;
		bool gap = false;

		n = marks_alike(marks, i);
		for (size_t k = i; k < i + n; k++) {
			at = later(at, natural(marks->v[k].line, marks->v[k].piece));
			gap = gap || marks->v[k].line->pieces[marks->v[k].piece].gap;
		}
		for (size_t k = i; k < i + n; k++) {
			const struct line *line = marks->v[k].line;

			line->pieces[marks->v[k].piece].at =
				gap && n > 1 ? at : natural(line, marks->v[k].piece);
		}
	}
	marks->n = 0;
}

/* A run of statements of one block, with neither a blank line nor a block of several lines in it.
 */
static bool ends_run(const struct line *line, uint32_t indent)
{
	switch (line->kind) {
	case LINE_HEAD:
	case LINE_CLOSE:
		return true;
	case LINE_CONTINUED:
		return false;
	case LINE_STATEMENT:
	case LINE_COMMENT:
		break;
	}
	return line->after_blank || line->indent != indent;
}

static void place_words(struct lines *lines)
{
	struct marks marks = { 0 };
	uint32_t indent = 0;

	for (uint32_t i = 0; i <= lines->n; i++) {
		struct line *line = i < lines->n ? &lines->v[i] : NULL;

		if (!line || ends_run(line, indent)) {
			align_words(&marks);
			indent = line ? line->indent : 0;
		}
		if (!line || !line->n_pieces)
			continue;
		line->pieces[0].at = line->indent;
		for (uint32_t k = 1; k < line->n_pieces && line->pieces[k].aligns; k++)
			marks_add(&marks, line, k,
				line->pieces[k].effect ? EFFECT_COLUMN : line->pieces[k].was);
	}
	free(marks.v);
	for (uint32_t i = 0; i < lines->n; i++) {
		struct line *line = &lines->v[i];

		for (uint32_t k = 0; k < line->n_pieces; k++) {
			if (!line->pieces[k].aligns)
				line->pieces[k].at = natural(line, k);
		}
	}
}

/* Adds @line to @to as one line, or several when it is too long. */
static void break_line(struct lines *to, struct line line)
{
	uint32_t n_pieces = line.n_pieces, chance = 0;
	struct piece *v = line.pieces;
	struct line rest;

	for (uint32_t i = 1; i < n_pieces; i++) {
		v[i].at = v[i].aligns ? v[i].at : piece_end(&v[i - 1]) + v[i].spaced;
		if (v[i].breaks)
			chance = i;
		if (piece_end(&v[i]) <= POLICY_TEXT_COLUMNS || chance == 0)
			continue;
		rest = line;
		rest.kind = LINE_CONTINUED;
		rest.after_blank = false;
		rest.moved = false;
		rest.indent = line.rest;
		rest.pieces = v + chance;
		line.n_pieces = chance;
		line.comment = NULL;
		ARENA_PUSH(to->arena, to->v, to->n, to->cap, line);
		line = rest;
		n_pieces -= chance;
		v = line.pieces;
		v[0].at = line.indent;
		v[0].spaced = false;
		i = chance = 0;
	}
	line.n_pieces = n_pieces;
	ARENA_PUSH(to->arena, to->v, to->n, to->cap, line);
}

static void break_lines(struct lines *lines)
{
	struct lines broken = { .arena = lines->arena };

	for (uint32_t i = 0; i < lines->n; i++)
		break_line(&broken, lines->v[i]);
	*lines = broken;
}

/*
 * Comments of one column stay in one. Where one of them stood close to its statement, the column is
 * the first that has room for all; else it is the one where they were, as long as there is room.
 */
static void align_comments(struct marks *marks)
{
	marks_sort(marks);
	for (size_t i = 0, n; i < marks->n; i += n) {
		uint32_t at = 0;
		bool near = false;

		n = marks_alike(marks, i);
		for (size_t k = i; k < i + n; k++) {
			const struct line *line = marks->v[k].line;

			/* One that hangs below another has nothing in front of it. */
			if (line->n_pieces)
				at = later(at, line_end(line) + 2);
			near = near || line->comment_near || line->moved;
		}
		if (!near)
			at = later(at, marks->v[i].was);
		for (size_t k = i; k < i + n; k++)
			marks->v[k].line->comment_at = at;
	}
	marks->n = 0;
}

static void place_comments(struct lines *lines)
{
	struct marks marks = { 0 };

	for (uint32_t i = 0; i < lines->n; i++) {
		struct line *line = &lines->v[i];

		if (line->after_blank)
			align_comments(&marks);
		if (!line->comment)
			continue;
		if (line->n_pieces || line->hanging)
			marks_add(&marks, line, 0, line->comment_was);
		else
			line->comment_at = line->indent;
	}
	align_comments(&marks);
	free(marks.v);
}

void fmt_columns(struct lines *lines)
{
	place_words(lines);
	break_lines(lines);
	place_comments(lines);
}
