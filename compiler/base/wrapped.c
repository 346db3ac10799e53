/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/wrapped.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

size_t wrapped_columns(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

void text_wrapped(struct text *to, const char *s, size_t at, size_t indent)
{
	bool first = true;

	while (*s) {
		size_t word, width;

		if (s[0] == '\n' && s[1] == '\n') {
			text_printf(to, "\n\n%*s", (int)indent, "");
			at = indent;
			first = true;
		}
		if (isspace((unsigned char)*s)) {
			s++;
			continue;
		}
		word = strcspn(s, " \n\t");
		width = wrapped_columns(s, word);
		if (!first && at + 1 + width > WRAPPED_COLUMNS) {
			text_printf(to, "\n%*s", (int)indent, "");
			at = indent;
			first = true;
		}
		if (!first) {
			text_putc(to, ' ');
			at++;
		}
		text_add(to, s, word);
		at += width;
		s += word;
		first = false;
	}
	text_putc(to, '\n');
}
