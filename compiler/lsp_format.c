/* SPDX-License-Identifier: Apache-2.0 */
/*
 * textDocument/formatting. The one place that knows the formatter: once there is a function of this
 * form it is named below, and the server announces that it formats.
 */
#include "compiler/lsp.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <string.h>

/* Writes @bytes as they should look to @ret; false when the text has errors. */
typedef bool (*formatter)(const char *bytes, size_t len, struct text *ret);

static const formatter format_policy = NULL;

bool lsp_can_format(void)
{
	return format_policy != NULL;
}

json_t *lsp_format(const struct lsp_server *s, const struct lsp_document *d)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	json_t *edits = json_array();
	struct lsp_text whole;
	struct arena *a;

	if (!format_policy || !format_policy(d->bytes, d->len, &t) ||
		(t.len == d->len && !memcmp(text_str(&t), d->bytes, t.len)))
		return edits;
	a = arena_new();
	lsp_text_init(&whole, a, d->bytes, (uint32_t)d->len, s->utf8);
	json_array_append_new(edits,
		json_pack("{s:o, s:s%}", "range", lsp_text_range(&whole, 0, (uint32_t)d->len),
			"newText", text_str(&t), t.len));
	arena_free(a);
	return edits;
}
