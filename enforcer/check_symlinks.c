/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/check_symlinks.h"

#include "compiler/base/cleanup.h"
#include "compiler/glob_expand.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define EXPANSIONS_MAX 4096

/* Operations that take a path's last component as it is. */
#define TAKE_LAST                                                                                  \
	(OP_BIT(OP_CREATE) | OP_BIT(OP_DELETE) | OP_BIT(OP_RENAME) | OP_BIT(OP_LINK) |             \
		OP_BIT(OP_LISTEN))

struct check {
	int root_fd;
	char root[PATH_MAX]; /* as this process sees it, without a '/' at its end */
	struct symlink_findings *findings;
	struct pale_err **err;
};

static int open_in_root(const struct check *c, const char *path, uint64_t flags)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC | flags, .resolve = RESOLVE_IN_ROOT };

	return (int)syscall(__NR_openat2, c->root_fd, path, &how, sizeof(how));
}

/* Where a descriptor is, as this process sees it. */
static int path_of(int fd, char *buf, size_t size)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, buf, size);
	if (n < 0)
		return -errno;
	if ((size_t)n == size)
		return -ENAMETOOLONG;
	buf[n] = 0;
	return 0;
}

/* Where the link @path itself points, when it leads nowhere. */
static bool dangling(const struct check *c, const char *path, char *buf, size_t size)
{
	_cleanup_close_ int fd = open_in_root(c, path, O_NOFOLLOW);
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISLNK(st.st_mode))
		return false;
	n = readlinkat(fd, "", buf, size - 1);
	if (n < 0)
		return false;
	buf[n] = 0;
	return true;
}

/* The real path of as much of @path as is there: of its first *@ret_len bytes. */
static int real_path(const struct check *c, const char *path, char *real, size_t *ret_len)
{
	_cleanup_free_ char *part = strdup(path);
	size_t len = strlen(path), root_len = strlen(c->root);

	if (!part)
		abort();
	for (;;) {
		_cleanup_close_ int fd = -1;
		char seen[PATH_MAX];
		int r;

		part[len] = 0;
		*ret_len = len;
		if (len == 0)
			return strcpy(real, ""), 0;
		fd = open_in_root(c, part, 0);
		if (fd >= 0) {
			r = path_of(fd, seen, sizeof(seen));
			if (r < 0)
				return r;
			strcpy(real, strncmp(seen, c->root, root_len) ? seen : seen + root_len);
			return 0;
		}
		if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP && errno != EACCES)
			return -errno;
		if (dangling(c, part, real, PATH_MAX))
			return 0;
		while (len && part[len] != '/')
			len--;
	}
}

static void found(struct check *c, const struct symlink_finding *f)
{
	struct symlink_findings *all = c->findings;

	for (uint32_t i = 0; i < all->n; i++) {
		if (all->v[i].rule == f->rule && !strcmp(all->v[i].written, f->written)) {
			free(f->written);
			free(f->real);
			return;
		}
	}
	if (all->n == all->cap) {
		all->cap = all->cap ? all->cap * 2 : 8;
		all->v = realloc(all->v, all->cap * sizeof(*all->v));
		if (!all->v)
			abort();
	}
	all->v[all->n++] = *f;
	all->n_errors += f->is_error;
}

/* @path: literal, absolute, without a '/' at its end. */
static int check_path(struct check *c, struct symlink_finding f, const char *path)
{
	char real[PATH_MAX];
	size_t len;
	int r;

	if (!strcmp(path, "/proc") || !strncmp(path, "/proc/", 6))
		return 0;
	r = real_path(c, path, real, &len);
	if (r < 0)
		return pale_err_set(c->err, -r, "look %s up", path);
	if (strlen(real) == len && !strncmp(real, path, len))
		return 0;
	f.written = strdup(path);
	if (asprintf(&f.real, "%s%s", real, path + len) < 0 || !f.written)
		abort();
	found(c, &f);
	return 0;
}

/* The bytes before the first glob form; true when there is none. */
static bool literal_beginning(const struct glob_seq *seq, struct text *to)
{
	uint32_t i;

	for (i = 0; i < seq->n && seq->v[i].kind == GLOB_LITERAL; i++)
		text_add(to, seq->v[i].bytes, seq->v[i].n);
	return i == seq->n;
}

static int check_glob(struct check *c, struct symlink_finding f)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct glob_expansions e = glob_expand(a, f.glob, EXPANSIONS_MAX);

	/* A warning may be missing; a rule that refuses may not be let through unseen. */
	if (e.partial && f.is_error)
		return pale_err_plain(c->err, E2BIG,
			"%s:%u: '%s' has more than %u alternatives to look up",
			f.rule->lines[0].file, f.rule->lines[0].line, f.glob->text, EXPANSIONS_MAX);
	for (uint32_t i = 0; i < e.n; i++) {
		_cleanup_(text_release) struct text path = TEXT_INIT;
		bool literal = literal_beginning(&e.v[i], &path);
		size_t len = path.len;
		int r;

		/* What is not whole is no component yet; what is taken as it is follows no link. */
		if (!literal || !(f.rule->operations & ~(uint64_t)TAKE_LAST)) {
			if (literal && len && path.s[len - 1] == '/')
				len--;
			while (len && path.s[len - 1] != '/')
				len--;
		}
		while (len && path.s[len - 1] == '/')
			len--;
		if (len == 0)
			continue;
		path.s[len] = 0;
		r = check_path(c, f, path.s);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_globs(
	struct check *c, const struct rule *rule, const struct globs *globs, bool except)
{
	bool refuses = rule->effect == EFFECT_DENY || rule->effect == EFFECT_KILL;

	for (uint32_t i = 0; i < globs->n; i++) {
		struct symlink_finding f = {
			.rule = rule,
			.glob = globs->v[i],
			.except = except,
			.is_error = refuses && !except,
		};
		int r = check_glob(c, f);

		if (r < 0)
			return r;
	}
	return 0;
}

int check_symlinks(
	const struct policy *p, int root_fd, struct symlink_findings *ret, struct pale_err **err)
{
	struct check c = { .root_fd = root_fd, .findings = ret, .err = err };
	int r = path_of(root_fd, c.root, sizeof(c.root));

	*ret = (struct symlink_findings){ 0 };
	if (r < 0)
		return pale_err_set(err, -r, "look the container's root up");
	if (!strcmp(c.root, "/"))
		c.root[0] = 0;
	for (uint32_t i = 0; i < p->n_rules && r == 0; i++) {
		const struct rule *rule = p->rules[i];

		r = check_globs(&c, rule, &rule->paths, false);
		if (r == 0)
			r = check_globs(&c, rule, &rule->except_paths, true);
	}
	if (r < 0) {
		symlink_findings_release(ret);
		return pale_err_wrap(err, "check symbolic links");
	}
	return 0;
}

void symlink_findings_release(struct symlink_findings *f)
{
	for (uint32_t i = 0; i < f->n; i++) {
		free(f->v[i].written);
		free(f->v[i].real);
	}
	free(f->v);
	*f = (struct symlink_findings){ 0 };
}

void symlink_finding_text(const struct symlink_finding *f, struct text *to)
{
	if (f->rule->n_lines) {
		const struct rule_line *l = &f->rule->lines[0];

		text_printf(to, "%s:%u:%u: ", l->file, l->line, l->column);
	}
	text_puts(to, f->is_error ? "error: " : "warning: ");
	text_escaped(to, f->written, strlen(f->written));
	text_puts(to, " passes through a symbolic link: its path is ");
	text_escaped(to, f->real, strlen(f->real));
}
