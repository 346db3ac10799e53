/* SPDX-License-Identifier: Apache-2.0 */
#include "docs/shell_quote.h"

void quote_sh(FILE *to, const char *s)
{
	fputc('\'', to);
	for (; *s; s++) {
		if (*s == '\'')
			fputs("'\\''", to);
		else
			fputc(*s, to);
	}
	fputc('\'', to);
}

void quote_fish(FILE *to, const char *s)
{
	fputc('\'', to);
	for (; *s; s++) {
		if (*s == '\'' || *s == '\\')
			fputc('\\', to);
		fputc(*s, to);
	}
	fputc('\'', to);
}
