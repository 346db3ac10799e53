/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/html_text.h"

#include "compiler/base/cleanup.h"

#include <string.h>

static const struct {
	const char *bytes, *shown;
} shown[] = {
	{ "&", "&amp;" },
	{ "<", "&lt;" },
	{ ">", "&gt;" },
	{ "\"", "&quot;" },
	{ "'", "&#39;" },
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
