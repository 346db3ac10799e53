/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/learn_internal.h"

/* Sets of names that runs had, for the names to be ones that vary. */
#define VARIATIONS_MIN 2

static bool in_run(const uint64_t *runs, uint32_t run)
{
	return runs[run / 64] & (UINT64_C(1) << run % 64);
}

bool learn_names_vary(const struct learn_work *w, const uint64_t *const *names, uint32_t n)
{
	uint64_t sets[VARIATIONS_MIN] = { 0 };
	uint32_t n_sets = 0;

	if (n < LEARN_VALUES_MIN || w->n_runs < 2)
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
