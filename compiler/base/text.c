/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/text.h"

#include "compiler/base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_release(struct text *t)
{
	free(t->s);
	*t = (struct text)TEXT_INIT;
}

void text_clear(struct text *t)
{
	t->len = 0;
	if (t->s)
		t->s[0] = 0;
}

static void reserve(struct text *t, size_t more)
{
	size_t want = t->len + more + 1;

	if (want <= t->cap)
		return;
	if (want < t->cap * 2)
		want = t->cap * 2;
	if (want < 64)
		want = 64;
	t->s = realloc(t->s, want);
	if (!t->s) {
		fputs("pale: out of memory\n", stderr);
		abort();
	}
	t->cap = want;
}

void text_add(struct text *t, const void *bytes, size_t len)
{
	reserve(t, len);
	if (len)
		memcpy(t->s + t->len, bytes, len);
	t->len += len;
	t->s[t->len] = 0;
}

void text_puts(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void text_putc(struct text *t, char c)
{
	text_add(t, &c, 1);
}

void text_printf(struct text *t, const char *format, ...)
{
	va_list args, again;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		abort();
	reserve(t, (size_t)len);
	vsnprintf(t->s + t->len, (size_t)len + 1, format, again);
	va_end(again);
	t->len += (size_t)len;
}

void text_u16(struct text *t, uint16_t v)
{
	unsigned char b[2] = { v & 255, v >> 8 };

	text_add(t, b, sizeof(b));
}

void text_u32(struct text *t, uint32_t v)
{
	text_u16(t, v & 0xffff);
	text_u16(t, v >> 16);
}

void text_u64(struct text *t, uint64_t v)
{
	text_u32(t, v & 0xffffffff);
	text_u32(t, v >> 32);
}

/* U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069: Unicode's explicit ones (UAX #9). */
static unsigned int turns_direction(const unsigned char *s, size_t len)
{
	if (len == 2 && s[0] == 0xd8 && s[1] == 0x9c)
		return 0x61c;
	if (len != 3 || s[0] != 0xe2)
		return 0;
	if (s[1] == 0x80 && (s[2] == 0x8e || s[2] == 0x8f || (s[2] >= 0xaa && s[2] <= 0xae)))
		return 0x2000 + s[2] - 0x80;
	return s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9 ? 0x2040 + s[2] - 0x80 : 0;
}

void text_escaped(struct text *t, const void *bytes, size_t len)
{
	const unsigned char *s = bytes;

	for (size_t i = 0; i < len;) {
		size_t n = utf8_sequence(s + i, len - i);
		unsigned int turns = turns_direction(s + i, n);

		/* C1 controls (U+0080..U+009F) drive some terminals as ESC sequences do. */
		if (n == 0 || s[i] < 0x20 || s[i] == 0x7f ||
			(n == 2 && s[i] == 0xc2 && s[i + 1] < 0xa0)) {
			text_printf(t, "\\x%02x", s[i]);
			i++;
			continue;
		}
		if (turns)
			text_printf(t, "\\u{%x}", turns);
		else
			text_add(t, s + i, n);
		i += n;
	}
}

const char *text_str(const struct text *t)
{
	return t->s ? t->s : "";
}

char *text_take(struct text *t)
{
	char *s;

	reserve(t, 0);
	t->s[t->len] = 0;
	s = t->s;
	*t = (struct text)TEXT_INIT;
	return s;
}
