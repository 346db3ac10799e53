/* SPDX-License-Identifier: Apache-2.0 */
/* Putting variables and aliases into patterns. */
#include "compiler/import_apparmor.h"

#include "compiler/import_apparmor_globs.h"

#include <string.h>

#define VALUES_MAX	2000
#define VALUE_BYTES_MAX 4096

struct aa_variable *aa_variable_find(struct aa_file *f, const char *name, size_t len, bool boolean)
{
	for (uint32_t i = 0; i < f->n_variables; i++) {
		struct aa_variable *v = &f->variables[i];

		if (v->boolean == boolean && strlen(v->name) == len && !memcmp(v->name, name, len))
			return v;
	}
	return NULL;
}

struct expanding {
	struct aa_file *file;
	struct span at;
	struct policy_words *to;
	const char **why;
	unsigned int fuel; /* against variables that multiply each other */
};

static bool too_many(struct expanding *e)
{
	*e->why = "its variables stand for more than 2000 values";
	return false;
}

static bool expand(struct expanding *e, const char *before, const char *text, size_t len);

/* What is set nowhere: an error, unless an include that may set it is missing. */
static bool undefined(struct expanding *e, const char *name, size_t len)
{
	struct aa_file *f = e->file;
	static const char *const automatic[] = { "profile_name", "exec_path", "attach_path" };

	for (size_t i = 0; i < sizeof(automatic) / sizeof(*automatic); i++) {
		if (strlen(automatic[i]) == len && !memcmp(automatic[i], name, len)) {
			*e->why = "a variable that the parser sets";
			return false;
		}
	}
	if (f->n_missing) {
		*e->why = "a variable that is set nowhere, and an include is missing";
		return false;
	}
	diag_error(f->diags, e->at, "undefined variable '@{%s}'",
		draft_quoted(f->arena, name, len, 80));
	return false;
}

static bool put_variable(struct expanding *e, const char *before, const char *name, size_t len,
	const char *after, size_t after_len)
{
	struct aa_file *f = e->file;
	struct aa_variable *v = aa_variable_find(f, name, len, false);

	if (!v)
		return undefined(e, name, len);
	if (v->busy) {
		diag_error(f->diags, v->at, "variable '@{%s}' contains itself",
			draft_quoted(f->arena, name, len, 80));
		return false;
	}
	for (uint32_t i = 0; i < v->values.n; i++) {
		struct policy_words values = { 0 };
		struct expanding one = *e;

		one.to = &values;
		v->busy = true;
		if (!expand(&one, "", v->values.v[i].text, v->values.v[i].len)) {
			v->busy = false;
			return false;
		}
		v->busy = false;
		e->fuel = one.fuel;
		for (size_t k = 0; k < values.n; k++) {
			const char *so_far = arena_printf(f->arena, "%s%s", before, values.v[k]);

			if (!expand(e, so_far, after, after_len))
				return false;
		}
	}
	return true;
}

static bool expand(struct expanding *e, const char *before, const char *text, size_t len)
{
	struct aa_file *f = e->file;
	const char *whole;

	if (e->fuel-- == 0 || e->to->n == VALUES_MAX)
		return too_many(e);
	if (strlen(before) + len > VALUE_BYTES_MAX) {
		*e->why = "a pattern of more than 4096 bytes";
		return false;
	}
	for (size_t i = 0; i + 1 < len; i++) {
		const char *close;

		if (text[i] == '\\') {
			i++;
			continue;
		}
		if (text[i] != '@' || text[i + 1] != '{')
			continue;
		close = memchr(text + i, '}', len - i);
		if (!close) {
			diag_error(f->diags, e->at, "unclosed '@{'");
			return false;
		}
		return put_variable(e, arena_printf(f->arena, "%s%.*s", before, (int)i, text),
			text + i + 2, (size_t)(close - text) - i - 2, close + 1,
			len - (size_t)(close + 1 - text));
	}
	whole = arena_printf(f->arena, "%s%.*s", before, (int)len, text);
	ARENA_PUSH(f->arena, e->to->v, e->to->n, e->to->cap, whole);
	return true;
}

bool aa_expand(struct aa_file *f, struct span at, const char *text, uint32_t len,
	struct policy_words *to, const char **ret_why)
{
	struct expanding e = { f, at, to, ret_why, 4 * VALUES_MAX };

	*ret_why = NULL;
	return expand(&e, "", text, len);
}

static bool add_globs(struct aa_file *f, struct span at, const char *text, struct policy_words *to,
	const char **ret_why)
{
	struct aa_pattern_error error = { NULL };
	const char *inexact = NULL;

	if (!aa_pattern_globs(f->arena, text, strlen(text), to, &inexact, &error)) {
		diag_error(f->diags, at, "%s", error.message);
		return false;
	}
	if (inexact)
		*ret_why = inexact;
	return true;
}

bool aa_globs(struct aa_file *f, struct span at, const char *text, uint32_t len,
	struct policy_words *to, const char **ret_why)
{
	struct policy_words values = { 0 };

	if (!aa_expand(f, at, text, len, &values, ret_why))
		return false;
	for (size_t i = 0; i < values.n; i++) {
		const char *value = values.v[i];

		if (!add_globs(f, at, value, to, ret_why))
			return false;
		for (uint32_t k = 0; k < f->n_aliases; k++) {
			const struct aa_alias *alias = &f->aliases[k];
			size_t n = strlen(alias->from);

			if (!strncmp(value, alias->from, n) &&
				!add_globs(f, at,
					arena_printf(f->arena, "%s%s", alias->to, value + n), to,
					ret_why))
				return false;
		}
		if (to->n > 4 * VALUES_MAX) {
			*ret_why = "it stands for more than 8000 globs";
			return false;
		}
	}
	/* Left out as a whole when nothing of it is left. */
	if (!to->n && !*ret_why)
		*ret_why = "it matches no path";
	return to->n > 0;
}
