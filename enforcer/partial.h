/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PARTIAL_H
#define PALE_PARTIAL_H

/* --allow-partial: which rules that cannot be enforced exactly here are accepted all the same. */

#include "compiler/coverage.h"

#include <stdio.h>

struct partial {
	const struct coverage *coverage;
	mechanisms used;
	const struct rule **refused; /* not exact, and not accepted; in the arena */
	uint32_t n_refused;
	uint32_t n_accepted; /* not exact, but accepted */
	const char *mistake; /* in @ids; in the arena */
};

/*
 * @accept: the option was given, for the rules of @ids or, when that is NULL, for all. Identifiers
 * are as reports and `pale explain` show them, or unique beginnings of at least four digits. 0;
 * -EINVAL with ->mistake for one that is no rule's.
 */
int partial_init(
	struct partial *p, const struct coverage *c, mechanisms used, bool accept, const char *ids);

/* Each refused rule with its place, its text, what it is here and why; then what to do. */
void partial_print(const struct partial *p, FILE *to, bool colour);

#endif
