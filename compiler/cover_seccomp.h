/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_COVER_SECCOMP_H
#define PALE_COVER_SECCOMP_H

/*
 * What the filter makes of each rule. Syscall rules are its own. An operation on objects that it
 * cannot see is settled by it where the policy refuses every call that does such a thing: then the
 * default and the denies are exact whatever the object. All of it is read off decide() and the
 * cells of the calls.
 */

#include "compiler/coverage.h"
#include "compiler/emit_oci.h"

void cover_seccomp(const struct policy *p, struct coverage *c);
/* The profile as libseccomp compiles it: as the filter, less what it leaves out. */
void cover_oci(const struct oci_filter *f, struct coverage *c);

#endif
