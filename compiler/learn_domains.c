/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which executable runs in which profile: all in the one, or some in sub-profiles of their own,
 * where what they do has little to do with what the rest does.
 */
#include "compiler/learn_internal.h"

#include "compiler/base/cleanup.h"
#include "compiler/policy_text.h"

#include <stdlib.h>
#include <string.h>

/* So many things of its own at least, of which not more than a quarter are others', too. */
#define OWN_MIN	     3
#define SHARED_PARTS 4
/* Bits of a mask; bit 0 is the profile. */
#define DOMAINS_MAX 16

struct program {
	const char *path;
	uint32_t len;
	bool executed;	/* there is an exec of it */
	int domain;	/* its own sub-profile, or -1 */
	uint32_t reach; /* the domains that it runs in */
	uint32_t own, shared;
};

struct programs {
	struct program *v;
	uint32_t n, cap;
};

static struct program *find(struct programs *list, const char *path, uint32_t len)
{
	for (uint32_t i = 0; i < list->n; i++) {
		if (path && list->v[i].len == len && !memcmp(list->v[i].path, path, len))
			return &list->v[i];
	}
	return NULL;
}

/* More executables than this are one: nobody reads that many sub-profiles. */
#define PROGRAMS_MAX 512

static void add(struct learn_work *w, struct programs *list, const char *path, uint32_t len)
{
	struct program p = { .path = path, .len = len, .domain = -1 };

	if (path && list->n < PROGRAMS_MAX && !find(list, path, len))
		ARENA_PUSH(w->arena, list->v, list->n, list->cap, p);
}

static bool is_exec(const struct learn_observation *o)
{
	return o->operation == OP_EXEC && o->object_class != CLASS_ANONYMOUS;
}

static int by_path(const void *a, const void *b)
{
	const struct program *x = a, *y = b;
	int order = memcmp(x->path, y->path, x->len < y->len ? x->len : y->len);

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

static void collect(struct learn_work *w, struct programs *list)
{
	for (uint32_t i = 0; i < w->n_items; i++) {
		add(w, list, w->items[i].o.executable, w->items[i].o.executable_len);
		if (is_exec(&w->items[i].o))
			add(w, list, w->items[i].o.object, w->items[i].o.object_len);
	}
	if (list->n)
		qsort(list->v, list->n, sizeof(*list->v), by_path);
	for (uint32_t i = 0; i < w->n_items; i++) {
		struct program *p = is_exec(&w->items[i].o) ? find(list, w->items[i].o.object,
								      w->items[i].o.object_len)
							    : NULL;

		if (p)
			p->executed = true;
	}
}

/* Items of one operation and object stand together, one for each executable. */
static bool same_thing(const struct learn_observation *a, const struct learn_observation *b)
{
	return a->operation == b->operation && a->object_len == b->object_len &&
	       a->object_class == b->object_class && !memcmp(a->object, b->object, a->object_len);
}

static void count_own(struct learn_work *w, struct programs *list)
{
	struct compilation *usual = learn_fragment_compile(w, "libc, null", "base/libc, base/null");

	for (uint32_t i = 0, end; i < w->n_items; i = end) {
		const struct learn_observation *o = &w->items[i].o;

		for (end = i + 1; end < w->n_items && same_thing(o, &w->items[end].o); end++)
			;
		if (o->operation == OP_SYSCALL ||
			(usual && learn_decide(usual->policies[0], 0, &w->items[i]).verdict ==
					  VERDICT_ALLOW))
			continue;
		for (uint32_t k = i; k < end; k++) {
			struct program *p =
				find(list, w->items[k].o.executable, w->items[k].o.executable_len);

			if (!p)
				continue;
			p->own++;
			p->shared += end > i + 1;
		}
	}
}

static bool is_program(const struct learn_work *w, const struct program *p)
{
	return w->program && p->len == w->program_len && !memcmp(p->path, w->program, p->len);
}

static const char *sub_name(struct learn_work *w, const char *path)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const char *base;

	policy_text_name(&t, path);
	base = arena_strdup(w->arena, text_str(&t));
	for (unsigned int n = 2;; n++) {
		bool taken = !strcmp(base, w->name);

		for (uint32_t i = 1; i < w->n_domains; i++)
			taken |= !strcmp(w->domains[i].name, base);
		if (w->hand_policy && policy_domain_from(w->hand_policy, 0, base) >= 0)
			taken = true;
		if (!taken)
			return base;
		base = arena_printf(w->arena, "%s_%u", text_str(&t), n);
	}
}

static void propose(struct learn_work *w, struct program *p)
{
	struct learn_domain d = { .executable = p->path, .executable_len = p->len };
	_cleanup_(text_release) struct text what = TEXT_INIT;

	d.name = sub_name(w, p->path);
	text_puts(&what, "exec ");
	policy_text_path(&what, p->path, p->len);
	text_printf(&what, " as %s", d.name);
	if (!w->options->sub_profiles) {
		learn_note(w, LEARN_PROPOSED, arena_strdup(w->arena, text_str(&what)),
			arena_printf(w->arena,
				"of %u things that it does %u are others', too; --sub-profiles "
				"writes one",
				p->own, p->shared));
		return;
	}
	p->domain = (int)w->n_domains;
	hash_index_init(&d.rule_index, w->arena);
	ARENA_PUSH(w->arena, w->domains, w->n_domains, w->cap_domains, d);
}

/* From who executes to who is executed, until nothing changes. */
static void spread(struct learn_work *w, struct programs *list)
{
	bool changed = true;

	for (uint32_t i = 0; i < list->n; i++) {
		if (is_program(w, &list->v[i]) || !list->v[i].executed)
			list->v[i].reach = 1;
	}
	while (changed) {
		changed = false;
		for (uint32_t i = 0; i < w->n_items; i++) {
			const struct learn_observation *o = &w->items[i].o;
			struct program *from, *to;
			uint32_t reach;

			if (!is_exec(o))
				continue;
			from = find(list, o->executable, o->executable_len);
			to = find(list, o->object, o->object_len);
			if (!to)
				continue;
			reach = to->domain > 0 ? 1u << to->domain : from ? from->reach : 1;
			if (to->domain > 0 && from && !from->reach)
				reach = 0;
			changed |= (to->reach | reach) != to->reach;
			to->reach |= reach;
		}
	}
}

static void add_item(struct learn_work *w, struct learn_domain *d, uint32_t item)
{
	struct learn_part_of p = { .item = item };

	ARENA_PUSH(w->arena, d->items, d->n_items, d->cap_items, p);
}

void learn_domains_make(struct learn_work *w)
{
	struct learn_domain whole = { .name = w->name };
	struct programs list = { 0 };

	hash_index_init(&whole.rule_index, w->arena);
	ARENA_PUSH(w->arena, w->domains, w->n_domains, w->cap_domains, whole);
	collect(w, &list);
	count_own(w, &list);
	for (uint32_t i = 0; i < list.n && w->n_domains < DOMAINS_MAX; i++) {
		struct program *p = &list.v[i];

		if (p->executed && w->program && !is_program(w, p) && p->own >= OWN_MIN &&
			p->shared * SHARED_PARTS <= p->own)
			propose(w, p);
	}
	spread(w, &list);
	for (uint32_t i = 0; i < w->n_items; i++) {
		const struct learn_observation *o = &w->items[i].o;
		struct program *p = find(&list, o->executable, o->executable_len);
		uint32_t reach = p && p->reach ? p->reach : 1;

		for (uint32_t d = 0; d < w->n_domains; d++) {
			if (reach & (1u << d))
				add_item(w, &w->domains[d], i);
		}
	}
}
