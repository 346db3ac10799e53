/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fragments of the library that what was seen justifies. A fragment is for what programs of a kind
 * do, so that it allows more than one program was seen to do: what it allows to be read beside that
 * is public by the library's rules. Whatever else a rule of its own allows (writing, executing,
 * connecting, capabilities) must have been seen, or be known as harmless.
 */
#include "compiler/learn_internal.h"

#include "compiler/base/cleanup.h"

#include <string.h>

struct known_fragment {
	const char *name;
	uint32_t at_least; /* objects that nothing before it allows */
	uint64_t harmless; /* operations that need not have been seen */
	bool calls;	   /* it is about system calls alone */
};

/* In this order: those that include others first. runc and crun are the runtime's; a shell and what
 * it starts are for people to allow. */
static const struct known_fragment known[] = {
	{ .name = "python", .at_least = 3 },
	{ .name = "node", .at_least = 3 },
	{ .name = "go", .at_least = 2 },
	{ .name = "libc", .at_least = 2 },
	{ .name = "null", .at_least = 1 },
	/* Every look-up tries nscd's socket, and systemd's. */
	{ .name = "nss", .at_least = 2, .harmless = OP_BIT(OP_CONNECT) },
	{ .name = "dns", .at_least = 2 },
	{ .name = "tls-roots", .at_least = 2 },
	{ .name = "logging", .at_least = 1 },
	{ .name = "tty", .at_least = 2 },
	{ .name = "cgroup-limits", .at_least = 2 },
	{ .name = "tmp", .at_least = 5 },
	{ .name = "events", .at_least = 3, .calls = true },
	{ .name = "sysv-ipc", .at_least = 3, .calls = true },
	{ .name = "libcap-ng", .at_least = 2, .calls = true },
	{ .name = "tuning", .at_least = 1, .calls = true },
};

/* Operations that are one thing to allow. */
static const uint64_t powers[] = {
	OP_BIT(OP_WRITE) | OP_BIT(OP_APPEND) | OP_BIT(OP_CREATE) | OP_BIT(OP_DELETE) |
		OP_BIT(OP_RENAME) | OP_BIT(OP_LINK) | OP_BIT(OP_SETATTR) | OP_BIT(OP_LOCK),
	OP_BIT(OP_IOCTL),
	OP_BIT(OP_EXEC),
	OP_BIT(OP_SIGNAL) | OP_BIT(OP_PTRACE) | OP_BIT(OP_USERNS),
	OP_BIT(OP_CONNECT),
	OP_BIT(OP_LISTEN),
	OP_BIT(OP_SOCKET),
	OP_BIT(OP_MOUNT) | OP_BIT(OP_BIND) | OP_BIT(OP_UMOUNT) | OP_BIT(OP_PIVOT),
	OP_BIT(OP_CAPABILITY),
};
#define N(a) (sizeof(a) / sizeof(*(a)))

struct compilation *learn_fragment_compile(
	struct learn_work *w, const char *names, const char *uses)
{
	const struct compile_options options = { .include_dirs = w->options->include_dirs,
		.n_include_dirs = w->options->n_include_dirs };
	struct compilation *c;
	const char *text;

	for (uint32_t i = 0; i < w->n_fragments; i++) {
		if (!strcmp(w->fragments[i].names, names))
			return w->fragments[i].c;
	}
	c = arena_alloc(w->arena, sizeof(*c));
	text = arena_printf(w->arena, "use %s\nprofile it { include %s }\n", uses, names);
	compile_bytes(c, w->file_name, text, strlen(text), &options);
	if (c->diags.n_errors || !c->n_policies) {
		compilation_release(c);
		c = NULL;
	}
	ARENA_PUSH(w->arena, w->fragments, w->n_fragments, w->cap_fragments,
		(struct learn_fragment){ .names = names, .c = c });
	return c;
}

void learn_fragments_release(struct learn_work *w)
{
	for (uint32_t i = 0; i < w->n_fragments; i++) {
		if (w->fragments[i].c)
			compilation_release(w->fragments[i].c);
	}
}

/* A rule of the fragment's file itself, not of one that it includes. */
static bool is_own_rule(const struct rule *rule, const char *use)
{
	const char *file = rule->n_lines ? rule->lines[0].file : "";
	size_t len = strlen(file), tail = strlen(use) + 5;

	return rule->effect == EFFECT_ALLOW && !rule->is_default && !rule->derived &&
	       rule->operations && len >= tail && !strncmp(file + len - tail, use, tail - 5);
}

struct use_of {
	uint32_t n; /* objects that it would be for */
	const char **objects;
	uint32_t cap;
	struct hash_index index;
	uint64_t *exercised; /* of each rule of its policy: operations that were seen */
	struct learn_seen seen;
};

static bool powers_are_seen(const struct policy *p, const struct use_of *u,
	const struct known_fragment *f, const char *use)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *rule = p->rules[i];

		for (size_t k = 0; k < N(powers) && is_own_rule(rule, use); k++) {
			if ((rule->operations & powers[k] & ~f->harmless) &&
				!(u->exercised[i] & powers[k]))
				return false;
		}
	}
	return true;
}

static uint32_t rules_of(
	const struct policy *p, const struct use_of *u, const char *use, uint32_t *ret_used)
{
	uint32_t n = 0;

	*ret_used = 0;
	for (uint32_t i = 0; i < p->n_rules; i++) {
		if (!is_own_rule(p->rules[i], use))
			continue;
		n++;
		*ret_used += u->exercised[i] != 0;
	}
	return n;
}

static void include(struct learn_work *w, struct learn_domain *d, const struct known_fragment *f,
	const char *use, const struct policy *p, const struct use_of *u)
{
	uint32_t used, rules = rules_of(p, u, use, &used);
	struct learn_include i = { .name = f->name, .use = use };

	i.why = arena_printf(w->arena, "%s: for %u thing%s, by %u of its own %u rule%s; %s",
		f->name, u->n, u->n == 1 ? "" : "s", used, rules, rules == 1 ? "" : "s",
		learn_seen_text(w, &u->seen));
	ARENA_PUSH(w->arena, d->includes, d->n_includes, d->cap_includes, i);
}

/* Whether item @i of the domain still wants a rule that the fragment has. */
static bool is_for(struct learn_work *w, struct learn_domain *d, uint32_t i, const struct policy *p,
	const struct policy *with, uint32_t domain, struct decision *ret)
{
	const struct learn_item *item = &w->items[d->items[i].item];

	if (d->items[i].done || (item->o.operation == OP_SYSCALL) != (with != NULL))
		return false;
	*ret = learn_decide(p, 0, item);
	if (ret->verdict != VERDICT_ALLOW || ret->depends || !ret->rule)
		return false;
	return !with || learn_decide(with, domain, item).verdict != VERDICT_ALLOW;
}

struct sought {
	const struct use_of *u;
	const char *object;
};

static bool same_object(const void *ctx, uint32_t value)
{
	const struct sought *k = ctx;

	return !strcmp(k->u->objects[value], k->object);
}

/* Several operations on one file, or arguments of one call, count once. */
static void add_object(struct learn_work *w, struct use_of *u, const struct learn_observation *o)
{
	struct sought k = { .u = u };
	uint64_t hash = 0;

	k.object = o->known ? arena_printf(w->arena, "%s %llx", o->object,
				      (unsigned long long)o->values[__builtin_ctz(o->known)])
			    : o->object;
	for (const char *s = k.object; *s; s++)
		hash = hash_add(hash, (unsigned char)*s);
	if (hash_index_find(&u->index, hash, same_object, &k) != HASH_INDEX_NONE)
		return;
	hash_index_add(&u->index, hash, u->n);
	ARENA_PUSH(w->arena, u->objects, u->n, u->cap, k.object);
}

static void try_fragment(struct learn_work *w, struct learn_domain *d,
	const struct known_fragment *f, const struct policy *with, uint32_t domain)
{
	const char *use = arena_printf(w->arena, "base/%s", f->name);
	struct compilation *c = learn_fragment_compile(w, f->name, use);
	struct use_of u = { 0 };
	const struct policy *p;

	if (!c)
		return;
	p = c->policies[0];
	hash_index_init(&u.index, w->arena);
	u.exercised = arena_array(w->arena, p->n_rules, sizeof(*u.exercised));
	for (uint32_t i = 0; i < d->n_items; i++) {
		const struct learn_item *item = &w->items[d->items[i].item];
		struct decision v;

		if (!is_for(w, d, i, p, with, domain, &v))
			continue;
		u.exercised[v.rule->index] |= OP_BIT(item->o.operation);
		add_object(w, &u, &item->o);
		learn_seen_join(w, &u.seen, item);
	}
	if (u.n < f->at_least || !powers_are_seen(p, &u, f, use))
		return;
	include(w, d, f, use, p, &u);
	for (uint32_t i = 0; i < d->n_items; i++) {
		struct decision v;

		if (is_for(w, d, i, p, with, domain, &v))
			d->items[i].done = true;
	}
}

void learn_fragments_choose(struct learn_work *w, struct learn_domain *d)
{
	for (size_t i = 0; i < N(known); i++) {
		if (!known[i].calls)
			try_fragment(w, d, &known[i], NULL, 0);
	}
}

void learn_fragments_for_calls(
	struct learn_work *w, struct learn_domain *d, const struct policy *p, uint32_t domain)
{
	for (size_t i = 0; i < N(known); i++) {
		if (known[i].calls)
			try_fragment(w, d, &known[i], p, domain);
	}
}
