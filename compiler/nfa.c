/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/nfa.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/*
 * Where a glob has got to, over all expansions of its braces, by what the component that is being
 * read consists of so far. Stars at a component's beginning wait: what they mean is known when the
 * component ends or goes on.
 */
enum place {
	BEGUN,	   /* nothing: a '/' was just read */
	ONLY_STAR, /* some '*': the state is the one before them */
	ONLY_ANY,  /* stars, one of them '**': the state is the one before them */
	INSIDE,	   /* something else */
	N_PLACES
};

struct cursor {
	uint32_t at[N_PLACES]; /* NFA_NONE: no expansion is here */
};
static const struct cursor nowhere = { { NFA_NONE, NFA_NONE, NFA_NONE, NFA_NONE } };

void nfa_init(struct nfa *n, struct arena *a)
{
	*n = (struct nfa){ .arena = a };
	hash_index_init(&n->state_index, a);
	hash_index_init(&n->set_index, a);
	for (int b = 0; b < 256; b++) {
		struct nfa_set one = { { 0 } };

		one.bytes[b / 64] = UINT64_C(1) << b % 64;
		ARENA_PUSH(a, n->sets, n->n_sets, n->cap_sets, one);
	}
	ARENA_PUSH(a, n->sets, n->n_sets, n->cap_sets,
		(struct nfa_set){
			{ ~(UINT64_C(1) << '/'), ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0) } });
	ARENA_PUSH(a, n->sets, n->n_sets, n->cap_sets,
		(struct nfa_set){ { ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0) } });
	assert(n->n_sets == NFA_SET_ANY + 1);
}

struct set_key {
	const struct nfa *n;
	const uint64_t *bytes;
};

static bool same_set(const void *ctx, uint32_t value)
{
	const struct set_key *key = ctx;

	return memcmp(key->n->sets[value].bytes, key->bytes, sizeof(struct nfa_set)) == 0;
}

/* Of two bytes or more: glob.c makes a literal of a set of one. */
static uint32_t intern_set(struct nfa *n, const uint64_t bytes[4])
{
	struct set_key key = { n, bytes };
	uint64_t hash = 0;
	uint32_t set;

	if (same_set(&key, NFA_SET_NOT_SLASH))
		return NFA_SET_NOT_SLASH;
	for (int i = 0; i < 4; i++)
		hash = hash_add(hash, bytes[i]);
	set = hash_index_find(&n->set_index, hash, same_set, &key);
	if (set != HASH_INDEX_NONE)
		return set;
	set = n->n_sets;
	ARENA_PUSH(n->arena, n->sets, n->n_sets, n->cap_sets, (struct nfa_set){ { 0 } });
	memcpy(n->sets[set].bytes, bytes, sizeof(struct nfa_set));
	hash_index_add(&n->set_index, hash, set);
	return set;
}

static void link_push(struct nfa *n, uint32_t *first, uint32_t value)
{
	struct nfa_link link = { .value = value, .next = *first };

	*first = n->n_links;
	ARENA_PUSH(n->arena, n->links, n->n_links, n->cap_links, link);
}

static uint32_t new_state(struct nfa *n, enum nfa_op op, uint32_t parent, uint32_t arg)
{
	uint32_t s = n->n_states;

	if (s == NFA_STATES_MAX)
		return NFA_NONE;
	ARENA_PUSH(n->arena, n->states, n->n_states, n->cap_states,
		(struct nfa_state){
			.op = op,
			.parent = parent,
			.arg = arg,
			.first_step = NFA_NONE,
			.next_sibling = NFA_NONE,
			.first_within = NFA_NONE,
			.first_tag = NFA_NONE,
		});
	return s;
}

struct state_key {
	const struct nfa *n;
	enum nfa_op op;
	uint32_t parent;
	uint32_t arg;
	const uint32_t *joined; /* of a JOIN, instead of @parent */
};

static bool same_state(const void *ctx, uint32_t value)
{
	const struct state_key *key = ctx;
	const struct nfa_state *s = &key->n->states[value];

	if (s->op != key->op || s->arg != key->arg)
		return false;
	if (s->op != NFA_JOIN)
		return s->parent == key->parent;
	return memcmp(&key->n->joined[s->parent], key->joined, s->arg * sizeof(uint32_t)) == 0;
}

static uint32_t traced(const struct nfa *n, uint32_t state)
{
	if (n->trace && state != NFA_NONE)
		n->trace(n->trace_ctx, state);
	return state;
}

static uint32_t step(struct nfa *n, uint32_t from, uint32_t set)
{
	struct state_key key = { .n = n, .op = NFA_BYTE_OF, .parent = from, .arg = set };
	uint64_t hash = hash_add(hash_add(NFA_BYTE_OF, from), set);
	uint32_t s;

	if (from == NFA_NONE)
		return NFA_NONE;
	s = hash_index_find(&n->state_index, hash, same_state, &key);
	if (s == HASH_INDEX_NONE) {
		s = new_state(n, NFA_BYTE_OF, from, set);
		if (s == NFA_NONE)
			return NFA_NONE;
		n->states[s].next_sibling = n->states[from].first_step;
		n->states[from].first_step = s;
		hash_index_add(&n->state_index, hash, s);
	}
	return traced(n, s);
}

static uint32_t loop(struct nfa *n, uint32_t from, uint32_t set)
{
	struct state_key key = { .n = n, .op = NFA_LOOP, .arg = set };
	uint64_t hash;
	uint32_t s;

	if (from == NFA_NONE)
		return NFA_NONE;
	/* A run after a run is the longer of the two. */
	if (n->states[from].op == NFA_LOOP) {
		if (n->states[from].arg == set || n->states[from].arg == NFA_SET_ANY)
			return traced(n, from);
		from = n->states[from].parent;
	}
	key.parent = from;
	hash = hash_add(hash_add(NFA_LOOP, from), set);
	s = hash_index_find(&n->state_index, hash, same_state, &key);
	if (s == HASH_INDEX_NONE) {
		s = new_state(n, NFA_LOOP, from, set);
		if (s == NFA_NONE)
			return NFA_NONE;
		link_push(n, &n->states[from].first_within, s);
		hash_index_add(&n->state_index, hash, s);
	}
	return traced(n, s);
}

static int compare_u32(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* @states (@count of them, NFA_NONE among them for none) is sorted in place. */
static uint32_t join(struct nfa *n, uint32_t *states, uint32_t count)
{
	struct state_key key = { .n = n, .op = NFA_JOIN, .joined = states };
	uint64_t hash = NFA_JOIN;
	uint32_t s, kept = 0;

	for (uint32_t i = 0; i < count; i++)
		if (states[i] != NFA_NONE)
			states[kept++] = states[i];
	if (kept < 2)
		return kept ? states[0] : NFA_NONE;
	count = kept;
	kept = 1;
	qsort(states, count, sizeof(*states), compare_u32);
	for (uint32_t i = 1; i < count; i++)
		if (states[i] != states[kept - 1])
			states[kept++] = states[i];
	if (kept == 1)
		return states[0];
	for (uint32_t i = 0; i < kept; i++)
		hash = hash_add(hash, states[i]);
	key.arg = kept;
	s = hash_index_find(&n->state_index, hash, same_state, &key);
	if (s == HASH_INDEX_NONE) {
		s = new_state(n, NFA_JOIN, n->n_joined, kept);
		if (s == NFA_NONE)
			return NFA_NONE;
		for (uint32_t i = 0; i < kept; i++) {
			link_push(n, &n->states[states[i]].first_within, s);
			ARENA_PUSH(n->arena, n->joined, n->n_joined, n->cap_joined, states[i]);
		}
		hash_index_add(&n->state_index, hash, s);
	}
	return traced(n, s);
}

/* Nothing, or any run and '/'. */
static uint32_t directories(struct nfa *n, uint32_t from)
{
	uint32_t s;

	if (from == NFA_NONE || n->states[from].directories)
		return from;
	s = step(n, loop(n, from, NFA_SET_ANY), '/');
	s = join(n, (uint32_t[]){ from, s }, 2);
	if (s != NFA_NONE)
		n->states[s].directories = true;
	return s;
}

static uint32_t not_empty(struct nfa *n, uint32_t from, uint32_t set)
{
	return loop(n, step(n, from, set), set);
}

static void read_slash(struct nfa *n, struct cursor *c)
{
	uint32_t ends[] = {
		step(n, c->at[BEGUN], '/'),
		step(n, not_empty(n, c->at[ONLY_STAR], NFA_SET_NOT_SLASH), '/'),
		directories(n, c->at[ONLY_ANY]),
		step(n, c->at[INSIDE], '/'),
	};

	*c = nowhere;
	c->at[BEGUN] = join(n, ends, N_PLACES);
}

static void read_byte_of(struct nfa *n, struct cursor *c, uint32_t set)
{
	uint32_t ends[] = {
		c->at[BEGUN],
		loop(n, c->at[ONLY_STAR], NFA_SET_NOT_SLASH),
		loop(n, c->at[ONLY_ANY], NFA_SET_ANY),
		c->at[INSIDE],
	};

	*c = nowhere;
	c->at[INSIDE] = step(n, join(n, ends, N_PLACES), set);
}

static void read_star(struct nfa *n, struct cursor *c)
{
	uint32_t only[] = { c->at[BEGUN], c->at[ONLY_STAR] };

	c->at[BEGUN] = NFA_NONE;
	c->at[ONLY_STAR] = join(n, only, 2);
	c->at[INSIDE] = loop(n, c->at[INSIDE], NFA_SET_NOT_SLASH);
}

static void read_any(struct nfa *n, struct cursor *c)
{
	uint32_t only[] = { c->at[BEGUN], c->at[ONLY_STAR], c->at[ONLY_ANY] };

	c->at[BEGUN] = c->at[ONLY_STAR] = NFA_NONE;
	c->at[ONLY_ANY] = join(n, only, 3);
	c->at[INSIDE] = loop(n, c->at[INSIDE], NFA_SET_ANY);
}

static uint32_t read_end(struct nfa *n, const struct cursor *c)
{
	uint32_t ends[] = {
		c->at[BEGUN],
		not_empty(n, c->at[ONLY_STAR], NFA_SET_NOT_SLASH),
		not_empty(n, c->at[ONLY_ANY], NFA_SET_ANY),
		c->at[INSIDE],
	};

	return join(n, ends, N_PLACES);
}

static void read_seq(struct nfa *n, const struct glob_seq *seq, struct cursor *c);

static void read_alternatives(struct nfa *n, const struct glob_node *node, struct cursor *c)
{
	uint32_t *ends = arena_array(n->arena, (size_t)node->n * N_PLACES, sizeof(*ends));

	for (uint32_t i = 0; i < node->n; i++) {
		struct cursor one = *c;

		read_seq(n, &node->alternatives[i], &one);
		for (uint32_t place = 0; place < N_PLACES; place++)
			ends[place * node->n + i] = one.at[place];
	}
	for (uint32_t place = 0; place < N_PLACES; place++)
		c->at[place] = join(n, ends + place * node->n, node->n);
}

static void read_seq(struct nfa *n, const struct glob_seq *seq, struct cursor *c)
{
	for (uint32_t i = 0; i < seq->n; i++) {
		const struct glob_node *node = &seq->v[i];

		switch (node->kind) {
		case GLOB_LITERAL:
			for (uint32_t k = 0; k < node->n; k++) {
				if (node->bytes[k] == '/')
					read_slash(n, c);
				else
					read_byte_of(n, c, (uint8_t)node->bytes[k]);
			}
			break;
		case GLOB_SET:
			read_byte_of(n, c, intern_set(n, node->set));
			break;
		case GLOB_STAR:
			read_star(n, c);
			break;
		case GLOB_ANY:
			read_any(n, c);
			break;
		case GLOB_ALTERNATIVES:
			read_alternatives(n, node, c);
			break;
		}
	}
}

uint32_t nfa_root(struct nfa *n)
{
	return new_state(n, NFA_ROOT, NFA_NONE, 0);
}

uint32_t nfa_add(struct nfa *n, uint32_t root, const struct glob *g)
{
	struct cursor c = nowhere;
	uint32_t end;

	c.at[INSIDE] = root;
	read_seq(n, &g->seq, &c);
	end = read_end(n, &c);
	/* When states ran out on the way some expansions are missing: that is no result. */
	return n->n_states == NFA_STATES_MAX ? NFA_NONE : end;
}

void nfa_tag(struct nfa *n, uint32_t state, uint32_t tag)
{
	link_push(n, &n->states[state].first_tag, tag);
}
