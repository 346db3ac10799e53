/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_NOTIFIED_CALLS_H
#define PALE_NOTIFIED_CALLS_H

/*
 * System calls that a seccomp filter stopped with SECCOMP_RET_USER_NOTIF (seccomp_unotify(2)):
 * taken from the listener one by one, and answered.
 */

#include "compiler/base/error.h"
#include "compiler/vocab.h"
#include "enforcer/process.h"

#include <linux/seccomp.h>

struct notified_calls;

/* Valid until the next one is taken. */
struct notified_call {
	const struct seccomp_notif *notification;
	struct process *process; /* NULL: gone, or not to be seen from here */
	enum abi abi;
	int syscall;	/* index into vocab_syscalls, or -1 */
	bool abi_known; /* false: an architecture that no table has; @abi is the native one */
};

/* Takes @listener, on failure too. */
int notified_calls_new(int listener, struct notified_calls **ret, struct pale_err **err);
void notified_calls_free(struct notified_calls *n);
void notified_calls_freep(struct notified_calls **n);
/* To poll: POLLIN means notified_calls_take(), POLLHUP that no process is left behind the filter.
 */
int notified_calls_fd(const struct notified_calls *n);

/* 1; 0 when the process is gone again, which is no error. Blocks where there is none. */
int notified_calls_take(
	struct notified_calls *n, const struct notified_call **ret, struct pale_err **err);
/* Whether the call is stopped still: what was read of its process meanwhile is of that process. */
bool notified_call_is_stopped(const struct notified_calls *n);
/* Ends the call with @errnum, or lets the kernel go on with it (0). That it is gone, or was let go
 * by another process, is no error. */
int notified_calls_answer(struct notified_calls *n, int errnum, struct pale_err **err);

/*
 * For a process that shares the descriptor and watches over this one, which may wait in a call of
 * its own for what it looks at: a number that is another one for each call that is held, 0: none.
 */
uint64_t notified_calls_held(const struct notified_calls *n);
/* Says that so many went on without an answer from here; from any process, in sum. */
void notified_calls_add_unseen(struct notified_calls *n, uint64_t calls);
uint64_t notified_calls_unseen(const struct notified_calls *n);

/*
 * For a process that shares the descriptor with one that died, or is stuck, while it held a call:
 * lets that call go on, which no listener would be told of again.
 */
void notified_calls_let_go(struct notified_calls *n);

#endif
