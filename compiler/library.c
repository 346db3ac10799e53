/* SPDX-License-Identifier: Apache-2.0 */
/* `use a/b`: where policies come from. */
#include "compiler/resolve.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct folders {
	const char **v;
	uint32_t n, cap;
};

static void add_folder(const struct resolution *res, struct folders *to, const char *s, size_t len)
{
	ARENA_PUSH(res->arena, to->v, to->n, to->cap, arena_memdup(res->arena, s, len));
}

/* A compiler that runs from where it was built finds the profiles beside it, and an installed one
 * those that were installed with it, whatever the prefix. */
static void add_beside_program(const struct resolution *res, struct folders *to)
{
	static const struct {
		const char *folder, *library;
	} places[] = {
		{ "/build/", "/profiles" },
		{ "/build-asan/", "/profiles" },
		{ "/bin/", "/share/pale/profiles" },
	};
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n <= 0)
		return;
	exe[n] = 0;
	*(strrchr(exe, '/') + 1) = 0;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		size_t len = strlen(exe), tail = strlen(places[i].folder);
		const char *dir;

		if (len <= tail || strcmp(exe + len - tail, places[i].folder) != 0)
			continue;
		dir = arena_printf(res->arena, "%.*s%s", (int)(len - tail), exe, places[i].library);
		add_folder(res, to, dir, strlen(dir));
		return;
	}
}

const char *const *library_folders(const struct resolution *res, const struct source *from)
{
	const char *slash = strrchr(from->name, '/');
	const char *env = getenv("PALE_PATH");
	struct folders to = { 0 };

	if (!from->in_memory)
		add_folder(res, &to, from->name, slash ? (size_t)(slash - from->name) : 0);
	for (uint32_t i = 0; i < res->n_include_dirs; i++)
		add_folder(res, &to, res->include_dirs[i], strlen(res->include_dirs[i]));
	while (env && *env) {
		size_t len = strcspn(env, ":");

		if (len)
			add_folder(res, &to, env, len);
		env += len + (env[len] == ':');
	}
	add_beside_program(res, &to);
	add_folder(res, &to, PALE_DATADIR "/profiles", strlen(PALE_DATADIR "/profiles"));
	ARENA_PUSH(res->arena, to.v, to.n, to.cap, NULL);
	return to.v;
}

const char *library_find(const struct resolution *res, const char *name, const struct source *from)
{
	for (const char *const *dir = library_folders(res, from); *dir; dir++) {
		const char *path =
			arena_printf(res->arena, "%s%s%s.pale", *dir, **dir ? "/" : "", name);

		if (access(path, F_OK) == 0)
			return path;
	}
	return NULL;
}

/* As if all lay in one folder, the library's files by the names by which they are used. */
static const struct memory_file *memory_find(
	const struct resolution *res, const char *name, const struct source *from)
{
	const char *place = from->in_memory ? from->name : from->portable_name;
	const char *slash = strrchr(place, '/');
	int folder = slash ? (int)(slash - place) + 1 : 0;

	for (int len = folder;; len = 0) {
		const char *path = arena_printf(res->arena, "%.*s%s.pale", len, place, name);

		for (uint32_t i = 0; i < res->n_memory; i++) {
			if (!strcmp(res->memory[i].name, path))
				return &res->memory[i];
		}
		if (!len)
			return NULL;
	}
}

/* malloc-ed; NULL when there is no such file (any more). Two ways to one file are one file. */
static char *canonical_path(const struct source *s)
{
	return s->in_memory ? strdup(s->name) : realpath(s->name, NULL);
}

struct loading {
	const char *path; /* canonical_path() */
	const char *name;
	struct loading *outer;
};

static void load(struct resolution *res, struct ast_file *file, struct loading *outer);

static bool is_loaded(const struct resolution *res, const char *path)
{
	for (uint32_t i = 0; i < res->n_files; i++) {
		_cleanup_free_ char *real = canonical_path(res->files[i]->source);

		if (real && !strcmp(real, path))
			return true;
	}
	return false;
}

/* Then it is an error at @name. */
static bool uses_itself(struct resolution *res, const struct word *name, const char *path,
	const struct loading *outer)
{
	for (const struct loading *l = outer; l; l = l->outer) {
		struct diag *d;

		if (!l->path || strcmp(l->path, path) != 0)
			continue;
		d = diag_error(res->diags, name->at, "'%s' uses itself", l->name);
		for (const struct loading *via = outer; via != l; via = via->outer)
			diag_note_unplaced(res->diags, d, "by way of '%s'", via->name);
		return true;
	}
	return false;
}

/* Whether there is such a file. The grammar takes no names that lead out of a folder. */
static bool load_memory(struct resolution *res, const struct word *name, struct ast_file *from,
	struct loading *outer)
{
	const struct memory_file *file;
	struct source *source;

	file = memory_find(res, name->text, from->source);
	if (!file)
		return false;
	if (uses_itself(res, name, file->name, outer) || is_loaded(res, file->name))
		return true;
	source = source_add(res->sources, file->name, file->bytes, file->len);
	source->in_memory = true;
	source->portable_name = source->name;
	load(res, parse_file(source, res->diags, res->arena), outer);
	return true;
}

static void not_found(struct resolution *res, const struct word *name)
{
	struct diag *d = diag_error(res->diags, name->at, "cannot find '%s.pale'", name->text);

	res->incomplete = true;
	diag_hint(res->diags, d, "%s",
		res->from_memory
			? "it is looked for among the files that came with this one, and in the "
			  "library"
			: "it is looked for beside this file, in -I folders, in $PALE_PATH and in "
			  "the library");
}

static void load_used(struct resolution *res, const struct word *name, struct ast_file *from,
	struct loading *outer)
{
	const char *path;
	_cleanup_free_ char *real = NULL;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct source *source;

	if (res->from_memory && load_memory(res, name, from, outer))
		return;
	path = library_find(res, name->text, from->source);
	if (!path) {
		not_found(res, name);
		return;
	}
	real = realpath(path, NULL);
	if (!real) {
		res->incomplete = true;
		diag_error(res->diags, name->at, "cannot read '%s': %s", path, strerror(errno));
		return;
	}
	if (uses_itself(res, name, real, outer) || is_loaded(res, real))
		return;
	if (source_read(res->sources, path, path, &source, &err) < 0) {
		res->incomplete = true;
		diag_error(res->diags, name->at, "%s", pale_err_text(err));
		return;
	}
	source->portable_name = arena_printf(res->arena, "%s.pale", name->text);
	load(res, parse_file(source, res->diags, res->arena), outer);
}

static void load(struct resolution *res, struct ast_file *file, struct loading *outer)
{
	_cleanup_free_ char *real = canonical_path(file->source);
	struct loading self = { .path = real, .name = file->source->name, .outer = outer };

	ARENA_PUSH(res->arena, res->files, res->n_files, res->cap_files, file);
	for (uint32_t i = 0; i < file->n; i++) {
		const struct ast_decl *decl = file->v[i];

		for (uint32_t k = 0; decl->kind == DECL_USE && k < decl->values.n; k++)
			load_used(res, &decl->values.v[k], file, &self);
	}
}

void library_load(struct resolution *res, struct ast_file *file)
{
	load(res, file, NULL);
}
