/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_WATCHED_CALLS_H
#define PALE_WATCHED_CALLS_H

/*
 * System calls that take paths and addresses, turned into what the policy speaks of: `openat(3,
 * "x", O_CREAT | O_WRONLY)` becomes create and write of /srv/x. Used to name what Landlock refuses,
 * and to audit.
 *
 * A call that the kernel would refuse for reasons of its own (no such file, not a directory) is no
 * access: a policy is asked when something is opened or changed.
 */

#include "compiler/decide.h"
#include "enforcer/process.h"

#include <stdbool.h>
#include <stdint.h>

struct access {
	struct request request; /* its strings are this access's own */
	char *object;		/* "/etc/passwd", "tcp 10.0.0.1:443", as reports say it */
	size_t object_len;
	/* A connection that a send with MSG_FASTOPEN opens: Landlock is not asked about it. */
	bool fast_open;
	/* exec: set-user-ID, set-group-ID, or with capabilities of its own (execve(2)). */
	bool gives_privilege;
	int fd; /* exec: O_PATH, of the file; -1 otherwise */
};

/* rename needs two, open with O_CREAT three, a script with its interpreters up to six, sendmmsg one
 * for each message. */
#define ACCESSES_MAX 16

struct accesses {
	struct access v[ACCESSES_MAX];
	unsigned n;
	bool cut; /* there were more */
};

/* Whether @syscall (an index into vocab_syscalls) is one of them. */
bool watched_call(int syscall);

/*
 * What the call, stopped at its entry in @p, is about to do. 0, perhaps with no access at all, or a
 * negative errno when it could not be told (the process's memory or descriptors are not ours to
 * look at). @start_ns: CLOCK_REALTIME; files changed since then are drift. Release @ret either way.
 */
int watched_call_accesses(const struct process *p, enum abi abi, int syscall,
	const uint64_t arguments[6], uint64_t start_ns, struct accesses *ret);
void access_release(struct access *a);
void accesses_release(struct accesses *a);

#endif
