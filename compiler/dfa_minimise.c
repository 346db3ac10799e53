/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/dfa_internal.h"

#include <assert.h>

/*
 * Partition refinement: states start out in one block for each accept class, and a block is split
 * while its states differ in the blocks that their bytes lead to. When a block is split the largest
 * part keeps the block's number, so that a state is renumbered at most log2(n) times, and only the
 * predecessors of renumbered states are looked at again (Hopcroft's argument, by rounds).
 */

#define NONE UINT32_MAX

/* The states of a block that have the same row, in a round. */
struct part {
	uint32_t block;
	uint32_t state; /* one of them */
	uint32_t n;
	uint32_t next;	   /* part of the same block */
	uint32_t renumber; /* to this block, or NONE */
};

struct block {
	uint32_t first; /* its states, by next_in_block */
	uint32_t n;
	uint32_t first_part, n_dirty; /* in this round */
};

struct minimiser {
	struct arena *arena;
	const struct dfa_sparse *d;
	uint32_t *block_of;
	uint32_t *next_in_block, *previous_in_block;
	struct block *blocks;
	uint32_t n_blocks, cap_blocks;
	/* Who leads to a state: predecessors[predecessor_row[s]...]. */
	uint32_t *predecessor_row, *predecessors;
	/* The round's states, and each one's part. */
	uint32_t *dirty;
	uint32_t n_dirty;
	bool *is_dirty;
	uint32_t *part_of;
	struct part *parts;
	uint32_t n_parts, cap_parts;
	struct hash_index part_index;
	uint32_t *renumbered;
	uint32_t n_renumbered;
};

static void put_in_block(struct minimiser *m, uint32_t s, uint32_t b)
{
	struct block *block = &m->blocks[b];

	m->block_of[s] = b;
	m->next_in_block[s] = block->first;
	m->previous_in_block[s] = NONE;
	if (block->first != NONE)
		m->previous_in_block[block->first] = s;
	block->first = s;
	block->n++;
}

static void move_to_block(struct minimiser *m, uint32_t s, uint32_t b)
{
	struct block *old = &m->blocks[m->block_of[s]];
	const uint32_t next = m->next_in_block[s], previous = m->previous_in_block[s];

	if (previous == NONE)
		old->first = next;
	else
		m->next_in_block[previous] = next;
	if (next != NONE)
		m->previous_in_block[next] = previous;
	old->n--;
	put_in_block(m, s, b);
	m->renumbered[m->n_renumbered++] = s;
}

static uint32_t new_block(struct minimiser *m)
{
	uint32_t b = m->n_blocks;

	ARENA_PUSH(m->arena, m->blocks, m->n_blocks, m->cap_blocks,
		(struct block){ .first = NONE, .first_part = NONE });
	return b;
}

struct accept_key {
	const struct minimiser *m;
	uint32_t accept;
};

static bool same_accept(const void *ctx, uint32_t value)
{
	const struct accept_key *key = ctx;

	return key->m->d->accept[key->m->blocks[value].first] == key->accept;
}

static void start_with_accept_classes(struct minimiser *m)
{
	struct hash_index index;

	hash_index_init(&index, m->arena);
	for (uint32_t s = 0; s < m->d->n_states; s++) {
		struct accept_key key = { m, m->d->accept[s] };
		uint32_t b = hash_index_find(&index, hash_mix(key.accept), same_accept, &key);

		if (b == HASH_INDEX_NONE) {
			b = new_block(m);
			hash_index_add(&index, hash_mix(key.accept), b);
		}
		put_in_block(m, s, b);
		m->dirty[m->n_dirty++] = s;
	}
}

static void find_predecessors(struct minimiser *m)
{
	const struct dfa_sparse *d = m->d;
	uint32_t *row = arena_array(m->arena, (size_t)d->n_states + 2, sizeof(*row));

	/* Counted one place further on, so that filling moves each row's start into its place. */
	for (uint32_t s = 0; s < d->n_states; s++)
		row[d->rest[s] + 2]++;
	for (uint32_t e = 0; e < d->n_edges; e++)
		row[d->edges[e].to + 2]++;
	for (uint32_t s = 0; s < d->n_states; s++)
		row[s + 2] += row[s + 1];
	m->predecessors =
		arena_array(m->arena, (size_t)d->n_states + d->n_edges, sizeof(*m->predecessors));
	for (uint32_t s = 0; s < d->n_states; s++) {
		m->predecessors[row[d->rest[s] + 1]++] = s;
		for (uint32_t e = d->row[s]; e < d->row[s + 1]; e++)
			m->predecessors[row[d->edges[e].to + 1]++] = s;
	}
	m->predecessor_row = row;
}

/* The first edge at or after @e, before @end, that leads to another block than @rest. */
static uint32_t next_edge(const struct minimiser *m, uint32_t e, uint32_t end, uint32_t rest)
{
	while (e < end && m->block_of[m->d->edges[e].to] == rest)
		e++;
	return e;
}

static uint64_t hash_row(const struct minimiser *m, uint32_t s)
{
	const struct dfa_sparse *d = m->d;
	const uint32_t rest = m->block_of[d->rest[s]], end = d->row[s + 1];
	uint64_t hash = hash_add(hash_mix(m->block_of[s]), rest);

	for (uint32_t e = next_edge(m, d->row[s], end, rest); e < end;
		e = next_edge(m, e + 1, end, rest))
		hash = hash_add(
			hash, (uint64_t)d->edges[e].class << 32 | m->block_of[d->edges[e].to]);
	return hash;
}

struct part_key {
	const struct minimiser *m;
	uint32_t state;
};

static bool same_row(const void *ctx, uint32_t value)
{
	const struct part_key *key = ctx;
	const struct minimiser *m = key->m;
	const struct dfa_sparse *d = m->d;
	const uint32_t x = key->state, y = m->parts[value].state;
	const uint32_t rest = m->block_of[d->rest[x]];
	uint32_t ex = d->row[x], ey = d->row[y];

	if (m->block_of[x] != m->block_of[y] || m->block_of[d->rest[y]] != rest)
		return false;
	for (;; ex++, ey++) {
		ex = next_edge(m, ex, d->row[x + 1], rest);
		ey = next_edge(m, ey, d->row[y + 1], rest);
		if (ex == d->row[x + 1] || ey == d->row[y + 1])
			return ex == d->row[x + 1] && ey == d->row[y + 1];
		if (d->edges[ex].class != d->edges[ey].class ||
			m->block_of[d->edges[ex].to] != m->block_of[d->edges[ey].to])
			return false;
	}
}

/* Groups the dirty states by block and row. */
static void find_parts(struct minimiser *m)
{
	hash_index_reset(&m->part_index, m->n_dirty);
	m->n_parts = 0;
	for (uint32_t i = 0; i < m->n_dirty; i++) {
		const uint32_t s = m->dirty[i];
		struct block *block = &m->blocks[m->block_of[s]];
		struct part_key key = { m, s };
		const uint64_t hash = hash_row(m, s);
		uint32_t p = hash_index_find(&m->part_index, hash, same_row, &key);

		if (p == HASH_INDEX_NONE) {
			p = m->n_parts;
			ARENA_PUSH(m->arena, m->parts, m->n_parts, m->cap_parts,
				(struct part){ .block = m->block_of[s],
					.state = s,
					.next = block->first_part,
					.renumber = NONE });
			block->first_part = p;
			hash_index_add(&m->part_index, hash, p);
		}
		m->parts[p].n++;
		m->part_of[s] = p;
		block->n_dirty++;
	}
}

/*
 * Gives all parts of @b but the largest a number of their own. The states of @b that are not dirty
 * are a part too: their rows are as equal as they were, and unlike those of the others.
 */
static void choose_numbers(struct minimiser *m, uint32_t b)
{
	uint32_t clean = m->blocks[b].n - m->blocks[b].n_dirty;
	uint32_t largest = NONE, largest_n = clean;

	for (uint32_t p = m->blocks[b].first_part; p != NONE; p = m->parts[p].next) {
		if (m->parts[p].n > largest_n) {
			largest = p;
			largest_n = m->parts[p].n;
		}
	}
	for (uint32_t p = m->blocks[b].first_part; p != NONE; p = m->parts[p].next)
		if (p != largest)
			m->parts[p].renumber = new_block(m);
	if (largest != NONE && clean > 0) {
		uint32_t to = new_block(m), next;

		/* Not more states than the largest part has. */
		for (uint32_t s = m->blocks[b].first; s != NONE; s = next) {
			next = m->next_in_block[s];
			if (!m->is_dirty[s])
				move_to_block(m, s, to);
		}
	}
	m->blocks[b].first_part = NONE;
	m->blocks[b].n_dirty = 0;
}

static void refine(struct minimiser *m)
{
	m->n_renumbered = 0;
	find_parts(m);
	for (uint32_t p = 0; p < m->n_parts; p++)
		if (m->blocks[m->parts[p].block].first_part != NONE)
			choose_numbers(m, m->parts[p].block);
	for (uint32_t i = 0; i < m->n_dirty; i++) {
		const uint32_t s = m->dirty[i], to = m->parts[m->part_of[s]].renumber;

		m->is_dirty[s] = false;
		if (to != NONE)
			move_to_block(m, s, to);
	}
	m->n_dirty = 0;
	for (uint32_t i = 0; i < m->n_renumbered; i++) {
		const uint32_t s = m->renumbered[i];

		for (uint32_t k = m->predecessor_row[s]; k < m->predecessor_row[s + 1]; k++) {
			const uint32_t q = m->predecessors[k];

			if (m->is_dirty[q])
				continue;
			m->is_dirty[q] = true;
			m->dirty[m->n_dirty++] = q;
		}
	}
}

static void merge(struct minimiser *m, struct dfa_sparse *ret)
{
	const struct dfa_sparse *d = m->d;

	*ret = *d;
	ret->n_states = m->n_blocks;
	ret->n_edges = 0;
	ret->start = arena_array(m->arena, d->n_entries, sizeof(*ret->start));
	ret->accept = arena_array(m->arena, m->n_blocks, sizeof(*ret->accept));
	ret->rest = arena_array(m->arena, m->n_blocks, sizeof(*ret->rest));
	ret->row = arena_array(m->arena, (size_t)m->n_blocks + 1, sizeof(*ret->row));
	ret->edges = arena_array(m->arena, d->n_edges, sizeof(*ret->edges));
	for (uint32_t e = 0; e < d->n_entries; e++)
		ret->start[e] = m->block_of[d->start[e]];
	for (uint32_t b = 0; b < m->n_blocks; b++) {
		const uint32_t s = m->blocks[b].first, end = d->row[s + 1];
		const uint32_t rest = m->block_of[d->rest[s]];

		ret->accept[b] = d->accept[s];
		ret->rest[b] = rest;
		ret->row[b] = ret->n_edges;
		for (uint32_t e = next_edge(m, d->row[s], end, rest); e < end;
			e = next_edge(m, e + 1, end, rest))
			ret->edges[ret->n_edges++] = (struct dfa_edge){
				.class = d->edges[e].class,
				.to = m->block_of[d->edges[e].to],
			};
	}
	ret->row[m->n_blocks] = ret->n_edges;
}

void dfa_minimise(struct arena *scratch, const struct dfa_sparse *d, struct dfa_sparse *ret)
{
	const uint32_t n = d->n_states;
	struct minimiser m = {
		.arena = scratch,
		.d = d,
		.block_of = arena_array(scratch, n, sizeof(*m.block_of)),
		.next_in_block = arena_array(scratch, n, sizeof(*m.next_in_block)),
		.previous_in_block = arena_array(scratch, n, sizeof(*m.previous_in_block)),
		.dirty = arena_array(scratch, n, sizeof(*m.dirty)),
		.is_dirty = arena_array(scratch, n, sizeof(*m.is_dirty)),
		.part_of = arena_array(scratch, n, sizeof(*m.part_of)),
		.renumbered = arena_array(scratch, n, sizeof(*m.renumbered)),
	};

	hash_index_init(&m.part_index, scratch);
	start_with_accept_classes(&m);
	find_predecessors(&m);
	for (uint32_t i = 0; i < n; i++)
		m.is_dirty[i] = true;
	while (m.n_dirty > 0)
		refine(&m);
	merge(&m, ret);
	assert(ret->n_states <= n);
}
