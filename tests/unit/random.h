/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_RANDOM_H
#define PALE_TESTS_RANDOM_H

/*
 * Random numbers of property tests: the same on every machine, and in every run unless PALE_SEED
 * says otherwise.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t random_state;

static inline uint64_t random_number(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Below @n, which is not 0. */
static inline uint32_t random_below(uint32_t n)
{
	return (uint32_t)((random_number() >> 32) % n);
}

/* Starts from PALE_SEED, or from @otherwise, and prints which. */
static inline void random_seed(uint64_t otherwise)
{
	const char *given = getenv("PALE_SEED");

	random_state = given ? strtoull(given, NULL, 0) : otherwise;
	if (!random_state) /* of which nothing else would ever come */
		random_state = 1;
	printf("# PALE_SEED=%llu\n", (unsigned long long)random_state);
}

#endif
