/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_BASE_TEXT_H
#define PALE_BASE_TEXT_H

/*
 * A string that grows. Always NUL-terminated once anything was added; may hold NUL bytes, so @len
 * counts. Initialise with TEXT_INIT, release with text_release() or `_cleanup_(text_release)`.
 * Out of memory aborts.
 */

#include <stddef.h>
#include <stdint.h>

struct text {
	char *s;
	size_t len;
	size_t cap;
};

#define TEXT_INIT                                                                                  \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}

void text_release(struct text *t);
void text_clear(struct text *t);
void text_add(struct text *t, const void *bytes, size_t len);
void text_puts(struct text *t, const char *s);
void text_putc(struct text *t, char c);
void text_printf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Little-endian, for the binary artefacts. */
void text_u16(struct text *t, uint16_t v);
void text_u32(struct text *t, uint32_t v);
void text_u64(struct text *t, uint64_t v);
/*
 * For people and for one-line formats: printable ASCII and well-formed UTF-8 as they are, anything
 * else (control characters, ESC above all) as \xHH, and characters that change the direction of
 * what follows as \u{…}. A hostile file name cannot drive a terminal, nor look like another one.
 */
void text_escaped(struct text *t, const void *bytes, size_t len);
/* The string, "" when nothing was added. Valid until the next change. */
const char *text_str(const struct text *t);
/* Hands the malloc-ed string over to the caller and leaves @t empty. */
char *text_take(struct text *t);

#endif
