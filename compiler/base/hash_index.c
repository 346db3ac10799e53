/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/hash_index.h"

#include <assert.h>
#include <string.h>

void hash_index_init(struct hash_index *index, struct arena *a)
{
	*index = (struct hash_index){ .arena = a };
}

uint32_t hash_index_find(
	const struct hash_index *index, uint64_t hash, hash_same same, const void *ctx)
{
	const struct hash_slot *slot;

	if (index->cap == 0)
		return HASH_INDEX_NONE;
	for (uint32_t i = (uint32_t)hash & (index->cap - 1);; i = (i + 1) & (index->cap - 1)) {
		slot = &index->slots[i];
		if (slot->value == 0)
			return HASH_INDEX_NONE;
		if (slot->hash == (uint32_t)hash && same(ctx, slot->value - 1))
			return slot->value - 1;
	}
}

static void put(struct hash_index *index, struct hash_slot slot)
{
	uint32_t i = slot.hash & (index->cap - 1);

	while (index->slots[i].value != 0)
		i = (i + 1) & (index->cap - 1);
	index->slots[i] = slot;
}

void hash_index_add(struct hash_index *index, uint64_t hash, uint32_t value)
{
	assert(value != HASH_INDEX_NONE);
	if (index->n >= index->cap / 4 * 3) {
		struct hash_slot *old = index->slots;
		uint32_t old_cap = index->cap;

		index->cap = index->room = old_cap ? old_cap * 2 : 64;
		assert(index->cap);
		index->slots = arena_array(index->arena, index->cap, sizeof(*index->slots));
		for (uint32_t i = 0; i < old_cap; i++)
			if (old[i].value != 0)
				put(index, old[i]);
	}
	put(index, (struct hash_slot){ .hash = (uint32_t)hash, .value = value + 1 });
	index->n++;
}

void hash_index_reset(struct hash_index *index, uint32_t expected)
{
	uint32_t cap = 64;

	while (expected >= cap / 4 * 3)
		cap *= 2;
	if (cap > index->room) {
		index->slots = arena_array(index->arena, cap, sizeof(*index->slots));
		index->room = cap;
	} else {
		memset(index->slots, 0, cap * sizeof(*index->slots));
	}
	index->cap = cap;
	index->n = 0;
}
