/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/compile.h"

#include "compiler/base/suggest.h"
#include "compiler/exception.h"
#include "compiler/lower.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void outline_profiles(struct compilation *c, const struct ast_file *file)
{
	for (uint32_t i = 0; i < file->n; i++) {
		if (file->v[i]->kind == DECL_PROFILE)
			ARENA_PUSH(c->arena, c->outlines, c->n_outlines, c->cap_outlines,
				lower_outline(c->resolution, file->v[i]));
	}
}

static void compile_source(
	struct compilation *c, struct source *source, const struct compile_options *options)
{
	struct resolution *res = arena_alloc(c->arena, sizeof(*res));
	struct ast_file *file;

	source->own = true;
	*res = (struct resolution){ .arena = c->arena,
		.sources = &c->sources,
		.diags = &c->diags,
		.include_dirs = options ? options->include_dirs : NULL,
		.n_include_dirs = options ? options->n_include_dirs : 0 };
	if (options && options->from_memory) {
		res->from_memory = source->in_memory = true;
		res->memory = options->files;
		res->n_memory = options->n_files;
	}
	c->resolution = res;
	file = parse_file(source, &c->diags, c->arena);
	resolve_names(res, file);
	if (options && options->n_exceptions)
		exceptions_apply(res, file, options->exceptions, options->n_exceptions);
	if (options && options->outlines_only) {
		outline_profiles(c, file);
		return;
	}
	lower_groups(res);
	for (uint32_t i = 0; i < file->n; i++) {
		struct policy *p;
		bool whole;

		if (file->v[i]->kind != DECL_PROFILE)
			continue;
		p = lower_profile(res, file->v[i], &whole);
		if (whole)
			ARENA_PUSH(c->arena, c->policies, c->n_policies, c->cap_policies, p);
		else
			ARENA_PUSH(c->arena, c->outlines, c->n_outlines, c->cap_outlines, p);
	}
	for (uint32_t i = 0; i < file->n; i++) {
		const struct symbol *s;

		if (file->v[i]->kind != DECL_FRAGMENT)
			continue;
		s = resolve_find(res, SYMBOL_FRAGMENT, file->v[i]->name.text);
		if (s->decl != file->v[i] || !s->used)
			lower_fragment_alone(res, file->v[i]);
	}
	diag_sort(&c->diags);
}

static void start(struct compilation *c)
{
	*c = (struct compilation){ .arena = arena_new() };
	source_set_init(&c->sources, c->arena);
	diag_list_init(&c->diags, &c->sources);
}

void compile_file(struct compilation *c, const char *path, const struct compile_options *options)
{
	struct pale_err *err = NULL;
	struct source *source;

	start(c);
	if (source_read(&c->sources, path, path, &source, &err) < 0) {
		diag_error_unplaced(&c->diags, "%s", pale_err_text(err));
		pale_err_free(err);
		return;
	}
	compile_source(c, source, options);
}

void compile_bytes(struct compilation *c, const char *name, const void *bytes, size_t len,
	const struct compile_options *options)
{
	start(c);
	compile_source(c, source_add(&c->sources, name, bytes, len), options);
}

void compilation_release(struct compilation *c)
{
	arena_free(c->arena);
	c->arena = NULL;
}

struct policy *compilation_policy(struct compilation *c, const char *name)
{
	struct suggest s;
	struct diag *d;

	if (!name) {
		if (c->n_policies)
			return c->policies[0];
		if (!c->diags.n_errors)
			diag_error_unplaced(&c->diags, "the file has no profile");
		return NULL;
	}
	suggest_init(&s, name);
	for (uint32_t i = 0; i < c->n_policies; i++) {
		const struct policy *p = c->policies[i];

		for (uint32_t k = 0; k < p->n_domains; k++) {
			suggest_offer(&s, p->domains[k]->name);
			if (!strcmp(p->domains[k]->name, name))
				return c->policies[i];
		}
	}
	if (c->diags.n_errors)
		return NULL;
	d = diag_error_unplaced(&c->diags, "the file has no profile '%s'", name);
	if (suggest_best(&s))
		diag_hint(&c->diags, d, "did you mean '%s'?", suggest_best(&s));
	return NULL;
}

void compile_split_argument(const char *argument, char **ret_file, const char **ret_profile)
{
	char *file = strdup(argument), *colon;

	if (!file)
		abort();
	*ret_file = file;
	*ret_profile = NULL;
	colon = strrchr(file, ':');
	if (!colon || !colon[1] || access(argument, F_OK) == 0)
		return;
	for (const char *s = colon + 1; *s; s++) {
		if (!isalnum((unsigned char)*s) && !strchr("_-/", *s))
			return;
	}
	*colon = 0;
	*ret_profile = colon + 1;
}
