/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/html_text.h"

#include "compiler/base/cleanup.h"

#include <string.h>

/* U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069: Unicode's explicit ones (UAX #9). */
static const struct {
	const char *bytes, *shown;
} shown[] = {
	{ "&", "&amp;" },
	{ "<", "&lt;" },
	{ ">", "&gt;" },
	{ "\"", "&quot;" },
	{ "'", "&#39;" },
	{ "\xd8\x9c", "\\u{61c}" },
	{ "\xe2\x80\x8e", "\\u{200e}" },
	{ "\xe2\x80\x8f", "\\u{200f}" },
	{ "\xe2\x80\xaa", "\\u{202a}" },
	{ "\xe2\x80\xab", "\\u{202b}" },
	{ "\xe2\x80\xac", "\\u{202c}" },
	{ "\xe2\x80\xad", "\\u{202d}" },
	{ "\xe2\x80\xae", "\\u{202e}" },
	{ "\xe2\x81\xa6", "\\u{2066}" },
	{ "\xe2\x81\xa7", "\\u{2067}" },
	{ "\xe2\x81\xa8", "\\u{2068}" },
	{ "\xe2\x81\xa9", "\\u{2069}" },
};

#define N_SHOWN (sizeof(shown) / sizeof(*shown))

void html_text(struct text *to, const char *s, size_t len)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const char *at;

	text_escaped(&t, s, len);
	for (at = text_str(&t); *at;) {
		size_t i = 0;

		while (i < N_SHOWN && strncmp(at, shown[i].bytes, strlen(shown[i].bytes)) != 0)
			i++;
		if (i == N_SHOWN) {
			text_putc(to, *at++);
			continue;
		}
		text_puts(to, shown[i].shown);
		at += strlen(shown[i].bytes);
	}
}

void html_puts(struct text *to, const char *s)
{
	html_text(to, s, strlen(s));
}
