/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_DFA_BUILD_H
#define PALE_TESTS_DFA_BUILD_H

/* Globs, and automata of them, in the tests' arena. */

#include "compiler/dfa.h"
#include "tests/unit/glob_parsed.h"

/* The fold of most tests: the set of tags below 24, plain to read. */
static uint32_t mask(void *ctx, uint32_t entry, const uint32_t *tags, uint32_t n)
{
	uint32_t set = 0;

	for (uint32_t i = 0; i < n; i++) {
		assert_true(tags[i] < 24);
		set |= 1U << tags[i];
	}
	return set;
}

static struct dfa *must_build(struct dfa_builder *b)
{
	struct dfa_over_budget over;
	struct dfa *d = NULL;

	assert_true(dfa_build(b, mask, NULL, &d, &over));
	return d;
}

#endif
