/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_ATTACK_TESTS_H
#define PALE_ATTACK_TESTS_H

/* Tests that a policy which was made by a program refuses what attackers try. */

#include "compiler/base/text.h"
#include "compiler/compile.h"

/*
 * Adds a test of @domain of @p, a policy of @c, that each attack of a fixed list is denied. What
 * the policy allows is left out, and @allowed called with it: a program may need it, and people
 * should know.
 */
void attack_tests_write(struct compilation *c, const struct policy *p, uint32_t domain,
	struct text *to, void (*allowed)(void *ctx, const char *attack), void *ctx);

#endif
