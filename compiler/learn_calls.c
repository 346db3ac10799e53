/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for system calls that no other rule stands for, and how often each was made. */
#include "compiler/learn_internal.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* More values of an argument than this are not compared. */
#define VALUES_MAX 64

/* By which constants people know the arguments of calls. */
static const struct {
	const char *call, *argument, *prefix;
} known_constants[] = {
	{ "ioctl", "cmd", "TIOC" },
	{ "ioctl", "cmd", "TC" },
	{ "ioctl", "cmd", "FIO" },
	{ "ioctl", "cmd", "SIOC" },
	{ "prctl", "option", "PR_" },
	{ "arch_prctl", "option", "ARCH_" },
	{ "socket", "family", "AF_" },
	{ "socketpair", "family", "AF_" },
	{ "fcntl", "cmd", "F_" },
	{ "madvise", "behavior", "MADV_" },
	{ "keyctl", "option", "KEYCTL_" },
	{ "bpf", "cmd", "BPF_" },
	{ "futex", "op", "FUTEX_" },
};

struct naming {
	const char *prefix;
	enum abi abi;
	uint64_t value;
	const char *best;
};

static void try_name(void *ctx, const char *name)
{
	struct naming *n = ctx;
	uint64_t v;

	if (!strncmp(name, n->prefix, strlen(n->prefix)) && vocab_constant_find(name, n->abi, &v) &&
		v == n->value && (!n->best || strcmp(name, n->best) < 0))
		n->best = name;
}

static const char *value_text(struct learn_work *w, int call, const struct vocab_argument *a,
	enum abi abi, uint64_t value)
{
	unsigned int width = vocab_argument_width(a, abi);
	struct naming n = { .abi = abi };

	if (width < 64)
		value &= ((uint64_t)1 << width) - 1;
	n.value = value;
	/* Numbers of one name may differ from ABI to ABI. */
	for (size_t i = 0; i < sizeof(known_constants) / sizeof(*known_constants) && !n.best &&
			   !(w->abis & (w->abis - 1));
		i++) {
		if (strcmp(known_constants[i].call, vocab_syscalls[call].name) != 0 ||
			strcmp(known_constants[i].argument, a->name) != 0)
			continue;
		n.prefix = known_constants[i].prefix;
		vocab_each(VOCAB_CONSTANT, try_name, &n);
	}
	if (n.best)
		return n.best;
	return value < 1024 ? arena_printf(w->arena, "%" PRIu64, value)
			    : arena_printf(w->arena, "0x%" PRIx64, value);
}

/* One call's observations, of one set of known arguments. */
struct group {
	const struct learn_item **v;
	uint32_t n, cap;
};

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* "cmd in {A, B}"; nothing where there are too many values. How many there are. */
static uint32_t add_comparison(
	struct learn_work *w, struct text *to, int call, uint8_t argument, const struct group *g)
{
	const struct vocab_argument *a = &vocab_syscalls[call].arguments[argument];
	uint64_t *values = arena_array(w->arena, g->n, sizeof(*values));
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->n; i++)
		values[i] = g->v[i]->o.values[argument];
	qsort(values, g->n, sizeof(*values), by_value);
	for (uint32_t i = 0; i < g->n; i++) {
		if (n == 0 || values[n - 1] != values[i])
			values[n++] = values[i];
	}
	if (n > VALUES_MAX)
		return n;
	if (to->len)
		text_puts(to, " and ");
	text_printf(to, n > 1 ? "%s in {" : "%s == ", a->name);
	for (uint32_t i = 0; i < n; i++)
		text_printf(to, "%s%s", i ? ", " : "",
			value_text(w, call, a, g->v[0]->o.abi, values[i]));
	text_puts(to, n > 1 ? "}" : "");
	return n;
}

static bool same_values(const struct learn_observation *a, const struct learn_observation *b)
{
	for (unsigned int i = 0; i < 6; i++) {
		if ((a->known & (1u << i)) && a->values[i] != b->values[i])
			return false;
	}
	return true;
}

/* Several executables may have made the same call. */
static uint64_t combinations_seen(const struct group *g)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < g->n; i++) {
		uint32_t k = 0;

		while (k < i && !same_values(&g->v[k]->o, &g->v[i]->o))
			k++;
		n += k == i;
	}
	return n;
}

static const char *call_words(struct learn_work *w, const struct group *g, const char **why)
{
	_cleanup_(text_release) struct text all = TEXT_INIT;
	const struct learn_observation *o = &g->v[0]->o;
	int call = vocab_syscall_find(o->object);
	uint32_t several = 0;
	uint64_t combinations = 1;

	for (uint8_t i = 0; i < vocab_syscalls[call].n_arguments; i++) {
		uint32_t n;

		if (!(o->known & (1u << i)) || vocab_syscalls[call].arguments[i].is_pointer)
			continue;
		n = add_comparison(w, &all, call, i, g);
		if (n > VALUES_MAX)
			*why = "more values of an argument than a rule compares";
		else
			combinations *= n;
		several += n > 1 && n <= VALUES_MAX;
	}
	/* Where one of them varies alone, each was seen. */
	if (!*why && several > 1 && (combinations > g->n || combinations > combinations_seen(g)))
		*why = "values of several arguments, in any combination";
	return all.len ? arena_printf(w->arena, "%s(%s)", o->object, text_str(&all)) : o->object;
}

static void add_group(struct learn_work *w, struct learn_domain *d, const struct group *g)
{
	const char *why = NULL, *object = call_words(w, g, &why);
	struct learn_rule *r = learn_rule_for(d, w, LEARN_SYSCALL, "", object);

	r->why = why;
	for (uint32_t i = 0; i < g->n; i++)
		learn_seen_join(w, &r->seen, g->v[i]);
}

bool learn_is_fallback(const struct learn_item *item, const struct decision *v)
{
	return item->o.operation == OP_SYSCALL && v->errnum == ENOSYS &&
	       !strcmp(item->o.object, "clone3");
}

static bool is_new(struct learn_work *w, struct learn_domain *d, uint32_t i, const struct policy *p,
	uint32_t domain)
{
	const struct learn_item *item = &w->items[d->items[i].item];
	struct decision v;

	if (d->items[i].done || item->o.operation != OP_SYSCALL)
		return false;
	d->items[i].done = true;
	v = learn_decide(p, domain, item);
	/* Some arguments pass, and which were meant nobody saw. */
	return !v.depends && v.verdict != VERDICT_ALLOW && !learn_is_fallback(item, &v);
}

void learn_calls(
	struct learn_work *w, struct learn_domain *d, const struct policy *p, uint32_t domain)
{
	const struct learn_item **v = arena_array(w->arena, d->n_items, sizeof(*v));
	uint32_t n = 0;

	for (uint32_t i = 0; i < d->n_items; i++) {
		const struct learn_item *item = &w->items[d->items[i].item];

		if (is_new(w, d, i, p, domain))
			v[n++] = item;
	}
	/* They are in order of their names. */
	for (uint32_t i = 0; i < n; i++) {
		struct group g = { 0 };

		if (!v[i])
			continue;
		for (uint32_t k = i; k < n; k++) {
			if (!v[k] || strcmp(v[k]->o.object, v[i]->o.object) != 0 ||
				v[k]->o.known != v[i]->o.known || v[k]->o.abi != v[i]->o.abi)
				continue;
			ARENA_PUSH(w->arena, g.v, g.n, g.cap, v[k]);
			if (k > i)
				v[k] = NULL;
		}
		add_group(w, d, &g);
	}
}

void learn_weights(struct learn_work *w, struct text *to)
{
	uint64_t *counts = arena_array(w->arena, vocab_n_syscalls, sizeof(*counts));

	for (uint32_t i = 0; i < w->n_items; i++) {
		const struct learn_observation *o = &w->items[i].o;
		int call = o->operation == OP_SYSCALL ? vocab_syscall_find(o->object) : -1;

		if (call >= 0 && __builtin_add_overflow(counts[call], o->count, &counts[call]))
			counts[call] = UINT64_MAX;
	}
	text_printf(to, "# How often each call was made, over %u runs: for pale build --weights\n",
		w->n_runs);
	for (uint32_t i = 0; i < vocab_n_syscalls; i++) {
		if (counts[i])
			text_printf(to, "%s %" PRIu64 "\n", vocab_syscalls[i].name, counts[i]);
	}
}
