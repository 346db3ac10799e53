/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/dfa_internal.h"

#include <string.h>

struct columns {
	const struct dfa_sparse *d;
	uint32_t row[257]; /* [class] into edges */
	struct column_edge {
		uint32_t from, to;
	} * edges; /* by class, then by state */
};

static void transpose(struct arena *scratch, const struct dfa_sparse *d, struct columns *ret)
{
	uint32_t at[256];

	memset(ret, 0, sizeof(*ret));
	ret->d = d;
	ret->edges = arena_array(scratch, d->n_edges, sizeof(*ret->edges));
	for (uint32_t e = 0; e < d->n_edges; e++)
		ret->row[d->edges[e].class + 1]++;
	for (uint32_t c = 0; c < d->n_classes; c++) {
		ret->row[c + 1] += ret->row[c];
		at[c] = ret->row[c];
	}
	for (uint32_t s = 0; s < d->n_states; s++)
		for (uint32_t e = d->row[s]; e < d->row[s + 1]; e++)
			ret->edges[at[d->edges[e].class]++] =
				(struct column_edge){ s, d->edges[e].to };
}

static bool same_column(const struct columns *c, uint32_t x, uint32_t y)
{
	const uint32_t n = c->row[x + 1] - c->row[x];

	if (c->row[y + 1] - c->row[y] != n)
		return false;
	return n == 0 ||
	       memcmp(c->edges + c->row[x], c->edges + c->row[y], n * sizeof(*c->edges)) == 0;
}

/*
 * Merges classes of bytes that no state tells apart: many only mattered before minimisation. An old
 * class gets the number ret_new[], a new one is represented by ret_old[].
 */
static uint32_t merge_classes(
	const struct columns *columns, uint32_t ret_new[256], uint32_t ret_old[256])
{
	uint32_t n = 0;

	/* Old classes come in the order of their smallest bytes, hence so do the new. */
	for (uint32_t c = 0; c < columns->d->n_classes; c++) {
		uint32_t same = 0;

		while (same < n && !same_column(columns, ret_old[same], c))
			same++;
		if (same == n)
			ret_old[n++] = c;
		ret_new[c] = same;
	}
	return n;
}

struct packer {
	const struct dfa_sparse *from;
	struct dfa *to;
	uint32_t new_class[256], old_class[256];
	uint32_t *number; /* [old state]: the new one plus one, 0 when not reached yet */
	uint32_t *order;  /* [new state]: the old one */
	uint32_t n;
};

static uint32_t number(struct packer *p, uint32_t old)
{
	if (p->number[old] == 0) {
		p->order[p->n++] = old;
		p->number[old] = p->n;
	}
	return p->number[old] - 1;
}

static void pack_state(struct packer *p, uint32_t new)
{
	const struct dfa_sparse *from = p->from;
	const uint32_t old = p->order[new];
	uint32_t *row = p->to->next + (size_t) new * p->to->n_classes;
	uint32_t old_to[256];

	for (uint32_t c = 0; c < p->to->n_classes; c++)
		old_to[c] = from->rest[old];
	for (uint32_t e = from->row[old]; e < from->row[old + 1]; e++)
		old_to[p->new_class[from->edges[e].class]] = from->edges[e].to;
	p->to->absorbing[new] = true;
	for (uint32_t c = 0; c < p->to->n_classes; c++) {
		row[c] = number(p, old_to[c]);
		if (row[c] != new)
			p->to->absorbing[new] = false;
	}
	p->to->accept[new] = from->accept[old];
}

bool dfa_pack(struct arena *a, struct arena *scratch, const struct dfa_sparse *d, struct dfa **ret,
	struct dfa_over_budget *over)
{
	struct dfa *to = arena_alloc(a, sizeof(*to));
	struct packer p = { .from = d, .to = to };
	struct columns columns;

	over->states = d->n_states;
	if (d->n_states > DFA_STATES_MAX) {
		over->limit = DFA_OVER_STATES;
		return false;
	}
	transpose(scratch, d, &columns);
	to->n_states = d->n_states;
	to->n_entries = d->n_entries;
	to->n_classes = merge_classes(&columns, p.new_class, p.old_class);
	if ((uint64_t)to->n_states * to->n_classes > DFA_TABLE_MAX) {
		over->limit = DFA_OVER_TABLE;
		return false;
	}
	for (int b = 0; b < 256; b++)
		to->byte_class[b] = (uint8_t)p.new_class[d->byte_class[b]];
	to->start = arena_array(a, to->n_entries, sizeof(*to->start));
	to->next = arena_array(a, (size_t)to->n_states * to->n_classes, sizeof(*to->next));
	to->accept = arena_array(a, to->n_states, sizeof(*to->accept));
	to->absorbing = arena_array(a, to->n_states, sizeof(*to->absorbing));
	p.number = arena_array(scratch, to->n_states, sizeof(*p.number));
	p.order = arena_array(scratch, to->n_states, sizeof(*p.order));
	for (uint32_t e = 0; e < to->n_entries; e++)
		to->start[e] = number(&p, d->start[e]);
	for (uint32_t s = 0; s < p.n; s++)
		pack_state(&p, s);
	*ret = to;
	return true;
}
