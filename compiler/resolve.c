/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/resolve.h"

#include "compiler/base/suggest.h"

#include <string.h>

static const char *const kind_names[SYMBOL_KIND_COUNT] = {
	[SYMBOL_VARIABLE] = "variable",
	[SYMBOL_GROUP] = "group",
	[SYMBOL_FRAGMENT] = "fragment",
	[SYMBOL_PROFILE] = "profile",
};

static const char *const kind_sigils[SYMBOL_KIND_COUNT] = {
	[SYMBOL_VARIABLE] = "$",
	[SYMBOL_GROUP] = "@",
	[SYMBOL_FRAGMENT] = "",
	[SYMBOL_PROFILE] = "",
};

/* Where nothing is alike; with the name. */
static const char *const kind_hints[SYMBOL_KIND_COUNT] = {
	[SYMBOL_VARIABLE] = "declare it at the top of the file: let %s = ...",
	[SYMBOL_GROUP] = "declare it at the top of the file: group KIND @%s = ...",
	[SYMBOL_FRAGMENT] =
		"declare it in this file, 'fragment %s { ... }', or in one that it uses",
	[SYMBOL_PROFILE] = "no profile of this file, or of one that it uses, is named '%s'",
};

/* Keeps a file of many names and many mistakes quick. */
#define SUGGESTED_MAX 4096

static uint32_t bucket_of(enum symbol_kind kind, const char *name)
{
	uint32_t h = 2166136261u + (uint32_t)kind;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return h % SYMBOL_BUCKETS;
}

struct symbol *resolve_find(const struct resolution *res, enum symbol_kind kind, const char *name)
{
	for (struct symbol *s = res->buckets[bucket_of(kind, name)]; s; s = s->next) {
		if (s->kind == kind && !strcmp(s->name, name))
			return s;
	}
	return NULL;
}

/* Whether a declaration that could not be read may have been that of @name. */
static bool may_be_lost(const struct resolution *res, enum symbol_kind kind, const char *name)
{
	static const enum ast_decl_kind decl_kinds[SYMBOL_KIND_COUNT] = {
		[SYMBOL_VARIABLE] = DECL_LET,
		[SYMBOL_GROUP] = DECL_GROUP,
		[SYMBOL_FRAGMENT] = DECL_FRAGMENT,
		[SYMBOL_PROFILE] = DECL_PROFILE,
	};

	for (uint32_t i = 0; i < res->n_files; i++) {
		const struct ast_file *f = res->files[i];

		for (uint32_t k = 0; k < f->n_lost; k++) {
			const char *lost = f->lost[k].name.text;

			if (f->lost[k].kind == DECL_USE)
				return true;
			if (f->lost[k].kind != decl_kinds[kind])
				continue;
			if (!lost || !strcmp(lost + (kind == SYMBOL_GROUP && *lost == '@'), name))
				return true;
		}
	}
	return false;
}

struct diag *resolve_unknown(struct resolution *res, enum symbol_kind kind, const struct word *word)
{
	const char *name = word->text;
	struct suggest suggest;
	struct diag *d;
	const char *best;

	if (kind == SYMBOL_VARIABLE || kind == SYMBOL_GROUP)
		name += *name == *kind_sigils[kind];
	if (res->incomplete || may_be_lost(res, kind, name))
		return arena_alloc(res->arena, sizeof(*d));
	d = diag_error(res->diags, word->at, "unknown %s '%s%s'", kind_names[kind],
		kind_sigils[kind], name);
	suggest_init(&suggest, name);
	for (uint32_t i = 0; i < res->n_symbols && i < SUGGESTED_MAX && !res->diags->n_dropped;
		i++) {
		if (res->symbols[i]->kind == kind)
			suggest_offer(&suggest, res->symbols[i]->name);
	}
	best = suggest_best(&suggest);
	if (best)
		diag_hint(res->diags, d, "did you mean '%s%s'?", kind_sigils[kind], best);
	else
		diag_hint(res->diags, d, kind_hints[kind], name);
	return d;
}

static void declare(struct resolution *res, enum symbol_kind kind, struct ast_decl *decl)
{
	const char *name = decl->name.text;
	struct symbol *s;
	uint32_t b;

	if (kind == SYMBOL_GROUP && *name == '@')
		name++;
	s = resolve_find(res, kind, name);
	if (s) {
		const struct source *first = res->sources->v[s->decl->name.at.source];
		const struct source *second = res->sources->v[decl->name.at.source];
		/* The user can change the own file, not the library. */
		bool swap = first->own && !second->own;
		struct diag *d = diag_error(res->diags, swap ? s->decl->name.at : decl->name.at,
			"%s '%s%s' is declared twice", kind_names[kind], kind_sigils[kind], name);

		diag_note(res->diags, d, swap ? decl->name.at : s->decl->name.at, "%s",
			swap ? "the file that is used declares it here" : "first declared here");
		return;
	}
	s = arena_alloc(res->arena, sizeof(*s));
	b = bucket_of(kind, name);
	*s = (struct symbol){ .kind = kind, .name = name, .decl = decl, .next = res->buckets[b] };
	res->buckets[b] = s;
	ARENA_PUSH(res->arena, res->symbols, res->n_symbols, res->cap_symbols, s);
}

static void declare_file(struct resolution *res, struct ast_file *file)
{
	static const int kind_of[] = {
		[DECL_USE] = -1,
		[DECL_LET] = SYMBOL_VARIABLE,
		[DECL_GROUP] = SYMBOL_GROUP,
		[DECL_FRAGMENT] = SYMBOL_FRAGMENT,
		[DECL_PROFILE] = SYMBOL_PROFILE,
		[DECL_TEST] = -1,
	};

	for (uint32_t i = 0; i < file->n; i++) {
		int kind = kind_of[file->v[i]->kind];

		if (kind >= 0)
			declare(res, (enum symbol_kind)kind, file->v[i]);
	}
}

void resolve_names(struct resolution *res, struct ast_file *own)
{
	library_load(res, own);
	for (uint32_t i = 0; i < res->n_files; i++)
		declare_file(res, res->files[i]);
	/* Also those that no rule names: a mistake is one wherever it stands. */
	for (uint32_t i = 0; i < res->n_symbols; i++) {
		struct symbol *s = res->symbols[i];

		if (s->kind == SYMBOL_VARIABLE || s->kind == SYMBOL_GROUP)
			expand_check(res, s);
	}
}
