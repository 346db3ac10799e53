/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RUN_H
#define PALE_RUN_H

/*
 * One confined command from its start to the end of the last process that it left behind: serves
 * seccomp notifications and BPF-LSM events, forwards signals, reaps.
 */

#include "enforcer/apply.h"
#include "enforcer/report_sink.h"

struct run {
	struct enforcement *enforcement; /* loaded */
	struct report_sink *sink;
	const char *container;
	const char *path; /* of the program */
	char *const *argv;
};

struct run_result {
	int wait_status;     /* of the command, as waitpid(2) gives it */
	int exec_errno;	     /* the execve failed with this; 0: it did not */
	uint64_t unexamined; /* calls whose objects could not be told */
	uint64_t lost;	     /* events that never arrived */
	bool lost_unknown;   /* and more may be lost that nobody counted */
};

/*
 * Blocks until the whole tree is gone. On failure before the execve nothing ran; on failure after
 * it the command was killed.
 */
int run(const struct run *r, struct run_result *ret, struct pale_err **err);

#endif
