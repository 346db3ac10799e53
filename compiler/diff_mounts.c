/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mount has a type, a source, a place and flags. Of places and sources one witness is taken for
 * each set of globs, of both policies together, that match it; every combination is asked.
 */
#include "compiler/diff_internal.h"
#include "compiler/glob_directory.h"

#include <errno.h>
#include <string.h>

struct witness {
	const char *s;
	uint32_t len;
};

struct witnesses {
	struct arena *arena;
	struct witness *v;
	uint32_t n, cap;
	bool *seen; /* by fold class */
	/* Sets of tags, interned while the automaton is built. */
	uint32_t **sets;
	uint32_t *set_sizes;
	uint32_t n_sets, cap_sets, cap_sizes;
};

static uint32_t intern_set(void *ctx, uint32_t entry, const uint32_t *tags, uint32_t n)
{
	struct witnesses *w = ctx;
	uint32_t *copy;

	for (uint32_t i = 0; i < w->n_sets; i++) {
		if (w->set_sizes[i] == n && (!n || !memcmp(w->sets[i], tags, n * sizeof(*tags))))
			return i;
	}
	copy = arena_array(w->arena, n, sizeof(*copy));
	if (n)
		memcpy(copy, tags, n * sizeof(*copy));
	ARENA_PUSH(w->arena, w->set_sizes, w->n_sets, w->cap_sizes, n);
	w->n_sets--;
	ARENA_PUSH(w->arena, w->sets, w->n_sets, w->cap_sets, copy);
	return w->n_sets - 1;
}

static bool take(void *ctx, uint32_t state, uint32_t accept, const char *s, size_t len)
{
	struct witnesses *w = ctx;
	char *copy;

	if (w->seen[accept])
		return true;
	w->seen[accept] = true;
	copy = arena_alloc(w->arena, len + 1);
	memcpy(copy, s, len);
	ARENA_PUSH(w->arena, w->v, w->n, w->cap, (struct witness){ copy, (uint32_t)len });
	return true;
}

#define OPS_MOUNT (OP_BIT(OP_MOUNT) | OP_BIT(OP_BIND))

static void add_globs(
	struct arena *a, struct dfa_builder *b, const struct policy *p, bool sources, uint32_t *tag)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *r = p->rules[i];
		const struct globs *lists[] = { sources ? &r->sources : &r->paths,
			sources ? NULL : &r->except_paths };

		if (!(r->operations & OPS_MOUNT))
			continue;
		for (int l = 0; l < 2; l++, ++*tag) {
			struct globs more = { 0 };

			if (lists[l] && !(sources && r->operations & OP_BIT(OP_MOUNT)))
				glob_directories(a, lists[l], &more);
			for (uint32_t k = 0; lists[l] && k < lists[l]->n; k++)
				dfa_add(b, lists[l]->v[k], *tag);
			for (uint32_t k = 0; k < more.n; k++)
				dfa_add(b, more.v[k], *tag);
		}
	}
}

static int find_witnesses(
	const struct comparison *c, bool sources, struct witnesses *w, struct pale_err **err)
{
	struct dfa_builder *b = dfa_builder_new(w->arena);
	struct dfa_over_budget over;
	struct dfa *d;
	uint32_t tag = 0;

	dfa_entry(b);
	add_globs(w->arena, b, c->diff->before, sources, &tag);
	add_globs(w->arena, b, c->diff->after, sources, &tag);
	if (!dfa_build(b, intern_set, w, &d, &over))
		return pale_err_plain(
			err, E2BIG, "the paths of mounts need too large an automaton together");
	w->seen = arena_array(w->arena, w->n_sets, sizeof(*w->seen));
	/* A source may be anything; a place is a path. */
	(sources ? dfa_walk : dfa_walk_paths)(w->arena, d, 0, take, w);
	return 0;
}

struct types {
	const char **v;
	uint32_t n, cap;
};

static void add_type(struct arena *a, struct types *t, const char *type)
{
	for (uint32_t i = 0; i < t->n; i++) {
		if (!strcmp(t->v[i], type))
			return;
	}
	ARENA_PUSH(a, t->v, t->n, t->cap, type);
}

static bool has_mounts(const struct policy *p)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		if (p->rules[i]->operations & OPS_MOUNT && !p->rules[i]->is_default)
			return true;
	}
	return false;
}

static void add_types(struct arena *a, struct types *t, const struct policy *p)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		if (p->rules[i]->operations & OP_BIT(OP_MOUNT) && p->rules[i]->fstype)
			add_type(a, t, p->rules[i]->fstype);
	}
}

static const struct {
	uint32_t flag;
	const char *name;
} flags[] = {
	{ MOUNT_RO, "ro" },
	{ MOUNT_NOSUID, "nosuid" },
	{ MOUNT_NODEV, "nodev" },
	{ MOUNT_NOEXEC, "noexec" },
};

static void ask(const struct comparison *c, struct request *r)
{
	struct text object = TEXT_INIT;
	const char *separator = " with ";

	if (r->operation == OP_MOUNT) {
		text_puts(&object, r->fstype);
		if (r->source_len)
			text_puts(&object, " from ");
	}
	text_add(&object, r->source, r->source_len);
	text_puts(&object, object.len ? " on " : "on ");
	text_add(&object, r->path, r->path_len);
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		if (r->mount_flags & flags[i].flag) {
			text_printf(&object, "%s%s", separator, flags[i].name);
			separator = ", ";
		}
	}
	diff_ask_both(c, r, &object);
	text_release(&object);
}

static void ask_all(const struct comparison *c, struct request *r, const struct witnesses *places,
	const struct witnesses *sources)
{
	for (uint32_t i = 0; i < places->n; i++) {
		for (uint32_t k = 0; k < sources->n; k++) {
			/* All flags first: the witness that most rules would take. A bind has none.
			 */
			for (uint32_t f = r->operation == OP_BIND ? 1 : 16; f-- > 0;) {
				r->path = places->v[i].s;
				r->path_len = places->v[i].len;
				r->source = sources->v[k].s;
				r->source_len = sources->v[k].len;
				r->mount_flags = f;
				ask(c, r);
			}
		}
	}
}

int diff_mounts(const struct comparison *c, struct pale_err **err)
{
	struct arena *a = arena_new();
	struct witnesses places = { .arena = a }, sources = { .arena = a };
	struct request mount = { .operation = OP_MOUNT }, bind = { .operation = OP_BIND };
	struct types types = { 0 };
	int r = 0;

	if (has_mounts(c->diff->before) || has_mounts(c->diff->after)) {
		r = find_witnesses(c, false, &places, err);
		if (r >= 0)
			r = find_witnesses(c, true, &sources, err);
	}
	if (r >= 0) {
		add_types(a, &types, c->diff->before);
		add_types(a, &types, c->diff->after);
		add_type(a, &types, "ext4"); /* one that is most likely none of these */
		for (uint32_t i = 0; i < types.n; i++) {
			mount.fstype = types.v[i];
			ask_all(c, &mount, &places, &sources);
		}
		ask_all(c, &bind, &places, &sources);
	}
	arena_free(a);
	return r;
}
