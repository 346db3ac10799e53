/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_GROUP_PROCESSES_H
#define PALE_GROUP_PROCESSES_H

/* Groups of the unified hierarchy that others made, and who is in them. */

#include "compiler/base/error.h"

#include <stdint.h>
#include <sys/types.h>

/*
 * The folder of a group, by its path or by that below the hierarchy's root, and its id as
 * bpf_get_current_cgroup_id() has it. -ENOENT: there is none. -EINVAL: it is the hierarchy's root,
 * or this process is in it or below.
 */
int group_open(const char *path, int *ret_fd, uint64_t *ret_id, struct pale_err **err);

/*
 * Path below the hierarchy's root of the group of @pid; where that has @id in the name of a part,
 * what is below the part is left off: systemd goes into a group of its own below its container's.
 * malloc-ed. -ENOTUNIQ: it has no group but the root.
 */
int group_of_process(pid_t pid, const char *id, char **ret, struct pale_err **err);

/* The oldest process in the group of this folder and those below; 0: there is none. -EOPNOTSUPP:
 * one is of a process namespace that cannot be seen from this one. */
pid_t group_first_process(int fd);

/* What it executes, below its root; malloc-ed, NULL when that has no path or cannot be told. */
char *group_process_program(pid_t pid);
/* How long ago it was started; 0: that cannot be told. */
uint64_t group_process_age(pid_t pid);

#endif
