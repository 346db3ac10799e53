/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/cells.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void cell_argument_cut(struct arena *a, struct cell_argument *x, uint64_t first, uint64_t last)
{
	assert(first <= last && last <= cells_ones(x->width));
	ARENA_PUSH(a, x->starts, x->n_starts, x->cap_starts, first);
	if (last < cells_ones(x->width))
		ARENA_PUSH(a, x->starts, x->n_starts, x->cap_starts, last + 1);
}

void cell_argument_mask(struct arena *a, struct cell_argument *x, uint64_t mask, uint64_t value)
{
	assert(mask <= cells_ones(x->width));
	if (value & ~mask || mask == 0)
		return; /* holds nowhere, or everywhere */
	if (mask == cells_ones(x->width)) {
		cell_argument_cut(a, x, value, value);
		return;
	}
	ARENA_PUSH(a, x->masks, x->n_masks, x->cap_masks, (struct cell_mask){ mask, value });
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int compare_masks(const void *a, const void *b)
{
	const struct cell_mask *x = a, *y = b;

	if (x->mask != y->mask)
		return x->mask < y->mask ? -1 : 1;
	return x->value < y->value ? -1 : x->value > y->value;
}

static int compare_classes(const void *a, const void *b)
{
	const struct cell_class *x = a, *y = b;

	return x->witness < y->witness ? -1 : x->witness > y->witness;
}

/*
 * How far the search for values within [first, last] has come from the top bit down: what prefix
 * was chosen, whether it is still the prefix of either end, and which masks it already breaks. Of
 * two prefixes that agree in all but the value, the smaller one stands for both.
 */
struct search_state {
	uint64_t prefix;
	uint64_t broken;
	bool at_first, at_last;
};

static int compare_states(const void *a, const void *b)
{
	const struct search_state *x = a, *y = b;

	if (x->broken != y->broken)
		return x->broken < y->broken ? -1 : 1;
	if (x->at_first != y->at_first)
		return x->at_first < y->at_first ? -1 : 1;
	if (x->at_last != y->at_last)
		return x->at_last < y->at_last ? -1 : 1;
	return x->prefix < y->prefix ? -1 : x->prefix > y->prefix;
}

static bool same_state(const struct search_state *a, const struct search_state *b)
{
	return a->broken == b->broken && a->at_first == b->at_first && a->at_last == b->at_last;
}

static uint32_t search_step(const struct cell_argument *x, int bit, uint64_t first, uint64_t last,
	const struct search_state *from, uint32_t n, struct search_state *to)
{
	uint32_t n_to = 0, kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		for (uint64_t b = 0; b <= 1; b++) {
			struct search_state s = from[i];

			if ((s.at_first && b < (first >> bit & 1)) ||
				(s.at_last && b > (last >> bit & 1)))
				continue;
			s.at_first = s.at_first && b == (first >> bit & 1);
			s.at_last = s.at_last && b == (last >> bit & 1);
			s.prefix |= b << bit;
			for (uint32_t k = 0; k < x->n_masks; k++) {
				if (x->masks[k].mask >> bit & 1 &&
					(x->masks[k].value >> bit & 1) != b)
					s.broken |= (uint64_t)1 << k;
			}
			to[n_to++] = s;
		}
	}
	qsort(to, n_to, sizeof(*to), compare_states);
	for (uint32_t i = 0; i < n_to; i++) {
		if (kept == 0 || !same_state(&to[kept - 1], &to[i]))
			to[kept++] = to[i];
	}
	return kept;
}

static bool search_interval(
	struct arena *a, struct cell_argument *x, uint32_t interval, struct search_state *states[2])
{
	uint64_t all = cells_ones((unsigned int)x->n_masks);
	uint64_t first = x->starts[interval];
	uint64_t last =
		interval + 1 < x->n_starts ? x->starts[interval + 1] - 1 : cells_ones(x->width);
	uint32_t n = 1, from = x->n_classes;
	int at = 0;

	states[0][0] = (struct search_state){ .at_first = true, .at_last = true };
	for (int bit = x->width - 1; bit >= 0; bit--) {
		n = search_step(x, bit, first, last, states[at], n, states[!at]);
		at = !at;
		if (n > CELLS_MAX)
			return false;
	}
	for (uint32_t i = 0; i < n; i++) {
		uint64_t holds = all & ~states[at][i].broken;
		bool known = false;

		/* States are in order of what they break: equal ones are neighbours. */
		if (x->n_classes > from && x->classes[x->n_classes - 1].masks == holds) {
			struct cell_class *c = &x->classes[x->n_classes - 1];

			if (states[at][i].prefix < c->witness)
				c->witness = states[at][i].prefix;
			known = true;
		}
		if (!known)
			ARENA_PUSH(a, x->classes, x->n_classes, x->cap_classes,
				(struct cell_class){ states[at][i].prefix, holds, interval });
	}
	return x->n_classes <= CELLS_MAX;
}

bool cell_argument_classes(struct arena *a, struct cell_argument *x)
{
	struct search_state *states[2];
	uint32_t kept = 0, n_states = CELLS_MAX;
	bool whole = true;

	ARENA_PUSH(a, x->starts, x->n_starts, x->cap_starts, 0);
	qsort(x->starts, x->n_starts, sizeof(*x->starts), compare_numbers);
	for (uint32_t i = 0; i < x->n_starts; i++) {
		if (kept == 0 || x->starts[kept - 1] != x->starts[i])
			x->starts[kept++] = x->starts[i];
	}
	x->n_starts = kept;
	kept = 0;
	if (x->n_masks)
		qsort(x->masks, x->n_masks, sizeof(*x->masks), compare_masks);
	for (uint32_t i = 0; i < x->n_masks; i++) {
		if (kept == 0 || compare_masks(&x->masks[kept - 1], &x->masks[i]) != 0)
			x->masks[kept++] = x->masks[i];
	}
	x->n_masks = kept;
	x->n_classes = 0;
	if (x->n_masks > CELL_MASKS_MAX || x->n_starts > CELLS_MAX)
		return false;
	if (x->n_masks == 0) {
		for (uint32_t i = 0; i < x->n_starts; i++)
			ARENA_PUSH(a, x->classes, x->n_classes, x->cap_classes,
				(struct cell_class){ x->starts[i], 0, i });
		return true;
	}
	/* A state is a set of broken masks and two flags; a step at most doubles their number. */
	if (x->n_masks < 14)
		n_states = 4u << x->n_masks;
	for (int i = 0; i < 2; i++)
		states[i] = arena_array(a, 2 * (size_t)n_states, sizeof(**states));
	for (uint32_t i = 0; i < x->n_starts && whole; i++)
		whole = search_interval(a, x, i, states);
	if (whole)
		qsort(x->classes, x->n_classes, sizeof(*x->classes), compare_classes);
	return whole;
}

/* A signed range is one run of unsigned numbers, or two when it holds -1 and 0. */
static void cut_range(struct arena *a, struct cell_argument *x, const struct syscall_test *t)
{
	uint64_t all = cells_ones(x->width), lo = t->values[0], hi = t->values[1];

	if (t->argument->is_signed) {
		int64_t least = -(int64_t)(all >> 1) - 1, most = (int64_t)(all >> 1);
		int64_t from = (int64_t)lo, to = (int64_t)hi;

		if (from < least)
			from = least;
		if (to > most)
			to = most;
		if (from > to)
			return;
		if (from < 0 && to >= 0) {
			cell_argument_cut(a, x, (uint64_t)from & all, all);
			cell_argument_cut(a, x, 0, (uint64_t)to);
			return;
		}
		cell_argument_cut(a, x, (uint64_t)from & all, (uint64_t)to & all);
		return;
	}
	if (hi > all)
		hi = all;
	if (lo <= hi)
		cell_argument_cut(a, x, lo, hi);
}

static void cut_values(struct arena *a, struct cell_argument *x, const struct syscall_test *t)
{
	uint64_t all = cells_ones(x->width), sign = all ^ all >> 1;

	for (uint32_t i = 0; i < t->n_values; i++) {
		uint64_t v = t->values[i] & all;
		uint64_t read = t->argument->is_signed && v & sign ? v | ~all : v;

		if (read == t->values[i])
			cell_argument_cut(a, x, v, v);
	}
}

/* Bits above the width are copies of the sign, or zero. */
static void cut_mask(struct arena *a, struct cell_argument *x, const struct syscall_test *t)
{
	uint64_t all = cells_ones(x->width), sign = all ^ all >> 1,
		 above = cells_ones(t->argument->width) & ~all;
	uint64_t mask = t->mask & all, value = t->values[0] & all;

	if (t->argument->is_signed && t->mask & above) {
		uint64_t want = (t->values[0] & above) == (t->mask & above) ? sign : 0;

		if (!want && t->values[0] & above)
			return;
		if (mask & sign && (value & sign) != want)
			return;
		mask |= sign;
		value |= want;
	} else if (t->values[0] & above) {
		return;
	}
	cell_argument_mask(a, x, mask, value);
}

static void add_test(struct arena *a, struct cells *c, const struct syscall_test *t, enum abi abi)
{
	uint8_t index = t->argument->index[abi];
	struct cell_argument *x = NULL;

	if (index >= 6)
		return; /* holds nowhere: syscall_match_holds() */
	for (uint32_t i = 0; i < c->n_arguments && !x; i++) {
		if (c->arguments[i].index == index)
			x = &c->arguments[i];
	}
	if (!x) {
		struct cell_argument fresh = {
			.index = index,
			.width = (uint8_t)vocab_argument_width(t->argument, abi),
		};

		ARENA_PUSH(a, c->arguments, c->n_arguments, c->cap_arguments, fresh);
		x = &c->arguments[c->n_arguments - 1];
	}
	assert(x->width == vocab_argument_width(t->argument, abi));
	switch (t->kind) {
	case TEST_IN:
		cut_values(a, x, t);
		break;
	case TEST_RANGE:
		cut_range(a, x, t);
		break;
	case TEST_MASK:
		cut_mask(a, x, t);
		break;
	}
}

/* A rule that names the call twice has its exceptions added twice, which cuts nothing more. */
static void add_match(struct arena *a, struct cells *c, const struct call_match *m, enum abi abi)
{
	const struct syscall_matches *except = &m->rule->except_calls;

	for (uint32_t i = 0; i < m->match->n_tests; i++)
		add_test(a, c, &m->match->tests[i], abi);
	for (uint32_t i = 0; i < except->n; i++) {
		const struct syscall_match *e = &except->v[i];

		for (uint32_t k = 0; e->syscall == m->match->syscall && k < e->n_tests; k++)
			add_test(a, c, &e->tests[k], abi);
	}
}

static int compare_arguments(const void *a, const void *b)
{
	const struct cell_argument *x = a, *y = b;

	return (int)x->index - (int)y->index;
}

bool cells_new(struct arena *a, const struct policy *p, enum abi abi, int syscall,
	const struct syscall_test *extra, uint32_t n_extra, struct cells *ret)
{
	struct cells c = { .n = 1 };

	for (uint32_t i = 0; i < p->n_domains; i++) {
		const struct call_matches *matches = &p->domains[i]->by_call[syscall];

		for (uint32_t k = 0; k < matches->n; k++)
			add_match(a, &c, &matches->v[k], abi);
	}
	for (uint32_t i = 0; i < n_extra; i++)
		add_test(a, &c, &extra[i], abi);
	if (c.n_arguments)
		qsort(c.arguments, c.n_arguments, sizeof(*c.arguments), compare_arguments);
	for (uint32_t i = 0; i < c.n_arguments; i++) {
		if (!cell_argument_classes(a, &c.arguments[i]) ||
			(uint64_t)c.n * c.arguments[i].n_classes > CELLS_MAX)
			return false;
		c.n *= c.arguments[i].n_classes;
	}
	*ret = c;
	return true;
}

void cells_witness(const struct cells *c, uint32_t cell, uint64_t arguments[6])
{
	memset(arguments, 0, 6 * sizeof(*arguments));
	for (uint32_t i = c->n_arguments; i-- > 0;) {
		const struct cell_argument *x = &c->arguments[i];

		arguments[x->index] = x->classes[cell % x->n_classes].witness;
		cell /= x->n_classes;
	}
}

void cells_garbage(const struct cells *c, int variant, uint64_t arguments[6])
{
	static const uint64_t garbage[CELLS_GARBAGE_VARIANTS] = { 0, UINT64_MAX,
		0xa5a55a5a96690ff0 };
	uint64_t read[6] = { 0 };

	for (uint32_t i = 0; i < c->n_arguments; i++)
		read[c->arguments[i].index] = cells_ones(c->arguments[i].width);
	for (int i = 0; i < 6; i++)
		arguments[i] = (arguments[i] & read[i]) | (garbage[variant] & ~read[i]);
}

bool cells_walk(const struct policy *p, enum abi abi, int syscall, bool garbage, cells_visit visit,
	void *ctx)
{
	struct arena *a = arena_new();
	struct cells c;
	bool whole = cells_new(a, p, abi, syscall, NULL, 0, &c), go_on = true;

	for (uint32_t cell = 0; whole && go_on && cell < c.n; cell++) {
		for (int v = 0; go_on && v < (garbage ? CELLS_GARBAGE_VARIANTS : 1); v++) {
			uint64_t arguments[6];

			cells_witness(&c, cell, arguments);
			cells_garbage(&c, v, arguments);
			go_on = visit(ctx, arguments);
		}
	}
	arena_free(a);
	return whole;
}

static uint32_t intern(
	struct arena *a, struct cell_level *level, const uint32_t *next, uint32_t n_classes)
{
	uint32_t *copy;

	for (uint32_t i = 0; i < level->n; i++) {
		if (!memcmp(level->next[i], next, n_classes * sizeof(*next)))
			return i;
	}
	copy = arena_array(a, n_classes, sizeof(*copy));
	memcpy(copy, next, n_classes * sizeof(*next));
	ARENA_PUSH(a, level->next, level->n, level->cap, copy);
	return level->n - 1;
}

static uint32_t tabulate(struct arena *a, struct cell_table *t, uint32_t level, uint32_t cell,
	cells_value value, void *ctx)
{
	const struct cells *c = t->cells;
	uint32_t n_classes, *next;

	if (level == c->n_arguments) {
		uint64_t arguments[6];

		cells_witness(c, cell, arguments);
		return value(ctx, arguments);
	}
	n_classes = c->arguments[level].n_classes;
	next = arena_array(a, n_classes, sizeof(*next));
	for (uint32_t i = 0; i < n_classes; i++)
		next[i] = tabulate(a, t, level + 1, cell * n_classes + i, value, ctx);
	return intern(a, &t->levels[level], next, n_classes);
}

struct cell_table *cell_table_new(
	struct arena *a, const struct cells *c, cells_value value, void *ctx)
{
	struct cell_table *t = arena_alloc(a, sizeof(*t));

	t->cells = c;
	t->levels = arena_array(a, c->n_arguments, sizeof(*t->levels));
	t->root = tabulate(a, t, 0, 0, value, ctx);
	return t;
}
