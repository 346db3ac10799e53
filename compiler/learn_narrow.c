/* SPDX-License-Identifier: Apache-2.0 */
/* How far learned globs reach: not to secrets, nor to what changes code that was run. */
#include "compiler/learn_internal.h"

#include <string.h>

struct reaching {
	struct learn_work *w;
	const struct policy *p;
	uint32_t domain, first_line;
	bool changed;
};

/* The line of the draft whose rule of its own lets it pass; 0: none. */
static uint32_t line_that_allows(
	const struct reaching *k, enum operation op, const char *path, uint32_t len)
{
	struct request r = {
		.operation = op, .path = path, .path_len = len, .protocol = PROTOCOL_UNIX
	};
	struct decision v = decide(k->p, k->domain, &r);

	if (v.verdict != VERDICT_ALLOW || !v.rule->n_lines || !v.rule->lines[0].own ||
		v.rule->lines[0].line <= k->first_line)
		return 0;
	return v.rule->lines[0].line - k->first_line;
}

/* A glob that reaches what is a secret everywhere is dropped: its paths become literal. */
static void drop_for(struct reaching *k, enum operation op, const char *path)
{
	uint32_t line = line_that_allows(k, op, path, (uint32_t)strlen(path));
	bool is_glob = false;
	const char *rule = line ? learn_draft_line(k->w, line, false, &is_glob) : NULL;

	if (!rule || !is_glob)
		return;
	learn_draft_line(k->w, line, true, NULL);
	learn_note(k->w, LEARN_LEFT_OUT, arena_printf(k->w->arena, "allow %s", rule),
		arena_printf(k->w->arena, "it would reach %s: what was seen is named", path));
	k->changed = true;
}

/* What learn_paths_globs() and learn_state() make globs for. */
#define GLOBBED (OPS_FILE | OP_BIT(OP_CONNECT) | OP_BIT(OP_LISTEN))

static void drop_for_all(struct reaching *k, const char *path)
{
	for (int op = 0; op < OP_COUNT; op++) {
		if (GLOBBED & OP_BIT(op))
			drop_for(k, (enum operation)op, path);
	}
}

/* Of "/home/ada/" in the path, with both slashes; 0: it is not in a user's folder. */
static uint32_t home_len(const char *path, uint32_t len)
{
	static const char home[] = "/home/";
	uint32_t n = sizeof(home) - 1;

	if (len <= n || memcmp(path, home, n) != 0)
		return 0;
	while (n < len && path[n] != '/')
		n++;
	return n < len ? n + 1 : 0;
}

/* What is a secret of root is one of each user, too. */
static void drop_for_user(struct reaching *k, const char *home, uint32_t len)
{
	static const char root[] = "/root/";

	for (size_t i = 0; learn_secret_samples[i]; i++) {
		if (!strncmp(learn_secret_samples[i], root, sizeof(root) - 1))
			drop_for_all(k, arena_printf(k->w->arena, "%.*s%s", (int)len, home,
						learn_secret_samples[i] + sizeof(root) - 1));
	}
}

/* The operations that no glob may allow for what was seen so. */
static uint64_t operations_by_name(
	const struct learn_observation *o, const char *path, uint32_t len)
{
	if (learn_is_secret(path, len))
		return GLOBBED;
	/* What a program made itself, it may make anew. */
	return (o->operation == OP_MAP || o->operation == OP_EXEC) &&
			       o->object_class == CLASS_PLAIN && !o->created
		       ? LEARN_CHANGES
		       : 0;
}

/*
 * A secret, or code, among what a glob is for: what was done to it is for a rule with its name,
 * which is told.
 */
static void except_for(
	struct reaching *k, const struct learn_observation *o, const char *path, uint32_t len)
{
	uint64_t operations = operations_by_name(o, path, len);

	for (int op = 0; operations && op < OP_COUNT; op++) {
		uint32_t line = operations & OP_BIT(op)
					? line_that_allows(k, (enum operation)op, path, len)
					: 0;

		if (line)
			k->changed |= learn_draft_except(k->w, line, path, len);
	}
}

bool learn_narrow(
	struct learn_work *w, const struct policy *p, uint32_t domain, uint32_t first_line)
{
	struct reaching reaching = { w, p, domain, first_line, false }, *k = &reaching;
	uint32_t n, len;
	const char *path, *before = "";

	for (size_t i = 0; learn_secret_samples[i]; i++)
		drop_for_all(k, learn_secret_samples[i]);
	for (uint32_t i = 0; i < k->w->n_items; i++) {
		const struct learn_observation *o = &k->w->items[i].o;

		if (!learn_has_path(o, &path, &len))
			continue;
		/* They are sorted: one user's stand together. */
		n = home_len(path, len);
		if (n && strncmp(before, path, n) != 0)
			drop_for_user(k, path, n);
		before = path;
		if (!o->folded)
			except_for(k, o, path, len);
	}
	return k->changed;
}
