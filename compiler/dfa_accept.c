/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/dfa_internal.h"

#include <stdlib.h>
#include <string.h>

struct list {
	uint32_t *v;
	uint32_t n, cap;
};

/* Lists of one entry, found again by value. */
struct lists {
	struct list pool;
	struct known_list {
		uint32_t entry;
		uint32_t first, n; /* of pool */
		uint32_t class;	   /* what the list was folded into */
	} * v;
	uint32_t n, cap;
	struct hash_index index;
};

struct list_key {
	const struct lists *lists;
	const struct list *list;
	uint32_t entry;
};

static bool same_list(const void *ctx, uint32_t value)
{
	const struct list_key *key = ctx;
	const struct known_list *known = &key->lists->v[value];

	if (known->entry != key->entry || known->n != key->list->n)
		return false;
	return known->n == 0 || memcmp(&key->lists->pool.v[known->first], key->list->v,
					known->n * sizeof(uint32_t)) == 0;
}

/* NULL when @list is new; it is then known, and the caller must set its class. */
static uint32_t *find_or_add(struct arena *a, struct lists *lists, uint32_t entry,
	const struct list *list, bool *ret_new)
{
	struct list_key key = { lists, list, entry };
	struct known_list known = { .entry = entry, .first = lists->pool.n, .n = list->n };
	uint64_t hash = hash_add(0, entry);
	uint32_t i;

	for (i = 0; i < list->n; i++)
		hash = hash_add(hash, list->v[i]);
	i = hash_index_find(&lists->index, hash, same_list, &key);
	*ret_new = i == HASH_INDEX_NONE;
	if (*ret_new) {
		for (i = 0; i < list->n; i++)
			ARENA_PUSH(a, lists->pool.v, lists->pool.n, lists->pool.cap, list->v[i]);
		i = lists->n;
		ARENA_PUSH(a, lists->v, lists->n, lists->cap, known);
		hash_index_add(&lists->index, hash, i);
	}
	return &lists->v[i].class;
}

static int compare_u32(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void sort_unique(struct list *list)
{
	uint32_t kept = 0;

	if (list->n > 1)
		qsort(list->v, list->n, sizeof(*list->v), compare_u32);
	for (uint32_t i = 0; i < list->n; i++)
		if (kept == 0 || list->v[i] != list->v[kept - 1])
			list->v[kept++] = list->v[i];
	list->n = kept;
}

struct folder {
	struct arena *arena;
	struct dfa_subsets *subsets;
	dfa_fold fold;
	void *ctx;
	struct lists matches; /* of NFA states that bear tags: cheaper to look up than their tags */
	struct lists tags;
	struct list scratch_matches, scratch_tags;
};

static uint32_t fold_tags(struct folder *f, uint32_t entry)
{
	struct list *tags = &f->scratch_tags;
	uint32_t *class;
	bool new;

	sort_unique(tags);
	class = find_or_add(f->arena, &f->tags, entry, tags, &new);
	if (new)
		*class = f->fold(f->ctx, entry, tags->v, tags->n);
	return *class;
}

static uint32_t fold_subset(struct folder *f, const struct dfa_subset *set)
{
	const struct nfa *nfa = f->subsets->nfa;
	struct list *matches = &f->scratch_matches, *tags = &f->scratch_tags;
	uint32_t *class;
	bool new;

	matches->n = 0;
	for (uint32_t i = 0; i < set->n; i++) {
		const uint32_t s = f->subsets->members[set->first + i];

		if (nfa->states[s].first_tag != NFA_NONE)
			ARENA_PUSH(f->arena, matches->v, matches->n, matches->cap, s);
	}
	sort_unique(matches);
	class = find_or_add(f->arena, &f->matches, set->entry, matches, &new);
	if (!new)
		return *class;
	tags->n = 0;
	for (uint32_t i = 0; i < matches->n; i++) {
		for (uint32_t l = nfa->states[matches->v[i]].first_tag; l != NFA_NONE;
			l = nfa->links[l].next) {
			ARENA_PUSH(f->arena, tags->v, tags->n, tags->cap, nfa->links[l].value);
			f->subsets->steps++;
		}
	}
	return *class = fold_tags(f, set->entry);
}

bool dfa_accept(struct arena *scratch, struct dfa_subsets *subsets, dfa_fold fold, void *ctx,
	struct dfa_sparse *d)
{
	struct folder f = { .arena = scratch, .subsets = subsets, .fold = fold, .ctx = ctx };
	uint32_t *next = arena_array(scratch, (size_t)d->n_entries + 1, sizeof(*next));
	uint32_t *by_entry = arena_array(scratch, subsets->n, sizeof(*by_entry));

	hash_index_init(&f.matches.index, scratch);
	hash_index_init(&f.tags.index, scratch);
	d->accept = arena_array(scratch, d->n_states, sizeof(*d->accept));
	for (uint32_t s = 0; s < subsets->n; s++)
		next[subsets->v[s].entry + 1]++;
	for (uint32_t e = 0; e < d->n_entries; e++)
		next[e + 1] += next[e];
	for (uint32_t s = 0; s < subsets->n; s++)
		by_entry[next[subsets->v[s].entry]++] = s;
	for (uint32_t i = 0; i < subsets->n; i++) {
		const struct dfa_subset *set = &subsets->v[by_entry[i]];
		const struct dfa_subset nothing = { .entry = set->entry };

		/* An entry has its start state at least. */
		if (i == 0 || subsets->v[by_entry[i - 1]].entry != set->entry)
			fold_subset(&f, &nothing);
		d->accept[by_entry[i]] = fold_subset(&f, set);
		if (subsets->steps > DFA_BUDGET_STEPS)
			return false;
	}
	return true;
}
