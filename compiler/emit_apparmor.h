/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EMIT_APPARMOR_H
#define PALE_EMIT_APPARMOR_H

// A policy as an AppArmor profile for apparmor_parser 3.0 and 4.x (abi <abi/3.0>). Where its
// language cannot say a rule, the profile is wider, and the coverage says so: a profile must not
// refuse what the policy allows, since BPF-LSM beside it is exact and would be blamed for nothing.
//
//	w	write, append, create, delete, setattr and half of rename, which needs r as well
//	k	a lock; one for writing needs w as well
//	x	asks the path alone which profile is entered: apparmor_exec.h
//	deny	is written only where nothing that it would take away is allowed
//	network	knows families and types, no addresses
//	mount	knows type, source, place and some flags: apparmor_mounts.h
//
// What Pale does not mediate passes: incoming signals and tracing, D-Bus, and the terminal, which
// AppArmor would otherwise take from a program that inherits it. Other files that are inherited
// open it does replace by /dev/null at the exec unless the profile allows them; no profile can say
// otherwise.
//
// It refuses three things that Pale allows. The second and the third are called narrower.
//
//	open(O_RDONLY | O_CREAT) of a file that is there and may only be read. Giving w to all
//	that is read would be the worse answer.
//
//	exec of what has no path, a memfd. It would take flags=(attach_disconnected), by which
//	paths that lead to no root, as through a descriptor from outside the container, count as
//	paths in it. No profile has that; the one flag that is ever written is complain, in audit
//	mode.
//
//	exec of changed files (drift) by a rule that shares paths with globs with one for plain
//	files, when they lead into two profiles.
//
// Unix sockets. Linux 6.1 asks for the family when one is made and for w of the path when one is
// bound to it, and nothing when one is connected or bound to a name: those are unenforced. Ubuntu's
// kernels (features network/af_unix) know more: `unix` rules with addresses, and rw of the path at
// both ends of a connection. `unix,` lets all without a path pass there as here. Rules with
// addresses would have to be right where every end asks for itself, also of pairs and of what has
// no name, which cannot be tested on the kernels that the tests have; and rw of each path that may
// be connected to would give, everywhere else, the right to replace the socket. So there a
// connection to a path passes only when rules about files allow to read and write it.
//
// Limits. No `set rlimit`: they are set before the program starts, and a lowered hard limit stays,
// unless the process keeps sys_resource, which the coverage of limits says. A profile would hold it
// even then. But whenever a process leaves a profile with limits, for a sub-profile, too, AppArmor
// puts its soft ones back to init's (security/apparmor/resource.c, __aa_transition_rlimits()),
// often 1024 descriptors: fewer than the policy says.

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
