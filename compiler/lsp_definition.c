/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/lsp.h"

#include "compiler/resolve.h"

#include <ctype.h>
#include <string.h>

static bool name_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/*
 * The name behind @sigil that @offset lies in, of a word that may hold several: /srv/$user/${day}.
 * Empty: none.
 */
static struct span name_in_word(
	const struct lsp_view *v, struct span word, uint32_t offset, char sigil)
{
	const char *bytes = v->c.sources.v[word.source]->bytes;
	uint32_t end = word.offset + word.len;

	for (uint32_t i = word.offset; i < end; i++) {
		uint32_t from = i, name, to;

		if (bytes[i] == '\\') {
			i++;
			continue;
		}
		if (bytes[i] != sigil)
			continue;
		name = i + 1 + (sigil == '$' && i + 1 < end && bytes[i + 1] == '{');
		for (to = name; to < end && name_byte(bytes[to]); to++)
			;
		if (to < end && name > i + 1 && bytes[to] == '}')
			to++;
		if (offset >= from && offset <= to && to > name)
			return (struct span){ word.source, from, to - from };
		i = to - 1;
	}
	return (struct span){ 0 };
}

/* Its name alone: of $n, ${n} and @n. */
static const char *bare_name(const struct lsp_view *v, struct span at)
{
	char *s = (char *)lsp_view_bytes(v, at) + 1;

	s += *s == '{';
	for (char *end = s; *end; end++) {
		if (!name_byte(*end))
			*end = 0;
	}
	return s;
}

static struct lsp_target to_symbol(
	const struct lsp_view *v, enum symbol_kind kind, const char *name, struct span at)
{
	const struct symbol *s = resolve_find(v->resolution, kind, name);

	return (struct lsp_target){ s ? LSP_SYMBOL : LSP_NOWHERE, .symbol = s, .at = at };
}

static const struct policy *policy_named(const struct lsp_view *v, const char *name, size_t len)
{
	const struct compilation *c = &v->c;

	for (uint32_t i = 0; i < c->n_policies + c->n_outlines; i++) {
		const struct policy *p =
			i < c->n_policies ? c->policies[i] : c->outlines[i - c->n_policies];

		if (strlen(p->name) == len && !memcmp(p->name, name, len))
			return p;
	}
	return NULL;
}

static const struct domain *domain_named(
	const struct lsp_view *v, const char *name, const struct policy **ret_policy)
{
	int32_t found;

	*ret_policy = policy_named(v, name, strcspn(name, "/"));
	if (!*ret_policy)
		return NULL;
	found = policy_domain_find(*ret_policy, name);
	return found >= 0 ? (*ret_policy)->domains[found] : NULL;
}

static bool spans(struct span at, uint32_t offset)
{
	return offset >= at.offset && offset <= at.offset + at.len;
}

const struct domain *lsp_domain_at(
	struct lsp_view *v, uint32_t offset, const struct policy **ret_policy)
{
	const struct ast_decl *inner = NULL;
	const char *name = NULL;

	*ret_policy = NULL;
	for (uint32_t i = 0; i < v->file->n && !inner; i++) {
		if (spans(v->file->v[i]->at, offset))
			inner = v->file->v[i];
	}
	if (!inner || (inner->kind != DECL_PROFILE && inner->kind != DECL_TEST))
		return NULL;
	name = inner->kind == DECL_TEST ? inner->for_profile.text : inner->name.text;
	while (inner) {
		const struct ast_decl *next = NULL;

		for (uint32_t i = 0; i < inner->body.n && !next; i++) {
			const struct ast_item *item = &inner->body.v[i];

			if (item->kind == ITEM_PROFILE && spans(item->at, offset))
				next = item->profile;
		}
		if (next)
			name = arena_printf(v->c.arena, "%s/%s", name, next->name.text);
		inner = next;
	}
	return domain_named(v, name, ret_policy);
}

static struct lsp_target to_domain(struct lsp_view *v, const struct role_word *w, uint32_t offset)
{
	struct lsp_target t = { .at = w->word.at };
	const struct domain *from = lsp_domain_at(v, offset, &t.policy);
	int32_t found = from ? policy_domain_from(t.policy, from->index, w->word.text) : -1;

	if (found >= 0) {
		t.kind = LSP_DOMAIN;
		t.domain = t.policy->domains[found];
	}
	return t;
}

/* A declaration's own name. */
static struct lsp_target to_itself(struct lsp_view *v, const struct role_word *w, uint32_t offset)
{
	struct lsp_target t = { .at = w->word.at };

	for (uint32_t i = 0; i < v->resolution->n_symbols; i++) {
		const struct symbol *s = v->resolution->symbols[i];

		if (s->decl->name.at.source == 0 && s->decl->name.at.offset == w->word.at.offset)
			return (struct lsp_target){ LSP_SYMBOL, .symbol = s, .at = w->word.at };
	}
	t.domain = lsp_domain_at(v, offset, &t.policy);
	t.kind = t.domain ? LSP_DOMAIN : LSP_NOWHERE;
	return t;
}

struct lsp_target lsp_target(struct lsp_view *v, const struct role_word *w, uint32_t offset)
{
	struct lsp_target t = { .at = w->word.at };
	struct span name;

	switch (w->role) {
	case ROLE_PATH:
	case ROLE_ADDRESS:
	case ROLE_GROUP:
	case ROLE_VALUE:
		name = name_in_word(v, w->word.at, offset, '$');
		if (name.len)
			return to_symbol(v, SYMBOL_VARIABLE, bare_name(v, name), name);
		name = name_in_word(v, w->word.at, offset, '@');
		if (name.len && w->role != ROLE_PATH)
			return to_symbol(v, SYMBOL_GROUP, bare_name(v, name), name);
		return t;
	case ROLE_FRAGMENT:
		return to_symbol(v, SYMBOL_FRAGMENT, w->word.text, w->word.at);
	case ROLE_PROFILE:
		return to_symbol(v, SYMBOL_PROFILE, w->word.text, w->word.at);
	case ROLE_TESTED:
		t.domain = domain_named(v, w->word.text, &t.policy);
		t.kind = t.domain ? LSP_DOMAIN : LSP_NOWHERE;
		return t;
	case ROLE_SUBPROFILE:
	case ROLE_TARGET:
		return to_domain(v, w, offset);
	case ROLE_FILE:
		t.path = library_find(v->resolution, w->word.text, v->file->source);
		t.kind = t.path ? LSP_FILE : LSP_NOWHERE;
		return t;
	case ROLE_DECLARED:
		return to_itself(v, w, offset);
	default:
		return t;
	}
}

json_t *lsp_definition(const struct lsp_server *s, const struct lsp_document *d, uint32_t offset)
{
	const struct role_word *w;
	struct lsp_target t = { 0 };
	json_t *found = NULL;
	struct lsp_view v;

	lsp_view_open(&v, s, d, LSP_NAMES);
	w = lsp_view_word(&v, offset);
	if (w)
		t = lsp_target(&v, w, offset);
	if (t.kind == LSP_SYMBOL) {
		found = lsp_view_location(&v, t.symbol->decl->name.at);
	} else if (t.kind == LSP_DOMAIN) {
		found = lsp_view_location(&v, t.domain->at);
	} else if (t.kind == LSP_FILE) {
		struct lsp_text empty;

		lsp_text_init(&empty, v.c.arena, "", 0, s->utf8);
		found = json_object();
		json_object_set_new(found, "uri", lsp_path_uri(t.path));
		json_object_set_new(found, "range", lsp_text_range(&empty, 0, 0));
	}
	lsp_view_close(&v);
	return found;
}
