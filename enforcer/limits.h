/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LIMITS_H
#define PALE_LIMITS_H

/*
 * `limit`: processes, memory and cpu belong to the cgroup, for they are of the whole tree; open
 * files and file sizes are rlimits of each process. RLIMIT_NPROC counts a user's processes on the
 * whole machine, which is another thing, and is not used.
 */

#include "compiler/policy.h"
#include "enforcer/cgroup.h"

#include <stdbool.h>

struct limits {
	bool is_set[LIMIT_COUNT];
	uint64_t value[LIMIT_COUNT];
};

/* Of the outermost profile; the lowest where several rules speak of one. */
struct limits limits_of(const struct policy *p);
cgroup_controllers limits_controllers(const struct limits *l);

/* What @set can hold, for cover_limits(): bit (1 << LIMIT_…). */
uint32_t limits_available(cgroup_controllers set);

/* What @c has the controllers for; the rest is left out, as the coverage said. */
int limits_set_cgroup(const struct limits *l, const struct cgroup *c, struct pale_err **err);
/* For this process and those that it starts. Makes system calls only; a negative errno. */
int limits_set_rlimits(const struct limits *l);

#endif
