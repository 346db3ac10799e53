/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_COVER_CAPABILITIES_H
#define PALE_COVER_CAPABILITIES_H

#include "compiler/coverage.h"

/*
 * Bits (number) of the capabilities that stay in the bounding set: a process tree has one, so the
 * sub-profiles' are united.
 */
uint64_t capabilities_kept(const struct policy *p);

/* no_new_privs changes nothing for a program that may have no capability and enter no other domain.
 */
bool policy_implies_no_new_privs(const struct policy *p);

/*
 * MECHANISM_CAPABILITIES for every capability rule and default. The set is refused to the process
 * without a report; inside a user namespace that it may make, it has them all again.
 */
void cover_capabilities(const struct policy *p, struct coverage *c);

#endif
