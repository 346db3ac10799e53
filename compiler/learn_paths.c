/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Globs for paths of which the next run has others.
 *
 * For each operation of each executable: first tokens make components that differ one
 * (learn_token_find()). What differs then is for learn_tree.h.
 */
#include "compiler/learn_internal.h"
#include "compiler/learn_tree.h"

#include "compiler/base/cleanup.h"
#include "compiler/policy_text.h"

#include <stdlib.h>
#include <string.h>

struct entries {
	struct learn_entry *v;
	uint32_t n, cap;
};

/* Where a file is no name among others, but what the policy is about. */
static bool may_differ(const struct learn_item *item, const char *path, uint32_t len)
{
	enum operation op = item->o.operation;
	bool changes = op != OP_READ && op != OP_MAP && op != OP_CONNECT && op != OP_LOCK;

	return !learn_is_secret(path, len) && !(item->o.image && changes);
}

static bool is_globbed(const struct learn_item *item)
{
	enum operation op = item->o.operation;

	return ((OPS_FILE & OP_BIT(op)) && item->o.object_class == CLASS_PLAIN) ||
	       op == OP_CONNECT || op == OP_LISTEN;
}

/* ---- tokens */

static bool is_sure(enum learn_token_kind kind)
{
	return kind >= TOKEN_PID && kind <= TOKEN_VERSION;
}

static void put_tokens(struct learn_work *w, struct learn_entry *e, bool mapped)
{
	_cleanup_(text_release) struct text key = TEXT_INIT, plain = TEXT_INIT;
	unsigned int index = 1;
	/* Another number may be other code. */
	bool words = e->made && e->item->o.operation != OP_MAP;

	e->sure = true;
	for (uint32_t at = 1; at <= e->len; index++) {
		uint32_t n = 0;
		struct learn_token t;

		while (at + n < e->len && e->path[at + n] != '/')
			n++;
		t = learn_token_find(w->arena, e->path, e->len, at, n, index, mapped, words);
		text_putc(&key, '/');
		text_putc(&plain, '/');
		policy_text_path_part(&plain, e->path + at, n);
		if (t.kind == TOKEN_NONE) {
			policy_text_path_part(&key, e->path + at, n);
		} else {
			policy_text_path_part(&key, e->path + at, t.at);
			text_puts(&key, t.glob);
			policy_text_path_part(&key, e->path + at + t.at + t.len, n - t.at - t.len);
			e->token = t.kind;
			e->sure = e->sure && is_sure(t.kind);
			e->weak |= t.weak;
		}
		at += n + 1;
	}
	e->plain = arena_strdup(w->arena, text_str(&plain));
	e->key = e->token ? arena_strdup(w->arena, text_str(&key)) : e->plain;
}

static int compare_text(const char *a, const char *b)
{
	/* '/' before all other bytes: what lies below a directory stands together. */
	for (;; a++, b++) {
		unsigned int x = *a == '/' ? 1 : *a ? (unsigned char)*a + 1 : 0;
		unsigned int y = *b == '/' ? 1 : *b ? (unsigned char)*b + 1 : 0;

		if (x != y || !x)
			return (x > y) - (x < y);
	}
}

static int compare_who(const struct learn_entry *a, const struct learn_entry *b)
{
	const struct learn_observation *x = &a->item->o, *y = &b->item->o;
	uint32_t len =
		x->executable_len < y->executable_len ? x->executable_len : y->executable_len;
	int order;

	if (x->operation != y->operation)
		return x->operation < y->operation ? -1 : 1;
	order = len ? memcmp(x->executable, y->executable, len) : 0;
	return order ? order
		     : (x->executable_len > y->executable_len) -
			       (x->executable_len < y->executable_len);
}

static int by_key(const void *a, const void *b)
{
	const struct learn_entry *x = a, *y = b;
	int order = compare_who(x, y);

	if (!order)
		order = compare_text(x->key, y->key);
	return order ? order : compare_text(x->plain, y->plain);
}

static bool same_runs(struct learn_work *w, const uint64_t *a, const uint64_t *b)
{
	return !memcmp(a, b, w->run_words * sizeof(*a));
}

/* Whether each run had names of its own. The same names stand together. */
static bool own_in_each_run(
	struct learn_work *w, const struct learn_entry *from, const struct learn_entry *to)
{
	uint64_t *before = arena_array(w->arena, w->run_words, sizeof(*before));
	uint64_t *now = arena_array(w->arena, w->run_words, sizeof(*now));

	for (const struct learn_entry *e = from; e < to; e++) {
		bool begins = e > from && strcmp(e->plain, e[-1].plain) != 0;

		for (uint32_t i = 0; i < w->run_words; i++) {
			before[i] |= begins ? now[i] : 0;
			now[i] = e->item->runs[i] | (begins ? 0 : now[i]);
			if (now[i] & before[i])
				return false;
		}
	}
	return from < to && strcmp(from->plain, to[-1].plain) != 0;
}

/* Those of [from, to) have one key. Whether that is what they are. */
static bool tokens_hold(
	struct learn_work *w, const struct learn_entry *from, const struct learn_entry *to)
{
	bool differ = false, made = false, several = false;

	for (const struct learn_entry *e = from; e < to; e++) {
		several |= strcmp(e->plain, from->plain) != 0;
		differ |= strcmp(e->plain, from->plain) != 0 &&
			  !same_runs(w, e->item->runs, from->item->runs);
		made |= e->made;
	}
	if (from->sure)
		return true;
	if (from->weak && !several)
		return false;
	/* Words may look random. */
	return made || (from->token == TOKEN_RANDOM ? own_in_each_run(w, from, to) : differ);
}

static void settle_tokens(struct learn_work *w, struct entries *list)
{
	for (uint32_t i = 0, end; i < list->n; i = end) {
		bool holds;

		for (end = i + 1; end < list->n && !compare_who(&list->v[i], &list->v[end]) &&
				  !strcmp(list->v[i].key, list->v[end].key);
			end++)
			;
		holds = tokens_hold(w, &list->v[i], &list->v[end - 1] + 1);
		for (uint32_t k = i; k < end && !holds; k++) {
			list->v[k].key = list->v[k].plain;
			list->v[k].token = TOKEN_NONE;
		}
	}
}

/* ---- rules */

static struct learn_rule *rule_of(
	struct learn_work *w, struct learn_domain *d, enum operation op, const char *object)
{
	if (op == OP_CONNECT || op == OP_LISTEN)
		return learn_rule_for(d, w, LEARN_NETWORK,
			op == OP_CONNECT ? "connect unix" : "listen unix", object);
	return learn_rule_for(d, w, LEARN_FILE, "", object);
}

static void add_globs(struct learn_work *w, struct learn_domain *d, enum operation op,
	const struct learn_node *root)
{
	struct learn_shapes shapes = { 0 };

	learn_tree_shapes(w, root, op, &shapes);
	for (uint32_t i = 0; i < shapes.n; i++) {
		const struct learn_shape *s = &shapes.v[i];
		struct learn_rule *r;

		if (!s->why)
			continue;
		r = rule_of(w, d, op, s->rest);
		if (r->block == LEARN_FILE)
			r->operations |= OP_BIT(op);
		r->is_glob = true;
		if (!r->why)
			r->why = s->why;
		learn_seen_add(w, &r->seen, &s->seen);
	}
}

static int by_path(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Paths of some kind, sorted. */
struct paths {
	const char **v;
	uint32_t n, cap;
};

static bool is_mapped(const struct learn_item *item)
{
	return item->o.operation == OP_MAP && item->o.object_class == CLASS_PLAIN &&
	       !item->o.created;
}

/* Whose name is the program's choice. */
static bool is_made(const struct learn_item *item)
{
	return item->o.created || item->o.operation == OP_RENAME || item->o.operation == OP_LINK;
}

static void find_paths(struct learn_work *w, const struct learn_domain *d,
	bool (*is_one)(const struct learn_item *item), struct paths *to)
{
	for (uint32_t i = 0; i < d->n_items; i++) {
		const struct learn_item *item = &w->items[d->items[i].item];

		if (is_one(item))
			ARENA_PUSH(w->arena, to->v, to->n, to->cap, item->o.object);
	}
	if (to->n)
		qsort(to->v, to->n, sizeof(*to->v), by_path);
}

static bool is_among(const struct paths *paths, const char *path)
{
	return paths->n && bsearch(&path, paths->v, paths->n, sizeof(*paths->v), by_path);
}

static void collect(struct learn_work *w, struct learn_domain *d, struct entries *to)
{
	struct paths mapped = { 0 }, made = { 0 };

	find_paths(w, d, is_mapped, &mapped);
	find_paths(w, d, is_made, &made);
	for (uint32_t i = 0; i < d->n_items; i++) {
		struct learn_entry e = { .item = &w->items[d->items[i].item] };

		if (d->items[i].done || d->items[i].state || !is_globbed(e.item) ||
			!learn_has_path(&e.item->o, &e.path, &e.len) ||
			!may_differ(e.item, e.path, e.len))
			continue;
		e.made = is_among(&made, e.path);
		put_tokens(w, &e, is_among(&mapped, e.path));
		ARENA_PUSH(w->arena, to->v, to->n, to->cap, e);
	}
	if (to->n)
		qsort(to->v, to->n, sizeof(*to->v), by_key);
}

void learn_paths_globs(struct learn_work *w, struct learn_domain *d)
{
	struct entries list = { 0 };

	collect(w, d, &list);
	settle_tokens(w, &list);
	if (list.n)
		qsort(list.v, list.n, sizeof(*list.v), by_key);
	for (uint32_t i = 0, end; i < list.n; i = end) {
		struct learn_node *root = learn_tree_new(w);

		for (end = i; end < list.n && !compare_who(&list.v[i], &list.v[end]); end++)
			learn_tree_insert(w, root, &list.v[end]);
		add_globs(w, d, list.v[i].item->o.operation, root);
	}
}

static void literal(struct learn_work *w, struct learn_domain *d, struct learn_part_of *part,
	const char *path, uint32_t len)
{
	const struct learn_item *item = &w->items[part->item];
	_cleanup_(text_release) struct text object = TEXT_INIT;
	enum operation op = item->o.operation;
	struct learn_rule *r;

	if (learn_is_foreign_memory(path, len)) {
		learn_note_item(w, LEARN_LEFT_OUT, item,
			"it reaches into another process; a rule for that is to be written");
		part->told = true;
		return;
	}
	if (item->o.folded) {
		learn_note_item(w, LEARN_LEFT_OUT, item,
			"too many names so near the root, or beside secrets, for a rule");
		part->told = true;
		return;
	}
	if (learn_is_secret(path, len))
		part->look = "allowed since it was seen, and nothing beside it: a secret, or power "
			     "over others";
	policy_text_path(&object, path, len);
	if (item->o.object_class == CLASS_PLAIN) {
		r = rule_of(w, d, op, arena_strdup(w->arena, text_str(&object)));
		if (r->block == LEARN_FILE)
			r->operations |= OP_BIT(op);
	} else {
		bool drift = item->o.object_class == CLASS_DRIFT;

		r = learn_rule_add(d, w, LEARN_FILE, drift ? "map drift" : "map anonymous",
			drift ? arena_strdup(w->arena, text_str(&object)) : "");
	}
	learn_seen_join(w, &r->seen, item);
}

void learn_paths_literal(struct learn_work *w, struct learn_domain *d)
{
	for (uint32_t i = 0; i < d->n_items; i++) {
		const struct learn_item *item = &w->items[d->items[i].item];
		const char *path = "";
		uint32_t len = 0;
		bool anonymous =
			item->o.operation == OP_MAP && item->o.object_class == CLASS_ANONYMOUS;

		if (d->items[i].done || item->o.operation == OP_EXEC ||
			item->o.operation == OP_UMOUNT ||
			(!anonymous && !learn_has_path(&item->o, &path, &len)))
			continue;
		d->items[i].done = true;
		literal(w, d, &d->items[i], path, len);
	}
}
