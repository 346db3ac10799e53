/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORDED_CALLS_H
#define PALE_RECORDED_CALLS_H

/*
 * System calls of which an observer writes down more than that they were made, beside those of
 * watched_calls.h: code that is mapped or becomes code, locks, control calls, signals, tracing,
 * processes, namespaces and socket families.
 */

#include "enforcer/watched_calls.h"

/* Whether @syscall (an index into vocab_syscalls) is one of them. */
bool recorded_call(int syscall);

/*
 * As watched_call_accesses(). Of an access the operation, the object and (map) the class are set.
 * Processes of the run are those that descend from this one. -EOPNOTSUPP: what the call does is not
 * told here (mounts); -ENOSYS: nor which files become code.
 */
int recorded_call_accesses(const struct process *p, enum abi abi, int syscall,
	const uint64_t arguments[6], uint64_t start_ns, struct accesses *ret);

/* The loader that the ELF file of @program, an access to execute it, asks for: read and map, where
 * there is one. */
int recorded_loader_accesses(const struct process *p, const struct access *program,
	uint64_t start_ns, struct accesses *ret);

#endif
