/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/kube/kube_path.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* RFC 3986, 2.3: all but what is unreserved. "." and ".." would be taken away on the way. */
static void put_escaped(struct text *to, const char *s)
{
	bool dots = !strcmp(s, ".") || !strcmp(s, "..");

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 128 && (isalnum(c) || strchr("-_~", c) || (c == '.' && !dots)))
			text_putc(to, *s);
		else
			text_printf(to, "%%%02X", c);
	}
}

void kube_path(struct text *to, const struct kube_resource *r)
{
	text_printf(to, "/%s/%s", strchr(r->group_version, '/') ? "apis" : "api", r->group_version);
	if (r->namespace) {
		text_puts(to, "/namespaces/");
		put_escaped(to, r->namespace);
	}
	text_printf(to, "/%s", r->plural);
	if (r->name) {
		text_putc(to, '/');
		put_escaped(to, r->name);
	}
	if (r->subresource)
		text_printf(to, "/%s", r->subresource);
}

void kube_query(struct text *to, const char *key, const char *value)
{
	text_printf(to, "%c%s=", strchr(text_str(to), '?') ? '&' : '?', key);
	put_escaped(to, value);
}
