/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/cbpf_graph.h"

#include <assert.h>
#include <stdlib.h>

/*
 * A search tree over intervals, as dynamic programming finds it for every run of them: either one
 * jge divides the run in two, or the run is a chain: one target, but for single values that go
 * elsewhere, each a jeq, where its two edges would be two jge. What is minimised is the mean number
 * of tests and their number together. Memory is that of the square of the length, so longer lists
 * are halved first.
 *
 * Values that are asked for much more often than others are worth a jeq in front of everything.
 */
#define RUN_MAX	  256
#define CHAIN_MAX 6
#define FRONT_MAX 6

/* What one test more is worth, as a share of the whole weight: 1/TEST_SHARE of a test on average.
 */
#define TEST_SHARE 16

typedef uint64_t cost;

struct choice {
	cost cost;
	uint16_t split; /* where the upper part begins, if the run is divided */
	bool chained;
	cbpf_node base; /* of a chain */
};

struct switching {
	struct arena *arena;
	struct cbpf_graph *g;
	struct cbpf_word word;
	const struct cbpf_interval *v;
	uint32_t n;
	cost test;	       /* the price of one */
	cost *weight;	       /* [n + 1]: of all before */
	struct choice *choice; /* [first * (n + 1) + end] */
};

static struct choice *choice_of(const struct switching *s, uint32_t first, uint32_t end)
{
	return &s->choice[(size_t)first * (s->n + 1) + end];
}

static cost weight_of(const struct switching *s, uint32_t first, uint32_t end)
{
	return s->weight[end] - s->weight[first];
}

static bool is_single(const struct switching *s, uint32_t i)
{
	return i + 1 < s->n && s->v[i + 1].start - s->v[i].start == 1;
}

/* The exceptions of a chain, in the order in which they are tested: the heaviest first. */
struct chain {
	uint32_t v[CHAIN_MAX];
	uint32_t n;
};

static void chain_add(const struct switching *s, struct chain *c, uint32_t exception)
{
	uint32_t at = c->n++;

	for (; at > 0 && s->v[c->v[at - 1]].weight < s->v[exception].weight; at--)
		c->v[at] = c->v[at - 1];
	c->v[at] = exception;
}

static cost chain_cost(const struct switching *s, const struct chain *c, cost whole)
{
	cost sum = c->n * s->test, rest = whole;

	for (uint32_t i = 0; i < c->n; i++) {
		sum += rest;
		rest -= s->v[c->v[i]].weight;
	}
	return sum;
}

/* Every run from @first on that is a chain on @base. */
static void try_chains(const struct switching *s, uint32_t first, cbpf_node base)
{
	struct chain c = { .n = 0 };
	bool based = false;

	for (uint32_t i = first; i < s->n; i++) {
		struct choice *best = choice_of(s, first, i + 1);
		cost here;

		if (s->v[i].to == base) {
			based = true;
		} else {
			if (c.n == CHAIN_MAX || !is_single(s, i))
				return;
			chain_add(s, &c, i);
		}
		if (!based)
			continue;
		here = chain_cost(s, &c, weight_of(s, first, i + 1));
		if (here < best->cost)
			*best = (struct choice){ .cost = here, .chained = true, .base = base };
	}
}

/*
 * As Knuth found for search trees without chains, the best place to divide a run lies between those
 * of the run without its last and of the run without its first. Where one of these is best left
 * whole, its division says nothing, and all places are tried. The time is then that of the square
 * of the length and not of its cube.
 */
static void divide_run(const struct switching *s, uint32_t first, uint32_t end)
{
	struct choice *best = choice_of(s, first, end);
	const struct choice *shorter = choice_of(s, first, end - 1);
	const struct choice *later = choice_of(s, first + 1, end);
	uint32_t from = shorter->chained ? first + 1 : shorter->split;
	uint32_t to = later->chained ? end - 1 : later->split;
	cost least = UINT64_MAX;

	/* Chains within may turn them round. */
	if (from > to) {
		from = first + 1;
		to = end - 1;
	}
	for (uint32_t i = from; i <= to; i++) {
		cost sum = choice_of(s, first, i)->cost + choice_of(s, i, end)->cost;

		if (sum < least) {
			least = sum;
			best->split = (uint16_t)i;
		}
	}
	least += weight_of(s, first, end) + s->test;
	if (least < best->cost) {
		best->cost = least;
		best->chained = false;
	}
}

static void find_choices(const struct switching *s)
{
	for (uint32_t first = s->n; first-- > 0;) {
		for (uint32_t end = first + 1; end <= s->n; end++)
			choice_of(s, first, end)->cost = UINT64_MAX;
		try_chains(s, first, s->v[first].to);
		if (is_single(s, first))
			try_chains(s, first, s->v[first + 1].to);
		for (uint32_t end = first + 2; end <= s->n; end++)
			divide_run(s, first, end);
	}
}

static cbpf_node build_chain(
	const struct switching *s, uint32_t first, uint32_t end, cbpf_node base)
{
	struct chain c = { .n = 0 };
	cbpf_node node = base;

	for (uint32_t i = first; i < end; i++) {
		if (s->v[i].to != base)
			chain_add(s, &c, i);
	}
	while (c.n-- > 0)
		node = cbpf_test(
			s->g, s->word, BPF_JEQ, s->v[c.v[c.n]].start, s->v[c.v[c.n]].to, node);
	return node;
}

static cbpf_node build(const struct switching *s, uint32_t first, uint32_t end)
{
	const struct choice *c = choice_of(s, first, end);

	if (c->chained)
		return build_chain(s, first, end, c->base);
	return cbpf_test(s->g, s->word, BPF_JGE, s->v[c->split].start, build(s, c->split, end),
		build(s, first, c->split));
}

/* Neighbours with one target are one. */
static uint32_t merge(struct cbpf_interval *v, uint32_t n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (kept && v[kept - 1].to == v[i].to)
			v[kept - 1].weight += v[i].weight;
		else
			v[kept++] = v[i];
	}
	return kept;
}

static void prepare(struct switching *s, const struct cbpf_interval *v, uint32_t n, cost whole)
{
	s->v = v;
	s->n = n;
	s->test = whole / TEST_SHARE + 1;
	s->weight = arena_array(s->arena, n + 1, sizeof(*s->weight));
	for (uint32_t i = 0; i < n; i++)
		s->weight[i + 1] = s->weight[i] + v[i].weight;
	s->choice = arena_array(s->arena, (size_t)n * (n + 1), sizeof(*s->choice));
	find_choices(s);
}

static cbpf_node divide(struct arena *a, struct cbpf_graph *g, struct cbpf_word word,
	const struct cbpf_interval *v, uint32_t n, cost whole);

/*
 * With the heaviest single values in front, as many as pay. A value that is no longer asked for may
 * lead wherever its neighbour does.
 */
static cbpf_node with_front(struct arena *a, struct cbpf_graph *g, struct cbpf_word word,
	const struct cbpf_interval *all, uint32_t n_all, cost whole)
{
	struct switching best = { .arena = a, .g = g, .word = word };
	struct cbpf_interval *v = arena_array(a, n_all, sizeof(*v));
	struct cbpf_interval front[FRONT_MAX];
	uint32_t n_front = 0, n = n_all;
	cost before = 0, rest = whole, least;
	cbpf_node node;

	for (uint32_t i = 0; i < n; i++)
		v[i] = all[i];
	prepare(&best, v, n, whole);
	least = choice_of(&best, 0, n)->cost;
	for (uint32_t tried = 0; tried < FRONT_MAX && n > 1; tried++) {
		struct switching s = { .arena = a, .g = g, .word = word };
		struct cbpf_interval *next = arena_array(a, n, sizeof(*next));
		uint32_t heaviest = n, kept = 0;
		cost sum;

		for (uint32_t i = 0; i + 1 < n; i++) {
			if (v[i + 1].start - v[i].start == 1 &&
				(heaviest == n || v[i].weight > v[heaviest].weight))
				heaviest = i;
		}
		/* Less than a tenth of what is left never pays. */
		if (heaviest == n || v[heaviest].weight < rest / 10)
			break;
		for (uint32_t i = 0; i < n; i++)
			next[kept++] = v[i];
		next[heaviest].to = v[heaviest ? heaviest - 1 : 1].to;
		next[heaviest].weight = 0;
		n = merge(next, kept);
		before += rest;
		rest -= v[heaviest].weight;
		front[tried] = v[heaviest];
		prepare(&s, next, n, whole);
		sum = choice_of(&s, 0, n)->cost + before + (tried + 1) * s.test;
		if (sum < least) {
			least = sum;
			best = s;
			n_front = tried + 1;
		}
		v = next;
	}
	node = build(&best, 0, best.n);
	while (n_front-- > 0)
		node = cbpf_test(g, word, BPF_JEQ, front[n_front].start, front[n_front].to, node);
	return node;
}

static cbpf_node divide(struct arena *a, struct cbpf_graph *g, struct cbpf_word word,
	const struct cbpf_interval *v, uint32_t n, cost whole)
{
	cost below = 0, half = 0;
	uint32_t split = 0;

	if (n <= RUN_MAX)
		return with_front(a, g, word, v, n, whole);
	/* By number where weights would leave one side as long as it was. */
	for (uint32_t i = 0; i < n; i++)
		half += v[i].weight;
	half /= 2;
	for (split = 0; split < n && below < half; split++)
		below += v[split].weight;
	if (split < n / 4 || split > n - n / 4)
		split = n / 2;
	return cbpf_test(g, word, BPF_JGE, v[split].start,
		divide(a, g, word, v + split, n - split, whole),
		divide(a, g, word, v, split, whole));
}

cbpf_node cbpf_switch(struct cbpf_graph *g, struct cbpf_word word,
	const struct cbpf_interval *intervals, uint32_t n)
{
	struct arena *a = arena_new();
	struct cbpf_interval *v = arena_array(a, n, sizeof(*v));
	cost whole = 0;
	cbpf_node node;

	assert(n && intervals[0].start == 0);
	for (uint32_t i = 0; i < n; i++) {
		v[i] = intervals[i];
		whole += v[i].weight;
	}
	n = merge(v, n);
	node = n == 1 ? v[0].to : divide(a, g, word, v, n, whole);
	arena_free(a);
	return node;
}
