/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_SUPERVISE_SECCOMP_H
#define PALE_SUPERVISE_SECCOMP_H

/*
 * The other end of a filter made with SECCOMP_RETURN_NOTIFY (seccomp_unotify(2)). Calls that the
 * filter refuses, kills or audits are stopped here, reported with their arguments, and answered as
 * decide() says: it judges the very registers that the filter did, so nothing can change between.
 *
 * Path-taking and address-taking calls may be stopped as well, to give what Landlock refuses a
 * name: the supervisor looks at the object, reports, and always lets the kernel go on, since what
 * lies in memory may have changed by then. Landlock is what enforces.
 *
 * It must live as long as the program: without it, notified calls fail with ENOSYS.
 */

#include "compiler/base/error.h"
#include "compiler/emit_landlock.h"
#include "enforcer/report.h"

#include <stdbool.h>
#include <stdint.h>

struct supervisor;

struct supervise_options {
	const struct policy *policy;
	bool audit;			       /* nothing is refused */
	const struct landlock_rules *landlock; /* as loaded; NULL: Landlock is not used */
	/* What Landlock lets pass another mechanism may refuse, and reports itself. */
	bool others_report;
	uint64_t start_ns;     /* CLOCK_REALTIME of the run's start, for drift */
	const char *container; /* or NULL */
	void (*report)(void *ctx, const struct violation *v);
	void *ctx;
};

/* 0, or why this kernel cannot do it: filters with user notification. */
int seccomp_supported(struct pale_err **err);

/* Bits by index into vocab_syscalls, for struct seccomp_options: the calls that can be named. */
#define SUPERVISE_NOTIFY_WORDS(n_syscalls) (((n_syscalls) + 63) / 64)
void supervise_notify_set(uint64_t *bits);

/* Takes @listener. Keeps a copy of @options. */
int supervisor_new(int listener, const struct supervise_options *options, struct supervisor **ret,
	struct pale_err **err);
void supervisor_free(struct supervisor *s);
void supervisor_freep(struct supervisor **s);
/* To poll: POLLIN means supervisor_handle(), POLLHUP that no process is left behind the filter. */
int supervisor_fd(const struct supervisor *s);

/* One notification; call it after POLLIN. That its process is gone again is no error. */
int supervisor_handle(struct supervisor *s, struct pale_err **err);

/* Calls that were let go on although nobody could see what they were about to do. */
uint64_t supervisor_unexamined(const struct supervisor *s);

#endif
