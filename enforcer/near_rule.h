/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_NEAR_RULE_H
#define PALE_NEAR_RULE_H

/* Which rule a person may have had in mind when the default refused something. */

#include "compiler/policy.h"

/*
 * The allow or audit rule of @op in @domain that comes nearest to @object, which is written as in
 * reports ("/etc/shadow", "tcp 10.0.0.1:443"): for paths the longest common beginning, of at least
 * one whole component; for addresses the same protocol, then the same port. NULL when none is near.
 */
const struct rule *near_rule(const struct policy *p, uint32_t domain, enum operation op,
	const char *object, uint32_t object_len);

#endif
