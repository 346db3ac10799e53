/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folders in which a program keeps its state: a database's cluster, a repository. There it changes
 * files in many folders, and other ones in each run, so that a list of them would be wrong in the
 * next run and read by nobody. What it does there it may do to all that is below.
 */
#include "compiler/learn_internal.h"

#include "compiler/base/cleanup.h"
#include "compiler/policy_text.h"

#include <stdlib.h>
#include <string.h>

struct search {
	struct learn_work *w;
	struct learn_domain *d;
	/* One executable's changes, in order of their paths. */
	const struct learn_item **v;
	uint32_t n, cap;
};

static bool is_change(const struct learn_item *item)
{
	const struct learn_observation *o = &item->o;

	return (LEARN_CHANGES & OP_BIT(o->operation)) && o->object_class == CLASS_PLAIN &&
	       !o->image && !learn_is_secret(o->object, o->object_len);
}

/* What nobody gives away as a whole has more components: /var/lib, and a user's own folder. */
static unsigned int depth_min(const char *path, uint32_t len)
{
	static const char *const deep[] = { "/var/", "/home/" };

	for (size_t i = 0; i < sizeof(deep) / sizeof(*deep); i++) {
		if (len > strlen(deep[i]) && !memcmp(path, deep[i], strlen(deep[i])))
			return 3;
	}
	return 2;
}

static bool is_below(const struct learn_observation *o, const char *folder, uint32_t len)
{
	return o->object_len > len + 1 && !memcmp(o->object, folder, len) && o->object[len] == '/';
}

static bool same_executable(const struct learn_item *a, const struct learn_item *b)
{
	return a->o.executable_len == b->o.executable_len &&
	       (!a->o.executable_len ||
		       !memcmp(a->o.executable, b->o.executable, a->o.executable_len));
}

/* Two files at least: of one its name says more. */
static void allow(const struct search *s, enum operation op, const char *folder, uint32_t len)
{
	_cleanup_(text_release) struct text object = TEXT_INIT;
	struct learn_rule *r = NULL;
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->d->n_items; i++) {
		const struct learn_item *item = &s->w->items[s->d->items[i].item];

		n += item->o.operation == op && item->o.object_class == CLASS_PLAIN &&
		     same_executable(item, s->v[0]) && is_below(&item->o, folder, len);
	}
	if (n < 2)
		return;
	policy_text_path(&object, folder, len);
	text_puts(&object, "/**");
	r = learn_rule_for(
		s->d, s->w, LEARN_FILE, "", arena_strdup(s->w->arena, text_str(&object)));
	r->operations |= OP_BIT(op);
	r->is_glob = true;
	r->why = "files in many folders below it are changed, other ones in each run";
	for (uint32_t i = 0; i < s->d->n_items; i++) {
		const struct learn_item *item = &s->w->items[s->d->items[i].item];

		/* Whoever else does it needs no rule of its own. */
		if (item->o.operation != op || item->o.object_class != CLASS_PLAIN ||
			!is_below(&item->o, folder, len))
			continue;
		s->d->items[i].state = true;
		learn_seen_join(s->w, &r->seen, item);
	}
}

static void allow_all(const struct search *s, const char *folder, uint32_t len)
{
	static const uint64_t operations = LEARN_CHANGES | OP_BIT(OP_READ) | OP_BIT(OP_LOCK);

	for (int op = 0; op < OP_COUNT; op++) {
		if (operations & OP_BIT(op))
			allow(s, (enum operation)op, folder, len);
	}
}

static bool varies(const struct search *s, uint32_t from, uint32_t to)
{
	const uint64_t **names = arena_array(s->w->arena, to - from, sizeof(*names));

	for (uint32_t i = from; i < to; i++)
		names[i - from] = s->v[i]->runs;
	return learn_names_vary(s->w, names, to - from, LEARN_VALUES_MIN);
}

/* Where the component that begins behind the slash at @at ends. */
static uint32_t component_end(const struct learn_observation *o, uint32_t at)
{
	for (at++; at < o->object_len && o->object[at] != '/'; at++)
		;
	return at;
}

static bool same_component(
	const struct learn_observation *a, const struct learn_observation *b, uint32_t end)
{
	return a->object_len > end && b->object_len > end && !memcmp(a->object, b->object, end + 1);
}

/*
 * Of [from, to), which are below the folder of the first @len bytes, which has @depth components.
 */
static void scan(
	const struct search *s, uint32_t from, uint32_t to, uint32_t len, unsigned int depth)
{
	const char *folder = s->v[from]->o.object;
	uint32_t n_folders = 0;

	for (uint32_t i = from, end; i < to; i = end) {
		uint32_t at = component_end(&s->v[i]->o, len);

		for (end = i + 1; end < to && same_component(&s->v[i]->o, &s->v[end]->o, at); end++)
			;
		n_folders += s->v[i]->o.object_len > at;
	}
	if (depth >= depth_min(folder, len) && n_folders >= LEARN_VALUES_MIN &&
		!learn_is_system(folder, len) && varies(s, from, to)) {
		allow_all(s, folder, len);
		return;
	}
	for (uint32_t i = from, end; i < to; i = end) {
		uint32_t at = component_end(&s->v[i]->o, len);

		for (end = i + 1; end < to && same_component(&s->v[i]->o, &s->v[end]->o, at); end++)
			;
		if (end - i >= LEARN_VALUES_MIN && s->v[i]->o.object_len > at + 1)
			scan(s, i, end, at, depth + 1);
	}
}

static int by_who_and_path(const void *a, const void *b)
{
	const struct learn_observation *x = &(*(const struct learn_item *const *)a)->o;
	const struct learn_observation *y = &(*(const struct learn_item *const *)b)->o;
	uint32_t len =
		x->executable_len < y->executable_len ? x->executable_len : y->executable_len;
	int order = len ? memcmp(x->executable, y->executable, len) : 0;

	if (!order)
		order = (x->executable_len > y->executable_len) -
			(x->executable_len < y->executable_len);
	len = x->object_len < y->object_len ? x->object_len : y->object_len;
	if (!order)
		order = memcmp(x->object, y->object, len);
	if (!order)
		order = (x->object_len > y->object_len) - (x->object_len < y->object_len);
	return order ? order : (x->operation > y->operation) - (x->operation < y->operation);
}

void learn_state(struct learn_work *w, struct learn_domain *d)
{
	struct search all = { .w = w, .d = d };

	for (uint32_t i = 0; i < d->n_items; i++) {
		const struct learn_item *item = &w->items[d->items[i].item];

		if (!d->items[i].done && is_change(item))
			ARENA_PUSH(w->arena, all.v, all.n, all.cap, item);
	}
	if (all.n)
		qsort(all.v, all.n, sizeof(const struct learn_item *), by_who_and_path);
	for (uint32_t i = 0, end; i < all.n; i = end) {
		struct search s = all;

		for (end = i + 1; end < all.n && same_executable(all.v[i], all.v[end]); end++)
			;
		s.v = all.v + i;
		s.n = end - i;
		scan(&s, 0, s.n, 0, 0);
	}
}
