/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/lsp.h"

#include "compiler/base/json_text.h"

/* SymbolKind of the protocol. */
enum { KIND_MODULE = 2, KIND_CLASS = 5, KIND_METHOD = 6, KIND_VARIABLE = 13, KIND_ARRAY = 18 };

static const struct {
	int kind;
	const char *detail;
} kinds[] = {
	[DECL_LET] = { KIND_VARIABLE, "let" },
	[DECL_GROUP] = { KIND_ARRAY, "group" },
	[DECL_FRAGMENT] = { KIND_MODULE, "fragment" },
	[DECL_PROFILE] = { KIND_CLASS, "profile" },
	[DECL_TEST] = { KIND_METHOD, "test" },
};

/* A name must not be empty, and a title may be. */
static json_t *name_of(const struct ast_decl *d)
{
	return json_text(d->name.len ? d->name.text : "\"\"");
}

static void add_nested(struct lsp_view *v, const struct ast_decl *d, json_t *to)
{
	json_t *o = json_object(), *children = json_array();

	json_object_set_new(o, "name", name_of(d));
	json_object_set_new(o, "detail", json_string(kinds[d->kind].detail));
	json_object_set_new(o, "kind", json_integer(kinds[d->kind].kind));
	json_object_set_new(
		o, "range", lsp_text_range(lsp_view_text(v, 0), d->at.offset, d->at.len));
	json_object_set_new(o, "selectionRange",
		lsp_text_range(lsp_view_text(v, 0), d->name.at.offset, d->name.at.len));
	for (uint32_t i = 0; i < d->body.n; i++) {
		if (d->body.v[i].kind == ITEM_PROFILE)
			add_nested(v, d->body.v[i].profile, children);
	}
	if (json_array_size(children))
		json_object_set(o, "children", children);
	json_decref(children);
	json_array_append_new(to, o);
}

/* For clients that know no children. */
static void add_flat(
	struct lsp_view *v, const struct ast_decl *d, const struct ast_decl *container, json_t *to)
{
	json_t *o = json_object();

	json_object_set_new(o, "name", name_of(d));
	json_object_set_new(o, "kind", json_integer(kinds[d->kind].kind));
	json_object_set_new(o, "location", lsp_view_location(v, d->at));
	if (container)
		json_object_set_new(o, "containerName", name_of(container));
	json_array_append_new(to, o);
	for (uint32_t i = 0; i < d->body.n; i++) {
		if (d->body.v[i].kind == ITEM_PROFILE)
			add_flat(v, d->body.v[i].profile, d, to);
	}
}

json_t *lsp_symbols(const struct lsp_server *s, const struct lsp_document *d)
{
	json_t *all = json_array();
	struct lsp_view v;

	lsp_view_open(&v, s, d, LSP_NAMES);
	for (uint32_t i = 0; i < v.file->n; i++) {
		if (v.file->v[i]->kind == DECL_USE)
			continue;
		if (s->hierarchical)
			add_nested(&v, v.file->v[i], all);
		else
			add_flat(&v, v.file->v[i], NULL, all);
	}
	lsp_view_close(&v);
	return all;
}
