/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORD_H
#define PALE_RECORD_H

/*
 * One recorded run of a command, from its start to the end of the last process that it left behind.
 * Needs no privilege: seccomp user notification. Nothing is refused but more processes than
 * task_limit.h has. With privilege what need only be counted is, in the kernel; and with BPF-LSM
 * all is told by the kernel, and nothing stopped.
 *
 * When this process is killed the command goes on, unwatched (keeper.h).
 */

#include "compiler/learn_run.h"
#include "enforcer/cgroup.h"
#include "enforcer/count_calls.h"
#include "enforcer/learn_source.h"

#include <linux/filter.h>
#include <signal.h>

struct record {
	const char *path; /* of the program */
	char *const *argv;
	const struct sock_fprog *filter; /* record_filter.h; NULL with @source */
	/* Of the command's own, and who counts its calls there; NULL: the filter tells of all. */
	const struct cgroup *cgroup;
	struct count_calls *counts;
	const struct learn_source *source; /* in the place of @filter, beside @counts; or NULL */
	sigset_t signal_mask;		   /* of the program */
	/* Now and then, when there is something new; may take its time, which makes it rarer.
	 * @so_far is a copy, with what is counted by then, and the callee's to change. */
	void (*flush)(void *ctx, struct learn_run *so_far);
	/* What the user should know at once, without a line end. */
	void (*say)(void *ctx, const char *text);
	void *ctx;
};

struct record_result {
	int wait_status;    /* of the command, as waitpid(2) gives it */
	int exec_errno;	    /* the execve failed with this; 0: it did not */
	int told_to_end;    /* the signal that said so, or 0 */
	uint64_t looked_at; /* calls, or acts of the source's */
};

/*
 * Into @run. Blocks until the whole tree is gone; from then on the signals that it handed on are
 * blocked still. On failure before the execve nothing ran; on failure after it the command was
 * killed.
 */
int record(const struct record *r, struct learn_run *run, struct record_result *ret,
	struct pale_err **err);

#endif
