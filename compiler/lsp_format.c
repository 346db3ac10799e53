/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/lsp.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/fmt.h"

#include <string.h>

/* false when the text has errors, or is no other formatted. */
static bool format_changes(const struct lsp_document *d, struct text *ret)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct source_set sources;
	struct diag_list diags;

	source_set_init(&sources, a);
	diag_list_init(&diags, &sources);
	return fmt_policy(source_add(&sources, "", d->bytes, d->len), &diags, ret) &&
	       (ret->len != d->len || memcmp(text_str(ret), d->bytes, d->len) != 0);
}

json_t *lsp_format(const struct lsp_server *s, const struct lsp_document *d)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	json_t *edits = json_array();
	struct lsp_text whole;
	struct arena *a;

	if (!format_changes(d, &t))
		return edits;
	a = arena_new();
	lsp_text_init(&whole, a, d->bytes, (uint32_t)d->len, s->utf8);
	json_array_append_new(edits,
		json_pack("{s:o, s:s%}", "range", lsp_text_range(&whole, 0, (uint32_t)d->len),
			"newText", text_str(&t), t.len));
	arena_free(a);
	return edits;
}
