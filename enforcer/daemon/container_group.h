/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CONTAINER_GROUP_H
#define PALE_CONTAINER_GROUP_H

/*
 * The cgroup of a container as a whole: its processes, frozen and let go (cgroup-v2.rst,
 * cgroup.freeze and cgroup.kill; freezer-subsystem.rst of version 1). Only a group that is the
 * container's own, as container_look() found it: nothing here ever reaches another's.
 */

#include "enforcer/daemon/container.h"

struct container_group {
	int fd; /* the group's folder */
	bool unified;
	int freezer; /* the folder where its tasks can be frozen: @fd's own, or version 1's; -1:
			none */
};

/* -ENOENT: it has no such group, or it is gone. */
int container_group_open(
	const struct container *c, struct container_group *ret, struct pale_err **err);
void container_group_close(struct container_group *g);

/* Asks for it; it takes the kernel a moment until each task is there. -EOPNOTSUPP: this kernel, or
 * the group's hierarchy, cannot. */
int container_group_freeze(const struct container_group *g, bool frozen, struct pale_err **err);
/* Whether all of its tasks are. */
bool container_group_is_frozen(const struct container_group *g);

/* The processes in it and in groups below, as the daemon's pid namespace numbers them, until @take
 * gives more than 0; gives that. A group that is gone has none. Negative: some could not be looked
 * at; -E2BIG: it has too many groups below, or too deep. */
int container_group_each(
	const struct container_group *g, int (*take)(void *ctx, pid_t pid), void *ctx);

/* Whether no process is in it, nor in a group below; not where that cannot be told. */
bool container_group_is_empty(const struct container_group *g);

/* Kills all that is in it at once, what is just being forked as well (cgroup.kill, Linux 5.14).
 * -EOPNOTSUPP: of version 1, or an older kernel. */
int container_group_kill(const struct container_group *g, struct pale_err **err);

#endif
