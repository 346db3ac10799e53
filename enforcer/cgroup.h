/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CGROUP_H
#define PALE_CGROUP_H

/* A group of the unified hierarchy (cgroups(7), version 2) for one run. */

#include "compiler/base/error.h"

#include <stdint.h>

enum cgroup_controller { CGROUP_CPU, CGROUP_MEMORY, CGROUP_PIDS, CGROUP_CONTROLLER_COUNT };

extern const char *const cgroup_controller_names[CGROUP_CONTROLLER_COUNT];

/* Bits (1 << enum cgroup_controller). */
typedef uint32_t cgroup_controllers;

struct cgroup {
	char *path;   /* absolute */
	int fd;	      /* its folder */
	int procs_fd; /* cgroup.procs, to write "0" to */
	uint64_t id;  /* as bpf_get_current_cgroup_id() has it: the inode's number */
	cgroup_controllers controllers; /* that can be set in it */
};

/* Where the unified hierarchy is mounted (hybrid set-ups have it beside the old ones); malloc-ed.
 * -ENOENT: nowhere. */
int cgroup_mount_point(char **ret, struct pale_err **err);

/* The controllers that the root of the unified hierarchy, or this process's part of it, has. */
int cgroup_available(cgroup_controllers *ret, struct pale_err **err);

/*
 * Makes a group called @name beneath this process's own, or beneath the nearest one above that can
 * give the controllers of @wanted: a group that holds processes may not hand controllers down.
 * Where none can, the group is made without them; look at ->controllers. -EACCES: not delegated to
 * this user.
 */
int cgroup_new(
	const char *name, cgroup_controllers wanted, struct cgroup **ret, struct pale_err **err);
/* Removes the group, which must be empty by then. Takes NULL. */
void cgroup_free(struct cgroup *c);
void cgroup_freep(struct cgroup **c);

int cgroup_write(
	const struct cgroup *c, const char *file, const char *value, struct pale_err **err);

#endif
