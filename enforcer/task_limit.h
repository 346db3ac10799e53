/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TASK_LIMIT_H
#define PALE_TASK_LIMIT_H

/*
 * How many processes and threads a recorded command may have at once, so that one that forks
 * without end leaves the machine usable. The limit is systemd's for a service
 * (systemd-system.conf(5), DefaultTasksMax=): 15 % of what the kernel has in all, some thousands.
 *
 * It holds as each new task's call is stopped and answered, with EAGAIN (fork(2)). RLIMIT_NPROC
 * does not hold root, and would count what else the user runs. Where the command has a cgroup with
 * the pids controller, that holds it to the same when nobody answers any more.
 */

#include "enforcer/cgroup.h"

#include <stdbool.h>
#include <stdint.h>

struct task_limit {
	unsigned max;
	unsigned bound; /* there are no more than these */
	bool full;
	uint64_t next_count; /* CLOCK_MONOTONIC, ns */
};

/* For one that is there. */
void task_limit_init(struct task_limit *l);
/* Has the kernel hold @cgroup, too, or NULL, where it can. */
void task_limit_hold(const struct task_limit *l, const struct cgroup *cgroup);
/* How often the kernel did. */
uint64_t task_limit_held(const struct cgroup *cgroup);
/* Whether @syscall (an index into vocab_syscalls, or -1) makes a task. */
bool task_limit_call(int syscall);
/* Whether there may be one more descendant of this process; it counts as made. */
bool task_limit_admits(struct task_limit *l);

#endif
