/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/dfa.h"

#include <string.h>

/* Pairs of states are numbered as they are reached; open addressing finds them again. */
struct product {
	struct arena *arena;
	const struct dfa *a, *b;
	uint64_t *pairs; /* a's state << 32 | b's */
	uint32_t n, cap;
	uint32_t *slots; /* number + 1 */
	uint32_t n_slots;
};

static uint32_t slot_of(const struct product *p, uint64_t pair)
{
	uint64_t h = pair * 0x9e3779b97f4a7c15;
	uint32_t i = (uint32_t)(h >> 32) & (p->n_slots - 1);

	while (p->slots[i] && p->pairs[p->slots[i] - 1] != pair)
		i = (i + 1) & (p->n_slots - 1);
	return i;
}

static uint32_t number_of(struct product *p, uint32_t a, uint32_t b)
{
	uint64_t pair = (uint64_t)a << 32 | b;
	uint32_t slot = slot_of(p, pair);

	if (p->slots[slot])
		return p->slots[slot] - 1;
	if (2 * p->n >= p->n_slots) {
		p->n_slots *= 2;
		p->slots = arena_array(p->arena, p->n_slots, sizeof(*p->slots));
		for (uint32_t i = 0; i < p->n; i++)
			p->slots[slot_of(p, p->pairs[i])] = i + 1;
		slot = slot_of(p, pair);
	}
	ARENA_PUSH(p->arena, p->pairs, p->n, p->cap, pair);
	p->slots[slot] = p->n;
	return p->n - 1;
}

/* Bytes that both automata treat alike; *@representative is one of each. */
static uint32_t join_classes(const struct dfa *a, const struct dfa *b, uint8_t byte_class[256],
	uint8_t representative[256])
{
	uint32_t n = 0;

	for (int byte = 0; byte < 256; byte++) {
		uint32_t k = 0;

		while (k < n && (a->byte_class[representative[k]] != a->byte_class[byte] ||
					b->byte_class[representative[k]] != b->byte_class[byte]))
			k++;
		if (k == n)
			representative[n++] = (uint8_t)byte;
		byte_class[byte] = (uint8_t)k;
	}
	return n;
}

struct dfa *dfa_product(struct arena *arena, const struct dfa *a, uint32_t entry_a,
	const struct dfa *b, uint32_t entry_b, const struct dfa_pair **ret_pairs)
{
	struct product p = { .arena = arena, .a = a, .b = b, .n_slots = 1024 };
	struct dfa *d = arena_alloc(arena, sizeof(*d));
	uint8_t representative[256] = { 0 };
	uint32_t cap_next = 0, n_next = 0;
	struct dfa_pair *accepted;

	p.slots = arena_array(arena, p.n_slots, sizeof(*p.slots));
	d->n_classes = join_classes(a, b, d->byte_class, representative);
	d->n_entries = 1;
	d->start = arena_array(arena, 1, sizeof(*d->start));
	number_of(&p, a->start[entry_a], b->start[entry_b]);
	for (uint32_t i = 0; i < p.n; i++) {
		uint32_t from_a = (uint32_t)(p.pairs[i] >> 32), from_b = (uint32_t)p.pairs[i];

		if (p.n > DFA_PRODUCT_MAX)
			return NULL;
		for (uint32_t k = 0; k < d->n_classes; k++) {
			uint32_t to = number_of(&p, dfa_step(a, from_a, representative[k]),
				dfa_step(b, from_b, representative[k]));

			ARENA_PUSH(arena, d->next, n_next, cap_next, to);
		}
	}
	d->n_states = p.n;
	d->accept = arena_array(arena, p.n, sizeof(*d->accept));
	d->absorbing = arena_array(arena, p.n, sizeof(*d->absorbing));
	accepted = arena_array(arena, p.n, sizeof(*accepted));
	for (uint32_t i = 0; i < p.n; i++) {
		uint32_t in_a = (uint32_t)(p.pairs[i] >> 32), in_b = (uint32_t)p.pairs[i];

		d->accept[i] = i;
		accepted[i] = (struct dfa_pair){ a->accept[in_a], b->accept[in_b] };
		d->absorbing[i] = a->absorbing[in_a] && b->absorbing[in_b];
	}
	*ret_pairs = accepted;
	return d;
}
