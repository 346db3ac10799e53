/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_FIRST_CGROUPS_H
#define PALE_FIRST_CGROUPS_H

#include "compiler/base/error.h"

/*
 * Joins the cgroup namespace of the first process of this process namespace. An engine that starts
 * paled as a container gives it one of its own where there is the unified hierarchy alone, and no
 * pod can ask for the node's; /proc/PID/cgroup would then name other containers by their way from
 * here ("/../../pod1/c2", cgroup_namespaces(7)), and hide that its own group is not theirs. Takes
 * CAP_SYS_ADMIN and CAP_SYS_PTRACE. To be called before anything asks for a group, or starts a
 * thread.
 *
 * 0, also where it is in that namespace already, or cannot see which one it is: a process that is
 * held back from that by a policy or a module is no container of an engine's.
 */
int first_cgroups_join(struct pale_err **err);

#endif
