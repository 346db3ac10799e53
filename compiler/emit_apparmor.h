/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EMIT_APPARMOR_H
#define PALE_EMIT_APPARMOR_H

/*
 * A policy as an AppArmor profile for apparmor_parser 3.0 (abi <abi/3.0>). Where its language
 *cannot say a rule, the profile is wider, and the coverage says so: a profile must never refuse
 *what the policy allows, since BPF-LSM beside it is exact and would be blamed for nothing. So
 *
 *	w	stands for write, append, create, delete, setattr and half of rename, which also
 *needs r k	of a write lock needs w as well deny	is written only where nothing that it would
 *take away is allowed network	knows families and types, no addresses; unix sockets all pass mount
 *is all or nothing
 *
 * What Pale does not mediate passes: incoming signals and tracing, D-Bus, and the terminal, which
 * AppArmor would otherwise take from a program that inherits it. Other files that are inherited
 * open it does replace by /dev/null at the exec unless the profile allows them; no profile can say
 * otherwise. One more thing it refuses that Pale allows: open(O_RDONLY | O_CREAT) of a file that is
 * there and may only be read. Giving w to all that is read would be the worse answer.
 */

#include "compiler/base/error.h"
#include "compiler/base/text.h"
#include "compiler/coverage.h"
#include "compiler/policy.h"

/*
 * Appends the profile, sub-profiles as its children, to @ret (released by the caller), and writes
 * MECHANISM_APPARMOR's coverage into @c (may be NULL). -E2BIG when the paths cannot be compared
 * within the automaton's budget; -EBADMSG when the text does not read back: an internal error.
 */
int emit_apparmor(
	const struct policy *p, struct coverage *c, struct text *ret, struct pale_err **err);

/* "pale.web.0123456789ab", for a sub-profile with "//thumbnailer" after it; in the policy's arena.
 */
const char *apparmor_profile_name(const struct policy *p, uint32_t domain);

#endif
