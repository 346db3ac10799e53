/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CGROUP_CONTAINERS_H
#define PALE_CGROUP_CONTAINERS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Containers that run on this machine, whoever started them, but for those that @known tells: by
 * their processes' cgroups, in which engines put the container's id of 64 hexadecimal digits. @pid
 * is one of its processes. Looks at every process: for who asks, not for a timer. A negative errno:
 * the processes cannot be listed, and not all has been taken.
 */
int cgroup_containers_each(bool (*known)(const void *ctx, const char *id), const void *known_ctx,
	void (*take)(void *ctx, const char *id, pid_t pid), void *ctx);

#endif
