/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/dfa.h"

#include "compiler/base/cleanup.h"
#include "compiler/dfa_internal.h"

#include <assert.h>

struct dfa_builder *dfa_builder_new(struct arena *a)
{
	struct dfa_builder *b = arena_alloc(a, sizeof(*b));

	b->arena = a;
	return b;
}

uint32_t dfa_entry(struct dfa_builder *b)
{
	return b->n_entries++;
}

void dfa_add(struct dfa_builder *b, const struct glob *g, uint32_t tag)
{
	assert(b->n_entries > 0);
	ARENA_PUSH(b->arena, b->items, b->n_items, b->cap_items,
		(struct dfa_item){ .glob = g, .entry = b->n_entries - 1, .tag = tag });
}

static bool make_nfa(const struct dfa_builder *b, struct nfa *nfa, uint32_t *roots)
{
	for (uint32_t e = 0; e < b->n_entries; e++) {
		roots[e] = nfa_root(nfa);
		if (roots[e] == NFA_NONE)
			return false;
	}
	for (uint32_t i = 0; i < b->n_items; i++) {
		uint32_t end = nfa_add(nfa, roots[b->items[i].entry], b->items[i].glob);

		if (end == NFA_NONE)
			return false;
		nfa_tag(nfa, end, b->items[i].tag);
	}
	return true;
}

bool dfa_build(struct dfa_builder *b, dfa_fold fold, void *ctx, struct dfa **ret,
	struct dfa_over_budget *ret_over)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	uint32_t *roots = arena_array(scratch, b->n_entries, sizeof(*roots));
	struct dfa_subsets subsets = { 0 };
	struct dfa_sparse subset_dfa, minimal;
	struct nfa nfa;

	assert(b->n_entries > 0);
	*ret_over = (struct dfa_over_budget){ .limit = DFA_OVER_WORK };
	nfa_init(&nfa, scratch);
	subsets.nfa = &nfa;
	if (make_nfa(b, &nfa, roots) &&
		dfa_determinise(scratch, &nfa, roots, b->n_entries, &subset_dfa, &subsets) &&
		dfa_accept(scratch, &subsets, fold, ctx, &subset_dfa)) {
		dfa_minimise(scratch, &subset_dfa, &minimal);
		if (dfa_pack(b->arena, scratch, &minimal, ret, ret_over))
			return true;
	} else {
		ret_over->states = subsets.n;
	}
	dfa_blame(scratch, b, &nfa, roots, &subsets, ret_over);
	return false;
}

uint32_t dfa_step(const struct dfa *d, uint32_t state, uint8_t byte)
{
	return d->next[(size_t)state * d->n_classes + d->byte_class[byte]];
}

uint32_t dfa_run(const struct dfa *d, uint32_t entry, const void *bytes, size_t len)
{
	const uint8_t *at = bytes, *end = at + len;
	uint32_t state = d->start[entry];

	while (at < end && !d->absorbing[state])
		state = dfa_step(d, state, *at++);
	return d->accept[state];
}
