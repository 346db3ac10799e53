/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_BASE_HASH_INDEX_H
#define PALE_BASE_HASH_INDEX_H

/*
 * Finds things by value that live in an array of the caller's: it maps a hash to the array's
 * indexes. Nothing is ever removed. The caller decides what is equal, so that no result rests on a
 * hash.
 */

#include "compiler/base/arena.h"

#include <stdbool.h>
#include <stdint.h>

#define HASH_INDEX_NONE UINT32_MAX

struct hash_slot {
	uint32_t hash;
	uint32_t value; /* plus one; 0 is free */
};

struct hash_index {
	struct arena *arena;
	struct hash_slot *slots;
	uint32_t cap, n; /* cap is a power of two, or 0 */
	uint32_t room;	 /* slots allocated */
};

typedef bool (*hash_same)(const void *ctx, uint32_t value);

void hash_index_init(struct hash_index *index, struct arena *a);
/* The value put in under @hash for which @same holds, or HASH_INDEX_NONE. */
uint32_t hash_index_find(
	const struct hash_index *index, uint64_t hash, hash_same same, const void *ctx);
/* @value < HASH_INDEX_NONE must not be in it. */
void hash_index_add(struct hash_index *index, uint64_t hash, uint32_t value);
/* Empties it and makes room for @expected values, at a cost of that order. */
void hash_index_reset(struct hash_index *index, uint32_t expected);

/* Spreads the bits of @x over all of the result (the finaliser of MurmurHash3). */
static inline uint64_t hash_mix(uint64_t x)
{
	x ^= x >> 33;
	x *= UINT64_C(0xff51afd7ed558ccd);
	x ^= x >> 33;
	x *= UINT64_C(0xc4ceb9fe1a85ec53);
	x ^= x >> 33;
	return x;
}

static inline uint64_t hash_add(uint64_t hash, uint64_t x)
{
	return hash_mix(hash * 31 + x + 1);
}

#endif
