/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LEARN_SOURCE_H
#define PALE_LEARN_SOURCE_H

/*
 * Who else watches a group while its calls are counted (record_cgroups.h, record.h), and adds what
 * it sees to the same run: programs, files, network and capabilities, which counting does not show.
 * It was given the cgroup's id and the run when it was made.
 */

#include "compiler/base/error.h"
#include "compiler/learn_run.h"

struct learn_source {
	void *ctx;
	int fd; /* readable when there is something to read; -1: it is asked every second */
	/* Adds to the run what there is. */
	int (*read)(void *ctx, struct pale_err **err);
	uint64_t (*acts)(void *ctx); /* how many it added so far */
	/* What it sees from now on is of that part of the run; of LEARN_RUNTIME at first. NULL: it
	 * need not know. */
	int (*phase)(void *ctx, enum learn_phase phase, struct pale_err **err);
	/* The last time: reads what is left, and says what was lost (learn_run_lost()). */
	int (*finish)(void *ctx, struct pale_err **err);
};

#endif
