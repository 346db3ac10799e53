/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/landlock_lower.h"

#include "compiler/coverage_notes.h"
#include "compiler/decide.h"
#include "compiler/glob_expand.h"

#include <stdlib.h>
#include <string.h>

#define EXPANSIONS_MAX 64

/* What an operation needs on the object itself, and on the directory that holds it. */
struct needs {
	uint64_t file, file_parent;
	uint64_t directory, directory_parent;
};

static const struct needs needs[OP_COUNT] = {
	[OP_EXEC] = { .file = LL_EXECUTE | LL_READ_FILE },
	[OP_READ] = { .file = LL_READ_FILE, .directory = LL_READ_DIR },
	[OP_WRITE] = { .file = LL_WRITE_FILE | LL_TRUNCATE },
	[OP_APPEND] = { .file = LL_WRITE_FILE },
	[OP_IOCTL] = { .file = LL_IOCTL_DEV },
	[OP_CREATE] = { .file_parent = LL_MAKE_FILES, .directory_parent = LL_MAKE_DIR },
	[OP_DELETE] = { .file_parent = LL_REMOVE_FILE, .directory_parent = LL_REMOVE_DIR },
	[OP_RENAME] = { .file_parent = LL_MAKE_FILES | LL_REMOVE_FILE | LL_REFER,
		.directory_parent = LL_MAKE_DIR | LL_REMOVE_DIR | LL_REFER },
	[OP_LINK] = { .file_parent = LL_MAKE_FILES | LL_REFER },
	[OP_LISTEN] = { .file_parent = LL_MAKE_SOCK },
};

static void wish_from(struct landlock_wishes *w, struct landlock_wish *at, const struct rule *rule)
{
	for (uint32_t i = 0; i < at->n_from; i++) {
		if (at->from[i] == rule)
			return;
	}
	if (rule)
		ARENA_PUSH(w->policy->arena, at->from, at->n_from, at->cap_from, rule);
}

static void wish(struct landlock_wishes *w, const char *path, uint32_t len, bool beneath,
	uint64_t access, const struct rule *rule)
{
	struct arena *a = w->policy->arena;
	struct landlock_wish *at = NULL;

	access &= w->handled_fs;
	if (!access)
		return;
	if (len == 0) {
		path = "/";
		len = 1;
	}
	for (uint32_t i = 0; i < w->n && !at; i++) {
		const struct landlock_grant *g = &w->v[i].grant;

		if (!g->each && g->beneath == beneath && strlen(g->path) == len &&
			!memcmp(g->path, path, len))
			at = &w->v[i];
	}
	if (!at) {
		struct landlock_wish fresh = { .grant = { .beneath = beneath }, .order = w->n };

		fresh.grant.path = arena_memdup(a, path, len);
		ARENA_PUSH(a, w->v, w->n, w->cap, fresh);
		at = &w->v[w->n - 1];
	}
	at->grant.access |= access;
	wish_from(w, at, rule);
}

/* The length of the directory that holds path[0..len), without its '/'. */
static uint32_t parent(const char *path, uint32_t len)
{
	if (len && path[len - 1] == '/')
		len--;
	while (len && path[len - 1] != '/')
		len--;
	return len ? len - 1 : 0;
}

/* Whether any domain may make @path or move something there. */
static bool may_be_made(const struct policy *p, const char *path, uint32_t len)
{
	static const enum operation making[] = { OP_CREATE, OP_RENAME, OP_LINK };

	for (uint32_t d = 0; d < p->n_domains; d++) {
		for (size_t i = 0; i < sizeof(making) / sizeof(*making); i++) {
			struct request r = {
				.operation = making[i], .path = path, .path_len = len, .owner = true
			};

			if (decide(p, d, &r).verdict == VERDICT_ALLOW)
				return true;
		}
	}
	return false;
}

static bool starts_with(const char *path, uint32_t len, const char *prefix)
{
	size_t n = strlen(prefix);

	return len >= n && !memcmp(path, prefix, n);
}

static void lower_path(struct landlock_wishes *w, const char *path, uint32_t len,
	const struct needs *n, const struct rule *rule)
{
	bool directory = path[len - 1] == '/';
	uint32_t bare = directory ? len - 1 : len;

	wish(w, path, parent(path, len), true, directory ? n->directory_parent : n->file_parent,
		rule);
	if (directory)
		wish(w, path, bare, true, n->directory, rule);
	else if (n->file & w->handled_fs && may_be_made(w->policy, path, len))
		wish(w, path, parent(path, len), true, n->file, rule);
	else
		wish(w, path, len, false, n->file, rule);
}

/* What a glob without braces can end in. */
static void endings(const struct glob_seq *seq, bool *files, bool *directories)
{
	const struct glob_node *last = &seq->v[seq->n - 1];

	*files = *directories = true;
	if (last->kind == GLOB_LITERAL) {
		*directories = last->bytes[last->n - 1] == '/';
		*files = !*directories;
	} else if (last->kind == GLOB_STAR || last->kind == GLOB_SET) {
		*directories = false;
	}
}

static uint32_t bit_of_tag(void *ctx, uint32_t entry, const uint32_t *tags, uint32_t n)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < n; i++)
		bits |= 1u << tags[i];
	return bits;
}

struct meeting {
	bool found;
};

static bool both(void *ctx, uint32_t state, uint32_t accept, const char *witness, size_t len)
{
	struct meeting *m = ctx;

	m->found = accept == 3;
	return !m->found;
}

/* Whether some path is matched by both; true when that cannot be told within the budget. */
static bool globs_meet(const struct glob *x, const struct glob *y)
{
	uint32_t n = x->prefix_len < y->prefix_len ? x->prefix_len : y->prefix_len;
	struct meeting m = { .found = true };
	struct dfa_over_budget over;
	struct dfa_builder *b;
	struct arena *scratch;
	struct dfa *dfa;

	if (memcmp(x->prefix, y->prefix, n) != 0)
		return false;
	scratch = arena_new();
	b = dfa_builder_new(scratch);
	dfa_entry(b);
	dfa_add(b, x, 0);
	dfa_add(b, y, 1);
	if (dfa_build(b, bit_of_tag, NULL, &dfa, &over)) {
		m.found = false;
		dfa_walk(scratch, dfa, 0, both, &m);
	}
	arena_free(scratch);
	return m.found;
}

/* Whether any rule of any domain lets a file be made that @g matches. */
static bool any_may_be_made(const struct policy *p, const struct glob *g)
{
	const uint64_t making = OP_BIT(OP_CREATE) | OP_BIT(OP_RENAME) | OP_BIT(OP_LINK);

	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *rule = p->rules[i];

		if (!(rule->operations & making) || rule->is_default ||
			(rule->effect != EFFECT_ALLOW && rule->effect != EFFECT_AUDIT))
			continue;
		for (uint32_t k = 0; k < rule->paths.n; k++) {
			if (globs_meet(g, rule->paths.v[k]))
				return true;
		}
	}
	return false;
}

/* How many '/' a match has after the first @from nodes' bytes; false where '**' leaves that open.
 */
static bool depth_below(const struct glob_seq *seq, uint32_t from, uint32_t *ret)
{
	*ret = 0;
	for (uint32_t i = from; i < seq->n; i++) {
		const struct glob_node *node = &seq->v[i];

		if (node->kind == GLOB_ANY || node->kind == GLOB_ALTERNATIVES)
			return false;
		for (uint32_t k = 0; node->kind == GLOB_LITERAL && k < node->n; k++)
			*ret += node->bytes[k] == '/';
	}
	return true;
}

/*
 * The files that match now, one by one: far less than the directory that holds them, where nothing
 * can be made that would match later.
 */
static bool wish_each(struct landlock_wishes *w, const struct glob_seq *seq, uint32_t literals,
	const char *prefix, uint32_t dir_len, uint32_t prefix_len, const struct needs *n,
	const struct rule *rule, const struct glob *of, uint32_t index)
{
	struct arena *a = w->policy->arena;
	struct glob *g;
	struct landlock_wish fresh = { .order = w->n, .each_of = of, .each_index = index };
	struct dfa_over_budget over;
	struct dfa_builder *b;
	struct dfa *dfa;
	bool files, directories;
	uint32_t depth;

	endings(seq, &files, &directories);
	if (directories || n->file_parent ||
		(n->file & w->handled_fs & ~(uint64_t)(LL_READ_FILE | LL_EXECUTE)) ||
		!depth_below(seq, literals, &depth))
		return false;
	for (uint32_t i = 0; i < w->n; i++) {
		if (w->v[i].each_of == of && w->v[i].each_index == index) {
			w->v[i].grant.access |= n->file & w->handled_fs;
			wish_from(w, &w->v[i], rule);
			return true;
		}
	}
	g = arena_alloc(a, sizeof(*g));
	*g = *of;
	g->seq = *seq;
	g->prefix = prefix;
	g->prefix_len = prefix_len;
	g->literal = false;
	if (any_may_be_made(w->policy, g))
		return false;
	b = dfa_builder_new(a);
	dfa_entry(b);
	dfa_add(b, g, 0);
	if (!dfa_build(b, bit_of_tag, NULL, &dfa, &over))
		return false;
	fresh.grant.path = dir_len > 1 ? arena_memdup(a, prefix, dir_len - 1) : "/";
	fresh.grant.each = dfa;
	fresh.grant.each_glob = g;
	fresh.grant.each_depth = depth;
	fresh.grant.access = n->file & w->handled_fs;
	if (!fresh.grant.access)
		return true;
	ARENA_PUSH(a, w->v, w->n, w->cap, fresh);
	wish_from(w, &w->v[w->n - 1], rule);
	return true;
}

static void lower_sequence(struct landlock_wishes *w, const struct glob_seq *seq, enum operation op,
	const struct rule *rule, const struct glob *of, uint32_t index)
{
	struct arena *a = w->policy->arena;
	struct needs n = needs[op];
	const char *prefix = "";
	uint32_t len = 0, i;
	bool files, directories;

	for (i = 0; i < seq->n && seq->v[i].kind == GLOB_LITERAL; i++) {
		char *longer = arena_alloc(a, len + seq->v[i].n + 1);

		memcpy(longer, prefix, len);
		memcpy(longer + len, seq->v[i].bytes, seq->v[i].n);
		len += seq->v[i].n;
		prefix = longer;
	}
	if (seq->n == 0)
		return;
	/*
	 * Entries of /proc get a new inode whenever the old one was dropped from memory
	 * (fs/proc: new_inode()), and /proc/self is another one for each process: what may be read
	 * is granted from /proc itself, whose root stays. It is no gift of others' secrets: those
	 * need ptrace access, which the domain has not got.
	 */
	if (starts_with(prefix, len, "/proc/")) {
		endings(seq, &files, &directories);
		wish(w, "/proc", 5, true,
			(files ? n.file & LL_READ_FILE : 0) |
				(directories ? n.directory & LL_READ_DIR : 0),
			rule);
		if (starts_with(prefix, len, "/proc/self/"))
			return;
		n.file &= ~LL_READ_FILE;
		n.directory &= ~LL_READ_DIR;
	}
	if (i == seq->n) {
		lower_path(w, prefix, len, &n, rule);
		return;
	}
	uint32_t prefix_len = len;

	while (len && prefix[len - 1] != '/')
		len--;
	if (wish_each(w, seq, i, prefix, len, prefix_len, &n, rule, of, index))
		return;
	endings(seq, &files, &directories);
	wish(w, prefix, len ? len - 1 : 0, true,
		(files ? n.file | n.file_parent : 0) |
			(directories ? n.directory | n.directory_parent : 0),
		rule);
}

/*
 * execve(2) opens a dynamic program's loader with the right to execute, so a loader that may be
 * mapped must be executable. These are the names in the psABIs, as glibc and musl install them,
 * with and without a merged /usr.
 */
static const char *const loaders[] = {
	"/lib64/ld-linux-x86-64.so.2",
	"/usr/lib64/ld-linux-x86-64.so.2",
	"/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
	"/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
	"/usr/lib/ld-linux-x86-64.so.2",
	"/lib/ld-linux.so.2",
	"/usr/lib/ld-linux.so.2",
	"/lib/i386-linux-gnu/ld-linux.so.2",
	"/usr/lib/i386-linux-gnu/ld-linux.so.2",
	"/usr/lib32/ld-linux.so.2",
	"/usr/libx32/ld-linux-x32.so.2",
	"/lib/ld-linux-aarch64.so.1",
	"/usr/lib/ld-linux-aarch64.so.1",
	"/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1",
	"/usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1",
	"/usr/lib/ld-linux-armhf.so.3",
	"/lib/ld-linux-armhf.so.3",
	"/usr/lib/arm-linux-gnueabihf/ld-linux-armhf.so.3",
	"/lib/arm-linux-gnueabihf/ld-linux-armhf.so.3",
	"/lib/ld-musl-x86_64.so.1",
	"/usr/lib/ld-musl-x86_64.so.1",
	"/lib/ld-musl-aarch64.so.1",
	"/usr/lib/ld-musl-aarch64.so.1",
};

static void lower_loader(struct landlock_wishes *w, const char *path)
{
	const struct policy *p = w->policy;
	struct request r = {
		.operation = OP_MAP, .path = path, .path_len = (uint32_t)strlen(path)
	};

	for (uint32_t d = 0; d < p->n_domains; d++) {
		uint32_t before = w->n;

		if (decide(p, d, &r).verdict != VERDICT_ALLOW)
			continue;
		wish(w, path, r.path_len, false, LL_EXECUTE | LL_READ_FILE, NULL);
		if (w->n != before)
			w->v[before].grant.optional = true;
	}
}

static int compare_wishes(const void *a, const void *b)
{
	const struct landlock_wish *x = a, *y = b;
	int order = strcmp(x->grant.path, y->grant.path);

	if (!order)
		order = (int)x->grant.beneath - (int)y->grant.beneath;
	return order ? order : x->order < y->order ? -1 : x->order > y->order;
}

void landlock_lower(struct landlock_wishes *w, const struct policy *p, uint64_t handled_fs)
{
	*w = (struct landlock_wishes){ .policy = p, .handled_fs = handled_fs };
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *rule = p->rules[i];

		for (uint64_t rest = (rule->operations | rule->implied) & OPS_PATH; rest;
			rest &= rest - 1) {
			enum operation op = (enum operation)__builtin_ctzll(rest);

			if (!rule_allows(rule, op))
				continue;
			for (uint32_t k = 0; k < rule->paths.n; k++) {
				struct glob_expansions e =
					glob_expand(p->arena, rule->paths.v[k], EXPANSIONS_MAX);

				for (uint32_t m = 0; m < e.n; m++)
					lower_sequence(w, &e.v[m], op, rule, rule->paths.v[k], m);
			}
		}
	}
	for (size_t i = 0; i < sizeof(loaders) / sizeof(*loaders); i++)
		lower_loader(w, loaders[i]);
	if (w->n)
		qsort(w->v, w->n, sizeof(*w->v), compare_wishes);
}
