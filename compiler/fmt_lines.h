/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_FMT_LINES_H
#define PALE_FMT_LINES_H

/*
 * The formatter's own parts; everyone else includes fmt.h.
 *
 *	trace → fmt_lines.c (which words share a line) → fmt_columns.c (where in it they stand) →
 * fmt.c
 *
 * Columns count from 0, in characters. Each step looks at the source's columns and line ends only
 * as far as its own output has the same again: that is what keeps a formatted file as it is.
 */

#include "compiler/fmt.h"
#include "compiler/parse_trace.h"
#include "compiler/policy_text.h"

/* A word or a sign. */
struct piece {
	const char *text; /* not terminated */
	uint32_t len, width;
	uint32_t was; /* its column in the source */
	uint32_t at;  /* its column */
	bool spaced;  /* a blank, or more, in front of it */
	bool gap;     /* it had two or more there */
	bool aligns;  /* may be aligned with words of the lines around it */
	bool effect;  /* what follows a rule's effect: is aligned with others of its kind */
	bool breaks;  /* the line may be broken in front of it */
};

enum line_kind {
	LINE_STATEMENT, /* the first line of a statement, or a whole block */
	LINE_CONTINUED, /* of a statement, comments in it included */
	LINE_HEAD,	/* of a block, up to its '{' */
	LINE_CLOSE,	/* the '}' */
	LINE_COMMENT,	/* between statements */
};

struct line {
	enum line_kind kind;
	uint32_t indent;
	uint32_t rest;	  /* the indent of what goes to another line when this one is broken */
	bool after_blank; /* a blank line in front of it */
	bool moved;	  /* something else stood in front of it on its line of the source */
	struct piece *pieces;
	uint32_t n_pieces;

	const char *comment; /* NULL: none */
	uint32_t comment_len;
	uint32_t comment_was, comment_at;
	bool comment_near; /* at most two blanks in front of it in the source */
	bool hanging; /* a line of its own, which goes on with the comment at the end of the line
			 above */
};

struct lines {
	struct arena *arena;
	struct line *v;
	uint32_t n, cap;
};

/* The lines of a file without errors, none broken for its length, nothing aligned. */
void fmt_lines(struct lines *lines, const struct source *source, const struct parse_trace *trace);

/* Columns for every piece and comment; breaks lines that are too long. */
void fmt_columns(struct lines *lines);

#endif
