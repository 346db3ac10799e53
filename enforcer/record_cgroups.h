/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORD_CGROUPS_H
#define PALE_RECORD_CGROUPS_H

/*
 * What runs in some cgroups and below them, recorded while it goes on: system calls and programs
 * that are executed (count_calls.h), each group a run of its own, and what another source
 * (learn_source.h) sees of it. Nothing is stopped or refused, and the groups are none the wiser.
 *
 * Phases are each group's: LEARN_RUNTIME until its program begins; LEARN_INIT until it takes a
 * client, for ten seconds at most; LEARN_STEADY; LEARN_SHUTDOWN after its first process got
 * SIGTERM, SIGINT or SIGQUIT. What is executed into it from outside is kept apart, and left out
 * when it has a controlling terminal.
 */

#include "compiler/base/error.h"
#include "compiler/learn_run.h"
#include "enforcer/learn_source.h"

#include <signal.h>
#include <stdint.h>

struct recorded_group {
	uint64_t cgroup; /* its id: cgroup.h */
	int fd;		 /* its folder */
	int init;	 /* a pidfd of its first process; -1: whatever executes something first */
	int root;	 /* the root directory of its processes, O_PATH; -1: not known, yet */
	bool has_begun;	 /* its program runs already, since @age_ns */
	uint64_t age_ns;
	struct learn_run *run;
	const struct learn_source *source; /* NULL: the run will be partial */
	/* For who has found that it has not begun, and may just have missed it: asked once all is
	 * watched. NULL: it cannot be. */
	bool (*begun)(void *ctx);
	void *ctx;

	/* What became of it. */
	bool began;
	uint64_t calls, programs, execed, interactive;
};

struct record_cgroups {
	struct recorded_group *groups;
	uint32_t n;
	uint64_t duration_ns; /* 0: until they are empty */
	/* Everything is watched from now on. */
	void (*ready)(void *ctx);
	/* About once a second: the runs so far, in the order of the groups. */
	void (*flush)(void *ctx, const struct learn_runs *runs);
	void *ctx;
};

/*
 * Until SIGINT, SIGTERM, SIGHUP or SIGQUIT, which are blocked from then on, the end of its time, or
 * each of the groups has begun and is empty, or is gone. Needs what count_calls_new() does.
 */
int record_cgroups(struct record_cgroups *r, struct pale_err **err);

#endif
