/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/dfa_internal.h"

#include <assert.h>
#include <string.h>

struct list {
	uint32_t *v;
	uint32_t n, cap;
};

struct determiniser {
	struct arena *arena;
	const struct nfa *nfa;
	struct dfa_sparse *d;
	struct dfa_subsets *subsets;
	struct hash_index subset_index;
	uint32_t cap_rest, cap_row, cap_edges;

	uint32_t slash; /* the class of '/' */
	uint32_t other; /* the class that dfa_sparse.rest is asked of: the largest */
	/* The classes that each set of bytes consists of: set_classes[set_row[s]...set_row[s+1]].
	 */
	uint32_t *set_row;
	uint8_t *set_classes;

	/* What being in an NFA state means without reading on, itself included: only what matters.
	 */
	uint32_t *closure_row;
	struct list closure;

	/* The set that is being made. */
	uint32_t *stamp; /* [nfa states]: in it when it equals epoch */
	uint32_t epoch;
	uint32_t *members;
	uint32_t n_members;
	uint64_t hash;
};

static bool over_budget(const struct determiniser *t)
{
	return t->subsets->n > DFA_BUDGET_STATES || t->subsets->n_members > DFA_BUDGET_POSITIONS ||
	       t->subsets->steps > DFA_BUDGET_STEPS;
}

static bool set_has(const struct nfa_set *set, uint8_t b)
{
	return set->bytes[b / 64] >> b % 64 & 1;
}

/* Bytes that every set of @used has or lacks together get one class. */
static void partition_bytes(struct determiniser *t, const bool *used)
{
	const struct nfa *nfa = t->nfa;
	struct dfa_sparse *d = t->d;
	uint32_t size[256] = { 0 };

	d->n_classes = 1;
	for (uint32_t s = 0; s < nfa->n_sets; s++) {
		/* Per old class: the new number of its bytes in and out of the set, plus one. */
		uint32_t renumbered[256][2] = { { 0 } };

		if (!used[s])
			continue;
		d->n_classes = 0;
		for (int b = 0; b < 256; b++) {
			uint32_t *to =
				&renumbered[d->byte_class[b]][set_has(&nfa->sets[s], (uint8_t)b)];

			if (*to == 0)
				*to = ++d->n_classes;
			d->byte_class[b] = (uint8_t)(*to - 1);
		}
	}
	t->slash = d->byte_class['/'];
	for (int b = 0; b < 256; b++)
		size[d->byte_class[b]]++;
	for (uint32_t c = 1; c < d->n_classes; c++)
		if (size[c] > size[t->other])
			t->other = c;
}

static void list_set_classes(struct determiniser *t, const bool *used)
{
	const struct nfa *nfa = t->nfa;
	uint32_t n = 0, cap = 0;

	t->set_row = arena_array(t->arena, (size_t)nfa->n_sets + 1, sizeof(*t->set_row));
	for (uint32_t s = 0; s < nfa->n_sets; s++) {
		uint64_t seen[4] = { 0 };

		t->set_row[s] = n;
		for (int b = 0; used[s] && b < 256; b++) {
			uint8_t class = t->d->byte_class[b];

			if (!set_has(&nfa->sets[s], (uint8_t)b) ||
				seen[class / 64] >> class % 64 & 1)
				continue;
			seen[class / 64] |= UINT64_C(1) << class % 64;
			ARENA_PUSH(t->arena, t->set_classes, n, cap, class);
		}
	}
	t->set_row[nfa->n_sets] = n;
}

static void find_classes(struct determiniser *t)
{
	bool *used = arena_array(t->arena, t->nfa->n_sets, sizeof(*used));

	for (uint32_t s = 0; s < t->nfa->n_states; s++)
		if (t->nfa->states[s].op == NFA_BYTE_OF)
			used[t->nfa->states[s].arg] = true;
	used[NFA_SET_NOT_SLASH] = true;
	partition_bytes(t, used);
	list_set_classes(t, used);
}

static bool matters(const struct nfa_state *s)
{
	return s->op == NFA_LOOP || s->first_step != NFA_NONE || s->first_tag != NFA_NONE;
}

static void find_closures(struct determiniser *t)
{
	const struct nfa *nfa = t->nfa;
	struct list stack = { 0 };

	t->closure_row = arena_array(t->arena, (size_t)nfa->n_states + 1, sizeof(uint32_t));
	for (uint32_t s = 0; s < nfa->n_states; s++) {
		t->closure_row[s] = t->closure.n;
		if (t->closure.n > DFA_BUDGET_POSITIONS || t->subsets->steps > DFA_BUDGET_STEPS) {
			t->subsets->steps = DFA_BUDGET_STEPS + UINT64_C(1);
			return;
		}
		t->epoch++;
		t->stamp[s] = t->epoch;
		ARENA_PUSH(t->arena, stack.v, stack.n, stack.cap, s);
		while (stack.n > 0) {
			const uint32_t q = stack.v[--stack.n];

			t->subsets->steps++;
			if (matters(&nfa->states[q]))
				ARENA_PUSH(t->arena, t->closure.v, t->closure.n, t->closure.cap, q);
			for (uint32_t l = nfa->states[q].first_within; l != NFA_NONE;
				l = nfa->links[l].next) {
				const uint32_t within = nfa->links[l].value;

				if (t->stamp[within] == t->epoch)
					continue;
				t->stamp[within] = t->epoch;
				ARENA_PUSH(t->arena, stack.v, stack.n, stack.cap, within);
			}
		}
	}
	t->closure_row[nfa->n_states] = t->closure.n;
}

static void begin_set(struct determiniser *t)
{
	t->epoch++;
	t->n_members = 0;
	t->hash = 0;
}

static void add_member(struct determiniser *t, uint32_t s)
{
	if (t->stamp[s] == t->epoch)
		return;
	t->stamp[s] = t->epoch;
	t->members[t->n_members++] = s;
	/* A sum, so that the order of arrival does not matter. */
	t->hash += hash_mix(s + UINT64_C(1));
}

static void add_closure(struct determiniser *t, uint32_t s)
{
	const uint32_t end = t->closure_row[s + 1];

	t->subsets->steps += 1 + end - t->closure_row[s];
	for (uint32_t i = t->closure_row[s]; i < end; i++)
		add_member(t, t->closure.v[i]);
}

struct subset_key {
	const struct determiniser *t;
	uint32_t entry;
};

static bool same_subset(const void *ctx, uint32_t value)
{
	const struct subset_key *key = ctx;
	const struct determiniser *t = key->t;
	const struct dfa_subset *set = &t->subsets->v[value];

	if (set->entry != key->entry || set->n != t->n_members)
		return false;
	/* As many, and all of them in the one that is being made. */
	for (uint32_t i = 0; i < set->n; i++)
		if (t->stamp[t->subsets->members[set->first + i]] != t->epoch)
			return false;
	return true;
}

static uint32_t end_set(struct determiniser *t, uint32_t entry)
{
	struct dfa_subsets *subsets = t->subsets;
	struct subset_key key = { t, entry };
	struct dfa_subset set = { .entry = entry, .first = subsets->n_members, .n = t->n_members };
	uint64_t hash = hash_add(t->hash, entry);
	uint32_t s = hash_index_find(&t->subset_index, hash, same_subset, &key);

	subsets->steps += t->n_members;
	if (s != HASH_INDEX_NONE)
		return s;
	s = subsets->n;
	for (uint32_t i = 0; i < t->n_members; i++)
		ARENA_PUSH(t->arena, subsets->members, subsets->n_members, subsets->cap_members,
			t->members[i]);
	ARENA_PUSH(t->arena, subsets->v, subsets->n, subsets->cap, set);
	hash_index_add(&t->subset_index, hash, s);
	return s;
}

/* Where the state in hand leads, gathered from its members. */
struct row {
	struct list rest;     /* steps that every byte but '/' takes */
	struct list on_slash; /* steps that '/' takes because it is any byte */
	uint64_t touched[4];  /* classes that have steps of their own */
	uint32_t first[256];  /* [class] of those, into steps; valid where touched */
	struct nfa_link *steps;
	uint32_t n_steps, cap_steps;
	struct list rest_set; /* the members that rest leads to */
	uint32_t to[256];     /* [class]; valid where touched */
};

static bool is_touched(const struct row *r, uint32_t class)
{
	return r->touched[class / 64] >> class % 64 & 1;
}

static void touch(struct row *r, uint32_t class)
{
	if (!is_touched(r, class))
		r->first[class] = NFA_NONE;
	r->touched[class / 64] |= UINT64_C(1) << class % 64;
}

static void gather(struct determiniser *t, struct row *r, uint32_t set, uint32_t to)
{
	if (set == NFA_SET_NOT_SLASH || set == NFA_SET_ANY) {
		ARENA_PUSH(t->arena, r->rest.v, r->rest.n, r->rest.cap, to);
		if (set == NFA_SET_ANY)
			ARENA_PUSH(t->arena, r->on_slash.v, r->on_slash.n, r->on_slash.cap, to);
		return;
	}
	for (uint32_t i = t->set_row[set]; i < t->set_row[set + 1]; i++) {
		const uint32_t class = t->set_classes[i];
		struct nfa_link link = { .value = to };

		touch(r, class);
		link.next = r->first[class];
		r->first[class] = r->n_steps;
		ARENA_PUSH(t->arena, r->steps, r->n_steps, r->cap_steps, link);
		t->subsets->steps++;
	}
}

static void gather_all(struct determiniser *t, struct row *r, const struct dfa_subset *set)
{
	const struct nfa *nfa = t->nfa;

	r->rest.n = r->on_slash.n = r->n_steps = 0;
	memset(r->touched, 0, sizeof(r->touched));
	touch(r, t->slash);
	for (uint32_t i = 0; i < set->n; i++) {
		const uint32_t s = t->subsets->members[set->first + i];

		if (nfa->states[s].op == NFA_LOOP)
			gather(t, r, nfa->states[s].arg, s);
		for (uint32_t c = nfa->states[s].first_step; c != NFA_NONE;
			c = nfa->states[c].next_sibling) {
			gather(t, r, nfa->states[c].arg, c);
			t->subsets->steps++;
		}
	}
}

static void push_edge(struct determiniser *t, uint32_t class, uint32_t to)
{
	ARENA_PUSH(t->arena, t->d->edges, t->d->n_edges, t->cap_edges,
		(struct dfa_edge){ .class = class, .to = to });
}

static void make_row(struct determiniser *t, struct row *r, uint32_t state)
{
	/* A copy: the array moves as sets are made. */
	const struct dfa_subset set = t->subsets->v[state];
	uint32_t n_touched = 0, rest = NFA_NONE, to_other, n;

	gather_all(t, r, &set);
	for (int i = 0; i < 4; i++)
		n_touched += (uint32_t)__builtin_popcountll(r->touched[i]);

	begin_set(t);
	for (uint32_t i = 0; i < r->rest.n; i++)
		add_closure(t, r->rest.v[i]);
	if (n_touched < t->d->n_classes)
		rest = end_set(t, set.entry);
	r->rest_set.n = 0;
	for (uint32_t i = 0; i < t->n_members; i++)
		ARENA_PUSH(t->arena, r->rest_set.v, r->rest_set.n, r->rest_set.cap, t->members[i]);

	for (uint32_t c = 0; c < t->d->n_classes && !over_budget(t); c++) {
		if (!is_touched(r, c))
			continue;
		begin_set(t);
		if (c == t->slash) {
			for (uint32_t i = 0; i < r->on_slash.n; i++)
				add_closure(t, r->on_slash.v[i]);
		} else {
			for (uint32_t i = 0; i < r->rest_set.n; i++)
				add_member(t, r->rest_set.v[i]);
		}
		for (uint32_t l = r->first[c]; l != NFA_NONE; l = r->steps[l].next)
			add_closure(t, r->steps[l].value);
		r->to[c] = end_set(t, set.entry);
	}

	to_other = is_touched(r, t->other) ? r->to[t->other] : rest;
	n = state;
	ARENA_PUSH(t->arena, t->d->row, n, t->cap_row, t->d->n_edges);
	n = state;
	ARENA_PUSH(t->arena, t->d->rest, n, t->cap_rest, to_other);
	for (uint32_t c = 0; c < t->d->n_classes; c++) {
		const uint32_t to = is_touched(r, c) ? r->to[c] : rest;

		if (to != to_other)
			push_edge(t, c, to);
	}
}

bool dfa_determinise(struct arena *scratch, const struct nfa *nfa, const uint32_t *roots,
	uint32_t n_entries, struct dfa_sparse *ret, struct dfa_subsets *ret_subsets)
{
	struct determiniser t = { .arena = scratch, .nfa = nfa, .d = ret, .subsets = ret_subsets };
	struct row r = { 0 };
	uint32_t done = 0;

	*ret = (struct dfa_sparse){ .n_entries = n_entries };
	*ret_subsets = (struct dfa_subsets){ .nfa = nfa };
	hash_index_init(&t.subset_index, scratch);
	t.stamp = arena_array(scratch, nfa->n_states, sizeof(*t.stamp));
	t.members = arena_array(scratch, nfa->n_states, sizeof(*t.members));
	find_classes(&t);
	find_closures(&t);
	if (over_budget(&t))
		return false;

	ret->start = arena_array(scratch, n_entries, sizeof(*ret->start));
	for (uint32_t e = 0; e < n_entries; e++) {
		begin_set(&t);
		add_closure(&t, roots[e]);
		ret->start[e] = end_set(&t, e);
	}
	for (; done < ret_subsets->n; done++) {
		make_row(&t, &r, done);
		if (over_budget(&t))
			return false;
	}
	ret->n_states = done;
	ARENA_PUSH(scratch, ret->row, done, t.cap_row, ret->n_edges);
	return true;
}
