/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/learn_internal.h"

/* Sets of names that runs had, for the names to be ones that vary. */
#define VARIATIONS_MIN 2

void learn_runs_join(const struct learn_work *w, uint64_t *to, const uint64_t *runs)
{
	for (uint32_t i = 0; i < w->run_words; i++)
		to[i] |= runs[i];
}

uint32_t learn_runs_count(const struct learn_work *w, const uint64_t *runs)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->run_words; i++)
		n += (uint32_t)__builtin_popcountll(runs[i]);
	return n;
}

static bool in_run(const uint64_t *runs, uint32_t run)
{
	return runs[run / 64] & (UINT64_C(1) << run % 64);
}

bool learn_names_vary(
	const struct learn_work *w, const uint64_t *const *names, uint32_t n, uint32_t at_least)
{
	uint64_t sets[VARIATIONS_MIN] = { 0 };
	uint32_t n_sets = 0;

	if (n < at_least || w->n_runs < 2)
		return false;
	for (uint32_t run = 0; run < w->n_runs && n_sets < VARIATIONS_MIN; run++) {
		uint64_t set = 0;
		bool is_new = false;

		for (uint32_t i = 0; i < n; i++) {
			if (in_run(names[i], run)) {
				set = hash_add(set, i);
				is_new = true;
			}
		}
		for (uint32_t i = 0; i < n_sets; i++)
			is_new &= sets[i] != set;
		if (is_new)
			sets[n_sets++] = set;
	}
	return n_sets == VARIATIONS_MIN;
}
