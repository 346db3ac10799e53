/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_BASE_UTF8_H
#define PALE_BASE_UTF8_H

#include <stddef.h>

/*
 * The length in bytes (1 to 4) of the well-formed UTF-8 sequence at @s, of which @len bytes may be
 * read, or 0 when there is none: overlong forms, surrogates and values above U+10FFFF are not
 * well-formed (Unicode 15, table 3-7). NUL is a sequence of one byte.
 */
size_t utf8_sequence(const unsigned char *s, size_t len);

#endif
