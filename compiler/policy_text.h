/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POLICY_TEXT_H
#define PALE_POLICY_TEXT_H

/*
 * Policies as text that a person would write: four blanks for each block, lines of at most 100
 * columns, lists that go on over a line's end behind a comma.
 */

#include "compiler/base/text.h"

#include <stdbool.h>
#include <stddef.h>

#define POLICY_TEXT_COLUMNS 100
#define POLICY_TEXT_INDENT  4

struct policy_words {
	const char **v;
	size_t n, cap;
};

/* In the order of their bytes, each once. */
void policy_words_sort(struct policy_words *words);
/*
 * A comment, wrapped at its blanks. Control characters in it are escaped. @s does not begin with
 * "learned:", and no line after the first does, whatever paths are in it.
 */
void policy_text_comment(struct text *to, unsigned int indent, const char *s);
/* "HEAD A, B, C TAIL"; @tail may be NULL. Nothing when there are no words. No word is broken in its
 * quotes. */
void policy_text_list(struct text *to, unsigned int indent, const char *head,
	const struct policy_words *words, const char *tail);
void policy_text_line(struct text *to, unsigned int indent, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * A name for a profile that is made from the file @path: its base name without what follows the
 * first dot, '_' for what no name may hold.
 */
void policy_text_name(struct text *to, const char *path);
/*
 * A path, or the name of an abstract socket, as a word that means exactly these bytes, wherever a
 * path may stand: quoted where it must be, what globs and variables are made of escaped, and \xHH
 * for control characters and for what is no UTF-8. No NUL in a path.
 */
void policy_text_path(struct text *to, const char *bytes, size_t len);
/* As policy_text_path() without quotes: for a word of several parts. Blanks are \x20 then. */
void policy_text_path_part(struct text *to, const char *bytes, size_t len);
/* Whether a profile may be called so. */
bool policy_text_is_name(const char *name);

#endif
