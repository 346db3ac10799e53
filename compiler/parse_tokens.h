/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PARSE_TOKENS_H
#define PALE_PARSE_TOKENS_H

/* What lies between the scanner and the grammar; for parse_{tokens,statement,frames}.c alone. */

#include "compiler/parse.h"

/* A word that may begin a statement. */
struct statement_word {
	const char *name;
	unsigned frames;
	int token;
	int opens; /* enum frame_kind, or -1 */
	enum ast_block block;
	enum effect effect;
};

/* parse_frames.c: tokens read ahead, tokens for the grammar, blocks and statements as such. */
struct token token_get(struct parse *p);
void token_unget(struct parse *p, struct token t);
void token_push(struct parse *p, struct token t);
/* One that nobody wrote, behind @after. */
void token_push_made(struct parse *p, int kind, const struct token *after);

void statement_begin(struct parse *p);
/* Queues END. */
void statement_end(struct parse *p);
/* Skips what is left of a statement, blocks and continued lines with it. */
void statement_skip(struct parse *p);
/* Skips a statement of which the grammar has seen nothing. */
void statement_drop(struct parse *p, struct token first);

struct frame *frame_innermost(struct parse *p);
/* The column of the first word in @at's line. */
uint32_t frame_indentation(const struct parse *p, struct span at);
void frame_open(struct parse *p, struct token brace);
void frame_close(struct parse *p, struct token brace);
/*
 * The head of a block ended without '{' (which the grammar has reported). If what follows is its
 * content all the same, the block is opened; otherwise it is taken as empty.
 */
void frame_open_anyway(struct parse *p);
void frame_reject_stray(struct parse *p, struct token t);
/* Closes what is open, with an error, or hands the end on to the grammar. */
void frame_end_of_file(struct parse *p, struct token t);

/* parse_statement.c */
bool token_is(const struct token *t, const char *name);
/* NULL when no statement begins with @t. */
const struct statement_word *statement_word_of(const struct token *t);
bool statement_stands_in(const struct statement_word *w, const struct frame *f);
/* @t is a statement's first word: queues it, or rejects and drops the statement. */
void statement_start(struct parse *p, struct token t);

#endif
