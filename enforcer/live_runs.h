/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LIVE_RUNS_H
#define PALE_LIVE_RUNS_H

/* A command, run and recorded several times over. */

#include "compiler/learn_run.h"

struct live_runs {
	char *const *argv;
	uint32_t n;
	bool unprivileged;   /* what need only be counted is told of as well */
	const char *command; /* pale's own, for what it says on stderr */
	/*
	 * A file that gets the runs as they are recorded, so that they are not gone with this
	 * process: a run that goes on is partial in it. It stays until the caller removes it.
	 */
	const char *recording;
	struct learn_runs *runs; /* are added to */
};

/* What could not be started leaves no run behind. */
int live_runs_record(const struct live_runs *l, struct pale_err **err);

#endif
