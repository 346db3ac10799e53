/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LIVE_GROUPS_H
#define PALE_LIVE_GROUPS_H

/* Containers and cgroups of this machine by their names, recorded at once (record_cgroups.h). */

#include "compiler/learn_run.h"

struct live_group {
	bool container; /* @name is one's (find_container.h), otherwise a cgroup's path */
	const char *name;
};

struct live_groups {
	const struct live_group *v;
	uint32_t n;
	const char *run_dir;	 /* of paled's sockets */
	uint64_t duration_ns;	 /* 0: until they end */
	const char *command;	 /* pale's own, for what it says on stderr */
	const char *recording;	 /* as of live_runs.h */
	struct learn_runs *runs; /* are added to: one of each that has begun */
};

/* On failure no run is added. */
int live_groups_record(const struct live_groups *l, struct pale_err **err);

#endif
