/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LAUNCH_H
#define PALE_LAUNCH_H

/*
 * Starts one program confined. Everything that can fail is prepared by the parent; the child only
 * enters what was prepared and executes. After the seccomp filter is loaded it makes one call more,
 * the program's own execve, so that no policy must allow anything for the launcher's sake: the
 * listener reaches the parent because both share one descriptor table until then, and its number,
 * like every failure, through a page of shared memory.
 */

#include "compiler/base/error.h"
#include "enforcer/limits.h"

#include <linux/filter.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct launch {
	const char *path; /* to be executed */
	char *const *argv;
	char *const *envp;
	sigset_t signal_mask; /* of the program */

	bool outlives_parent;	      /* else it is killed when that dies */
	int cgroup_procs_fd;	      /* -1: stay in this one's cgroup */
	const char *apparmor_profile; /* to change to at the execve, or NULL */
	const struct limits *limits;  /* rlimits; or NULL */
	bool drop_capabilities;
	uint64_t capabilities; /* bit (number): those that stay, where they are had at all */
	bool no_new_privs;
	int landlock_fd;		  /* -1: none */
	const struct sock_fprog *seccomp; /* or NULL */
};

struct launched {
	pid_t pid;
	int pidfd;
	int listener; /* seccomp notifications; -1 without a filter */
	struct launch_page *page;
};

#define LAUNCHED_INIT                                                                              \
	{                                                                                          \
		.pidfd = -1, .listener = -1                                                        \
	}

/*
 * The program is being executed when this returns 0; on failure nothing was. The parent dying takes
 * the child along unless @l says otherwise. Not for programs with threads.
 */
int launch(const struct launch *l, struct launched *ret, struct pale_err **err);
/* Why execve failed, a positive errno, once the child has ended; 0 when it did not. */
int launched_exec_errno(const struct launched *l);
void launched_release(struct launched *l);

/*
 * What execvp(3) would run for @file, found beforehand: the policy is not asked for every folder of
 * @search (a PATH). malloc-ed; or -ENOENT, -EACCES when only what cannot be executed was found.
 */
int launch_find(const char *file, const char *search, char **ret);

#endif
