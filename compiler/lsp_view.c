/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/lsp.h"

#include "compiler/resolve.h"

void lsp_view_open(struct lsp_view *v, const struct lsp_server *s, const struct lsp_document *d,
	enum lsp_depth depth)
{
	struct compile_options options = s->options ? *s->options : (struct compile_options){ 0 };
	struct diag_list again;
	struct source *source;

	*v = (struct lsp_view){ .document = d, .utf8 = s->utf8 };
	options.outlines_only = depth == LSP_NAMES;
	compile_bytes(&v->c, d->path, d->bytes, d->len, &options);
	v->resolution = v->c.resolution;
	v->file = v->resolution->files[0];
	source = v->c.sources.v[0];
	diag_list_init(&again, &v->c.sources);
	parse_roles(source, &again, v->c.arena, &v->words);
	v->texts = arena_array(v->c.arena, v->c.sources.n, sizeof(*v->texts));
}

void lsp_view_close(struct lsp_view *v)
{
	compilation_release(&v->c);
}

const struct lsp_text *lsp_view_text(struct lsp_view *v, uint32_t source)
{
	const struct source *s = v->c.sources.v[source];

	if (!v->texts[source].n_lines)
		lsp_text_init(&v->texts[source], v->c.arena, s->bytes, s->len, v->utf8);
	return &v->texts[source];
}

const struct role_word *lsp_view_word(const struct lsp_view *v, uint32_t offset)
{
	const struct role_word *before = NULL;

	for (uint32_t i = 0; i < v->words.n; i++) {
		const struct span *at = &v->words.v[i].word.at;

		if (at->offset > offset)
			break;
		if (offset < at->offset + at->len)
			return &v->words.v[i];
		if (offset == at->offset + at->len)
			before = &v->words.v[i];
	}
	return before;
}

const char *lsp_view_bytes(const struct lsp_view *v, struct span at)
{
	return arena_memdup(v->c.arena, v->c.sources.v[at.source]->bytes + at.offset, at.len);
}

json_t *lsp_view_location(struct lsp_view *v, struct span at)
{
	json_t *o = json_object();

	json_object_set_new(o, "uri",
		at.source ? lsp_path_uri(v->c.sources.v[at.source]->name)
			  : json_string(v->document->uri));
	json_object_set_new(
		o, "range", lsp_text_range(lsp_view_text(v, at.source), at.offset, at.len));
	return o;
}
