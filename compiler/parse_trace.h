/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PARSE_TRACE_H
#define PALE_PARSE_TRACE_H

/*
 * What a file was taken apart into on the way to its tree: for who writes the same file anew, with
 * the words as they were spelt and with the comments, which no tree has.
 */

#include "compiler/ast.h"

/* @kind: enum pale_tokentype or a character. */
struct lexeme {
	int kind;
	struct span at;
};

/*
 * @lexemes: what the grammar took, in source order, with END (of no length) right behind the last
 * word of each statement that is not a block. Line ends and ';' are not among them, nor what the
 * parser made up. Between two of them there is nothing but blanks, line ends, ';' and comments, and
 * in front of the first perhaps a byte order mark.
 *
 * @comments: from '#' to the line's end, a CR in front of that included; in source order.
 *
 * Both mean something only where the file had no error.
 */
struct parse_trace {
	struct lexeme *lexemes;
	uint32_t n_lexemes, cap_lexemes;
	struct span *comments;
	uint32_t n_comments, cap_comments;
};

/* As parse_file(), and fills @trace. */
struct ast_file *parse_file_traced(struct source *source, struct diag_list *diags,
	struct arena *arena, struct parse_trace *trace);

#endif
