/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_APPARMOR_EXEC_H
#define PALE_APPARMOR_EXEC_H

/*
 * Which profile an exec leads into. AppArmor asks the path alone: rules without glob forms go
 * before those with them, and the parser refuses a profile in which the rest disagree. Pale's rules
 * may disagree where AppArmor sees no difference: about plain and changed files of one path, or
 * when /bin/{a,b} is written as two paths without forms.
 */

#include "compiler/apparmor_rules.h"

/*
 * Takes AA_X from allows that lead elsewhere than decide() says of a plain file, or of a changed
 * one where no plain one may be executed, so that no two that count disagree. @ret_any: one lost
 * it.
 */
int apparmor_settle_exec(const struct policy *p, uint32_t domain, struct apparmor_rules *rules,
	bool *ret_any, struct pale_err **err);

#define APPARMOR_ENTERS_NOTHING (-2)

/*
 * The domain entered (-1: none, the profile stays) for an owner or another at a case of @rules;
 * APPARMOR_ENTERS_NOTHING when none may execute it. @grants, @rule_of: apparmor_grants()'s.
 */
int32_t apparmor_entered(const struct apparmor_rules *rules, const struct path_grants *grants,
	const uint32_t *rule_of, const struct path_case *c, bool owner);

#endif
