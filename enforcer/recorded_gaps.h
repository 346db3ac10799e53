/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORDED_GAPS_H
#define PALE_RECORDED_GAPS_H

/*
 * Calls after which a program does things that are not seen, or not as it would have done them
 * alone. A recording with one of them must not be called complete.
 */

#include "enforcer/watched_calls.h"

/* Whether @syscall (an index into vocab_syscalls) can be one. */
bool recorded_gap_call(int syscall);
/* What is lost by it, as learn_run_lost() has it; NULL: nothing. */
const char *recorded_gap(
	const struct process *p, enum abi abi, int syscall, const uint64_t arguments[6]);

/* The same of what a call does to files. */
struct gap_rules {
	bool no_new_privs; /* prctl(2): set-user-ID programs do not get what they are for */
};
const char *recorded_gap_of_access(const struct gap_rules *rules, const struct access *a);

#endif
