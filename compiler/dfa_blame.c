/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/dfa_internal.h"

#include <string.h>

/*
 * A place in a glob that is in every state, or in one, does not multiply states; one that is in
 * half of them does. So each counts with the states that it is in or with those that it is not in,
 * whichever are fewer.
 */
struct weights {
	const struct nfa *nfa;
	uint32_t *of; /* [nfa state] */
	uint32_t *seen;
	uint32_t epoch;
	uint64_t sum;
};

static void add_weight(void *ctx, uint32_t state)
{
	struct weights *w = ctx;

	if (w->seen[state] == w->epoch)
		return;
	w->seen[state] = w->epoch;
	w->sum += w->of[state];
}

/* NFA states have no entry of their own, but no set holds those of two. */
static uint32_t *weigh(
	struct arena *scratch, const struct dfa_subsets *subsets, const uint32_t *n_states)
{
	uint32_t *weight = arena_array(scratch, subsets->nfa->n_states, sizeof(*weight));
	uint32_t *entry = arena_array(scratch, subsets->nfa->n_states, sizeof(*entry));

	for (uint32_t i = 0; i < subsets->n; i++) {
		const struct dfa_subset *set = &subsets->v[i];

		for (uint32_t k = 0; k < set->n; k++) {
			weight[subsets->members[set->first + k]]++;
			entry[subsets->members[set->first + k]] = set->entry;
		}
	}
	/* Stopped before there was a state: the size of a glob must do. */
	for (uint32_t s = 0; subsets->n == 0 && s < subsets->nfa->n_states; s++)
		weight[s] = 1;
	for (uint32_t s = 0; subsets->n > 0 && s < subsets->nfa->n_states; s++)
		if (weight[s] > n_states[entry[s]] / 2)
			weight[s] = n_states[entry[s]] - weight[s];
	return weight;
}

void dfa_blame(struct arena *scratch, const struct dfa_builder *b, struct nfa *nfa,
	const uint32_t *roots, const struct dfa_subsets *subsets, struct dfa_over_budget *over)
{
	uint32_t *n_states = arena_array(scratch, b->n_entries, sizeof(*n_states));
	struct weights w = { .nfa = nfa };
	static const struct glob none = { .text = "", .prefix = "", .literal = true };
	uint64_t most = 0, all;
	uint32_t worst = 0;

	over->crowd = true;
	over->glob = &none;
	if (b->n_items == 0)
		return;
	for (uint32_t i = 0; i < subsets->n; i++)
		n_states[subsets->v[i].entry]++;
	w.of = weigh(scratch, subsets, n_states);
	w.seen = arena_array(scratch, nfa->n_states, sizeof(*w.seen));
	nfa->trace = add_weight;
	nfa->trace_ctx = &w; /* cppcheck-suppress autoVariables */
	for (uint32_t i = 0; i < b->n_items; i++) {
		if (b->items[i].glob->literal)
			continue;
		w.epoch++;
		w.sum = 0;
		nfa_add(nfa, roots[b->items[i].entry], b->items[i].glob);
		if (w.sum > most) {
			most = w.sum;
			worst = i;
		}
	}
	nfa->trace = NULL;
	nfa->trace_ctx = NULL;
	over->glob = b->items[worst].glob;
	over->tag = b->items[worst].tag;
	over->entry = b->items[worst].entry;
	all = subsets->n > 0 ? n_states[over->entry] : nfa->n_states;
	over->crowd = most <= all / 1000;
}
