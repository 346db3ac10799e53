/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_BASE_WRAPPED_H
#define PALE_BASE_WRAPPED_H

/* Text in lines of at most WRAPPED_COLUMNS, as help and `pale doc` print it. */

#include "compiler/base/text.h"

#define WRAPPED_COLUMNS 80

/*
 * The words of @s, a newline at the end. The first line goes on at column @at; the others are
 * indented by @indent. An empty line parts paragraphs. A word that is too long stands alone.
 */
void text_wrapped(struct text *to, const char *s, size_t at, size_t indent);
/* Columns of @len bytes of UTF-8: those that do not continue a character. */
size_t wrapped_columns(const char *s, size_t len);

#endif
