/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/parse_tokens.h"

#include "pale.tab.h"

#include <assert.h>

/* Of all the blocks that a file leaves open, the innermost tell where to look. */
#define NOTES_MAX 4

struct frame *frame_innermost(struct parse *p)
{
	return &p->frames[p->depth];
}

struct span parse_after(const struct token *t)
{
	return (struct span){ t->word.at.source, t->word.at.offset + t->word.at.len, 0 };
}

uint32_t parse_column(const struct parse *p, struct span at)
{
	uint32_t line, column;

	source_position(p->source, at.offset, &line, &column);
	return column;
}

/* The column of the first word in its line. */
uint32_t frame_indentation(const struct parse *p, struct span at)
{
	uint32_t line, column, len, n = 0;
	const char *s;

	source_position(p->source, at.offset, &line, &column);
	s = source_line(p->source, line, &len);
	while (n < len && (s[n] == ' ' || s[n] == '\t'))
		n++;
	return n + 1;
}

struct token token_get(struct parse *p)
{
	if (p->n_back)
		return p->back[--p->n_back];
	return parse_scan_token(p);
}

void token_unget(struct parse *p, struct token t)
{
	assert(p->n_back < sizeof(p->back) / sizeof(*p->back));
	p->back[p->n_back++] = t;
}

struct token parse_peek(struct parse *p)
{
	struct token t;

	do
		t = token_get(p);
	while (t.kind == RAW_NEWLINE);
	token_unget(p, t);
	return t;
}

void token_push(struct parse *p, struct token t)
{
	assert(p->n_queue < sizeof(p->queue) / sizeof(*p->queue));
	p->queue[p->n_queue++] = t;
}

/* A token that nobody wrote, behind @after. */
void token_push_made(struct parse *p, int kind, const struct token *after)
{
	token_push(p, (struct token){ .kind = kind, .word.at = parse_after(after) });
}

void statement_begin(struct parse *p)
{
	if (p->in_call)
		parse_scan_mode(p, SCAN_STATEMENT);
	p->in_call = false;
	p->place = PLACE_START;
	p->n_words = 0;
	p->opening = false;
	p->head = (struct token){};
	p->operation = (struct token){};
	p->subject = (struct token){};
}

void statement_end(struct parse *p)
{
	token_push_made(p, T_END, &p->previous);
	if (!p->opening)
		statement_begin(p);
}

/* Skips what is left of a statement, blocks and continued lines with it. */
void statement_skip(struct parse *p)
{
	uint32_t braces = 0;
	bool comma = p->latest.kind == ',';

	if (p->latest.kind == '{' && !p->in_call)
		braces = 1;
	for (;;) {
		struct token t = token_get(p);

		if (t.kind == 0) {
			token_unget(p, t);
			break;
		}
		if (p->in_call) {
			/* A forgotten ')' must not hide the statements that follow. */
			if (t.first && (t.kind == '}' || statement_word_of(&t))) {
				token_unget(p, t);
				break;
			}
			if (t.kind == ')')
				p->in_call = false;
			if (t.kind != ';')
				continue;
		}
		if (t.kind == '{') {
			braces++;
		} else if (t.kind == '}') {
			if (braces == 0) {
				token_unget(p, t);
				break;
			}
			if (--braces == 0)
				break;
		} else if (braces == 0 && (t.kind == ';' || (t.kind == RAW_NEWLINE && !comma))) {
			break;
		}
		if (t.kind != RAW_NEWLINE)
			comma = t.kind == ',';
	}
	p->in_call = false;
	parse_scan_mode(p, SCAN_STATEMENT);
}

void frame_open(struct parse *p, struct token brace)
{
	const struct statement_word *w = statement_word_of(&p->opener);

	token_push(p, brace);
	if (p->depth == PARSE_NESTING_MAX) {
		struct diag *d = parse_error(p, p->opener.word.at,
			"blocks are nested more than %d deep", PARSE_NESTING_MAX);

		if (d)
			diag_hint(p->diags, d,
				"declare the sub-profile further out, or take a level away");
		p->latest = brace;
		statement_skip(p);
		token_push_made(p, '}', &brace);
	} else {
		p->frames[++p->depth] = (struct frame){
			.kind = (enum frame_kind)w->opens, .block = w->block, .opener = p->opener
		};
	}
	statement_begin(p);
}

void frame_close(struct parse *p, struct token brace)
{
	if (p->depth == 1)
		p->last_closed = brace;
	p->depth--;
	token_push(p, brace);
	statement_begin(p);
}

/*
 * The head of a block ended without '{' (which the grammar has reported). If what follows is its
 * content all the same, the block is opened; otherwise it is taken as empty.
 */
void frame_open_anyway(struct parse *p)
{
	struct token next = parse_peek(p);

	p->opening = false;
	if (next.kind == '{') {
		frame_open(p, token_get(p));
	} else if (next.kind != 0 && next.kind != '}' &&
		   parse_column(p, next.word.at) > frame_indentation(p, p->opener.word.at)) {
		struct token brace = { .kind = '{', .word.at = parse_after(&p->previous) };

		frame_open(p, brace);
	} else {
		token_push_made(p, '{', &p->previous);
		token_push_made(p, '}', &p->previous);
		statement_begin(p);
	}
}

/* Reads on behind a statement of which the grammar has seen nothing. */
void statement_drop(struct parse *p, struct token first)
{
	p->latest = first;
	p->in_call = first.kind == '(';
	if (first.kind == RAW_NEWLINE || first.kind == ';')
		return;
	statement_skip(p);
	statement_begin(p);
}

void frame_reject_stray(struct parse *p, struct token t)
{
	struct diag *d;

	/* It closes what reject_outside() was about. */
	if (p->outside && p->last_closed.kind && !p->stray_closed) {
		p->stray_closed = true;
		return;
	}
	if (p->stray_closed)
		return;
	p->stray_closed = true;
	p->failed = false;
	d = parse_error(p, t.word.at, "'}' closes nothing");
	if (d && p->last_closed.kind)
		diag_note(p->diags, d, p->last_closed.word.at, "the declaration before ends here");
	else if (d)
		diag_hint(p->diags, d, "take it away");
}

void frame_end_of_file(struct parse *p, struct token t)
{
	struct diag *d = NULL;
	unsigned noted = 0;

	if (p->depth > 0 && frame_innermost(p)->kind != FRAME_REQUEST) {
		p->failed = false;
		if (!p->eof_reported)
			d = parse_error(p, t.word.at, "expected '}' at the end of the file");
		while (p->depth > 0) {
			if (d && noted++ < NOTES_MAX)
				diag_note(p->diags, d, frame_innermost(p)->opener.word.at,
					"this block is not closed");
			frame_close(p, (struct token){ .kind = '}', .word.at = t.word.at });
		}
		p->eof_reported = true;
		token_unget(p, t);
		return;
	}
	token_push(p, t);
}
