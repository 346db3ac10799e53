/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_VERIFY_SECCOMP_H
#define PALE_VERIFY_SECCOMP_H

/*
 * The proof that a filter answers as the policy means: read back from its instructions, for every
 * architecture, all 2^32 numbers and all arguments.
 *
 * It is a proof, not a sample, because both sides are step functions. Numbers and architectures are
 * tried at every constant that the program compares them with, at every number of the tables, and
 * next to each. For each of these, the argument words are cut at every constant and mask that
 * either the policy or a reachable instruction has, so that both answer alike throughout each of
 * the parts, and every part is tried. A program whose instructions do not allow this conclusion
 * is refused. Unread bits are tried in three ways.
 */

#include "compiler/emit_seccomp.h"

/* NULL when proved; otherwise what differs, in @a. */
const char *verify_seccomp(struct arena *a, const struct policy *p,
	const struct seccomp_options *options, const struct seccomp_program *program);

#endif
