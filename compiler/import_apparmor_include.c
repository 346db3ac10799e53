/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/import_apparmor_parser.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INCLUDED_BYTES_MAX ((uint64_t)16 << 20)

static bool include_source(
	struct aa_parser *p, const struct source *s, struct span at, const char *heading)
{
	struct aa_reading reading = {
		.up = p->reading,
		.scanner = { p->file->arena, p->file->diags, s, 0, s->len },
		.heading = heading,
		.included_at = at,
		.depth = p->reading->depth + 1,
	};
	struct aa_token kept = p->token;
	bool ok;

	p->reading = &reading;
	aa_advance(p, false);
	ok = aa_parse_body(p, AA_END);
	p->reading = reading.up;
	p->token = kept;
	return ok;
}

static bool is_being_read(struct aa_parser *p, const char *path, struct span at)
{
	for (const struct aa_reading *r = p->reading; r; r = r->up) {
		if (strcmp(r->scanner.source->name, path) != 0)
			continue;
		aa_wrong(p, at, "'%s' includes itself",
			draft_quoted(p->file->arena, path, strlen(path), 80));
		return true;
	}
	return false;
}

static bool include_file(struct aa_parser *p, const char *path, const char *name, struct span at)
{
	struct aa_file *f = p->file;
	struct pale_err *err = NULL;
	struct source *s = NULL;

	if (is_being_read(p, path, at))
		return false;
	if (p->reading->depth == AA_DEEP_MAX)
		return aa_wrong(p, at, "files include one another more than %d deep", AA_DEEP_MAX);
	for (uint32_t i = 0; p->profile && i < p->n_included; i++) {
		if (!strcmp(p->included[i], path))
			return true;
	}
	if (p->profile)
		ARENA_PUSH(f->arena, p->included, p->n_included, p->cap_included,
			arena_strdup(f->arena, path));
	if (source_read(f->diags->sources, path, path, &s, &err) < 0) {
		aa_wrong(p, at, "%s", pale_err_text(err));
		pale_err_free(err);
		return false;
	}
	s->portable_name = arena_strdup(f->arena, name);
	f->included_bytes += s->len;
	if (f->included_bytes > INCLUDED_BYTES_MAX)
		return aa_wrong(p, at, "more than 16 MiB are included");
	return include_source(p, s, at, s->portable_name);
}

/* What editors and package managers leave behind: aa-teardown(8), is_skippable_file. */
static bool is_skipped(const char *name)
{
	static const char *const ends[] = { ".dpkg-new", ".dpkg-old", ".dpkg-dist", ".dpkg-bak",
		".dpkg-remove", ".rpmnew", ".rpmsave", ".pacsave", ".pacnew", ".orig", ".rej",
		"~" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		size_t n = strlen(ends[i]), len = strlen(name);

		if (len >= n && !strcmp(name + len - n, ends[i]))
			return true;
	}
	return name[0] == '.' || !strcmp(name, "README");
}

static int not_skipped(const struct dirent *e)
{
	return !is_skipped(e->d_name);
}

static bool include_folder(struct aa_parser *p, const char *path, const char *name, struct span at)
{
	struct dirent **v;
	int n = scandir(path, &v, not_skipped, alphasort);
	bool ok = n >= 0;

	if (n < 0)
		return aa_wrong(p, at, "cannot read the folder '%s'", path);
	for (int i = 0; i < n; i++) {
		const char *below = arena_printf(p->file->arena, "%s/%s", path, v[i]->d_name);
		struct stat st;

		if (ok && stat(below, &st) == 0 && S_ISREG(st.st_mode))
			ok = include_file(p, below,
				arena_printf(p->file->arena, "%s/%s", name, v[i]->d_name), at);
		free(v[i]);
	}
	free(v);
	return ok;
}

/* The folder of the file that is imported, for #include "x". */
static const char *beside(struct aa_parser *p, const char *name)
{
	const char *path = p->file->source->name, *slash = strrchr(path, '/');

	if (*name == '/')
		return name;
	return arena_printf(
		p->file->arena, "%.*s%s", slash ? (int)(slash - path + 1) : 0, path, name);
}

bool aa_parse_include(struct aa_parser *p)
{
	struct aa_file *f = p->file;
	struct span from = p->token.at, name_at;
	bool maybe = false, magic;
	const char *name, *path = NULL;
	struct stat st;

	aa_advance(p, false);
	if (aa_is_word(&p->token, "if")) {
		aa_advance(p, false);
		if (!aa_is_word(&p->token, "exists"))
			return aa_expected(p, "'exists'");
		maybe = true;
		aa_advance(p, false);
	}
	if (!aa_is_text(&p->token) || !p->token.len)
		return aa_expected(p, "the name of a file");
	name_at = p->token.at;
	name = p->token.text;
	magic = p->token.kind == AA_WORD && name[0] == '<';
	if (magic) {
		size_t n = strcspn(name, ">");

		if (!name[n])
			return aa_wrong(p, name_at, "unclosed '<'");
		name = arena_memdup(f->arena, name + 1, n - 1);
	}
	if (!f->options->reads_includes)
		path = NULL;
	else if (!magic)
		path = beside(p, name);
	else if (f->options->apparmor_dir)
		path = arena_printf(f->arena, "%s/%s", f->options->apparmor_dir, name);
	if (path && stat(path, &st) == 0) {
		bool ok = S_ISDIR(st.st_mode)	? include_folder(p, path, name, name_at)
			  : S_ISREG(st.st_mode) ? include_file(p, path, name, name_at)
						: aa_wrong(p, name_at, "no file and no folder");
		if (!ok)
			return false;
	} else if (!maybe) {
		aa_note_missing(p, from, name_at, "not found: its rules are missing here");
	}
	aa_advance(p, false);
	/* A comma behind it says nothing. */
	if (p->token.kind == AA_COMMA)
		aa_advance(p, false);
	return !p->failed;
}
