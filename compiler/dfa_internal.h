/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_DFA_INTERNAL_H
#define PALE_DFA_INTERNAL_H

/* What the steps of dfa_build() hand to each other. All of it lives in their scratch arena. */

#include "compiler/dfa.h"
#include "compiler/nfa.h"

struct dfa_item {
	const struct glob *glob;
	uint32_t entry;
	uint32_t tag;
};

struct dfa_builder {
	struct arena *arena;
	struct dfa_item *items;
	uint32_t n_items, cap_items;
	uint32_t n_entries;
};

struct dfa_edge {
	uint32_t class;
	uint32_t to;
};

/*
 * An automaton whose rows list only what is unlike the rest: few of the bytes that globs use matter
 * in any one state. The same function always has the same row, since what the rest is is asked of
 * one class, the same for all states.
 */
struct dfa_sparse {
	uint32_t n_states, n_edges;
	uint32_t n_classes;
	uint8_t byte_class[256];
	uint32_t n_entries;
	uint32_t *start;	/* [n_entries] */
	uint32_t *accept;	/* [n_states] */
	uint32_t *rest;		/* [n_states]: where every class without an edge leads */
	uint32_t *row;		/* [n_states + 1] into edges */
	struct dfa_edge *edges; /* by class within a row; none leads where the rest does */
};

/* The sets of NFA states that the states of the DFA stand for. */
struct dfa_subset {
	uint32_t entry;
	uint32_t first, n; /* of members */
};

struct dfa_subsets {
	const struct nfa *nfa;
	uint32_t *members; /* only NFA states that matter: a step, a loop or a tag */
	uint32_t n_members, cap_members;
	struct dfa_subset *v;
	uint32_t n, cap;
	uint64_t steps; /* against DFA_BUDGET_STEPS */
};

/*
 * The subset construction. @roots are the entries' start states in @nfa. All of @ret but @accept.
 * false when a budget is exceeded; @ret_subsets then holds what there was.
 */
bool dfa_determinise(struct arena *scratch, const struct nfa *nfa, const uint32_t *roots,
	uint32_t n_entries, struct dfa_sparse *ret, struct dfa_subsets *ret_subsets);

/* Calls @fold for each set of tags and fills @d->accept. false: DFA_BUDGET_STEPS. */
bool dfa_accept(struct arena *scratch, struct dfa_subsets *subsets, dfa_fold fold, void *ctx,
	struct dfa_sparse *d);

/* The coarsest automaton that gives every string the same @accept. */
void dfa_minimise(struct arena *scratch, const struct dfa_sparse *d, struct dfa_sparse *ret);

/* The normal form of a minimised automaton, in @a. false: over->limit and over->states say why. */
bool dfa_pack(struct arena *a, struct arena *scratch, const struct dfa_sparse *d, struct dfa **ret,
	struct dfa_over_budget *over);

/* Names the item that multiplies the states most. */
void dfa_blame(struct arena *scratch, const struct dfa_builder *b, struct nfa *nfa,
	const uint32_t *roots, const struct dfa_subsets *subsets, struct dfa_over_budget *over);

#endif
