/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/lsp.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "compiler/base/text.h"
#include "compiler/expect.h"
#include "compiler/resolve.h"

#include <string.h>

enum { LSP_ERROR = 1, LSP_WARNING = 2 };

/* Where the document says that it uses @source, or its beginning where another file does. */
static struct span use_of(const struct lsp_view *v, uint32_t source)
{
	const char *name = v->c.sources.v[source]->name;

	for (uint32_t i = 0; i < v->file->n; i++) {
		const struct ast_decl *d = v->file->v[i];

		for (uint32_t k = 0; d->kind == DECL_USE && k < d->values.n; k++) {
			const char *found =
				library_find(v->resolution, d->values.v[k].text, v->file->source);

			if (found && !strcmp(found, name))
				return d->values.v[k].at;
		}
	}
	return (struct span){ 0 };
}

/* "FILE:LINE:COLUMN: " */
static void add_place(struct text *t, const struct lsp_view *v, struct span at)
{
	const struct source *s = v->c.sources.v[at.source];
	uint32_t line, column;

	source_position(s, at.offset, &line, &column);
	text_escaped(t, s->name, strlen(s->name));
	text_printf(t, ":%u:%u: ", line, column);
}

static json_t *related(struct lsp_view *v, struct span at, const char *text)
{
	json_t *o = json_object();

	json_object_set_new(o, "location", lsp_view_location(v, at));
	json_object_set_new(o, "message", json_text(text));
	return o;
}

static json_t *diagnostic(const struct lsp_server *s, struct lsp_view *v, const struct diag *d)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	json_t *o = json_object(), *places = json_array();
	bool elsewhere = d->placed && d->at.source != 0;
	struct span at = elsewhere ? use_of(v, d->at.source) : d->at;

	if (elsewhere)
		add_place(&t, v, d->at);
	text_puts(&t, d->text);
	if (elsewhere)
		json_array_append_new(places, related(v, d->at, d->text));
	for (uint32_t i = 0; i < d->n_notes; i++) {
		const struct diag_note *n = &d->notes[i];

		if (n->placed && s->related) {
			json_array_append_new(places, related(v, n->at, n->text));
			continue;
		}
		text_puts(&t, "\nnote: ");
		if (n->placed)
			add_place(&t, v, n->at);
		text_puts(&t, n->text);
	}
	if (d->hint)
		text_printf(&t, "\nhint: %s", d->hint);
	if (!d->placed)
		at = (struct span){ 0 };
	json_object_set_new(o, "range", lsp_text_range(lsp_view_text(v, 0), at.offset, at.len));
	json_object_set_new(o, "severity",
		json_integer(d->severity == SEVERITY_ERROR ? LSP_ERROR : LSP_WARNING));
	json_object_set_new(o, "source", json_string("pale"));
	json_object_set_new(o, "message", json_text(text_str(&t)));
	if (s->related && json_array_size(places))
		json_object_set(o, "relatedInformation", places);
	json_decref(places);
	return o;
}

json_t *lsp_diagnostics(const struct lsp_server *s, const struct lsp_document *d)
{
	json_t *all = json_array();
	struct lsp_view v;

	lsp_view_open(&v, s, d, LSP_RULES);
	expectations_check(&v.c);
	for (uint32_t i = 0; i < v.c.diags.n; i++)
		json_array_append_new(all, diagnostic(s, &v, v.c.diags.v[i]));
	if (v.c.diags.n_dropped) {
		_cleanup_(text_release) struct text t = TEXT_INIT;
		struct diag rest = { .severity = SEVERITY_ERROR };

		text_printf(&t, "%u more are not shown", v.c.diags.n_dropped);
		rest.text = text_str(&t);
		json_array_append_new(all, diagnostic(s, &v, &rest));
	}
	lsp_view_close(&v);
	return all;
}
