/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_FIRST_NAMESPACES_H
#define PALE_FIRST_NAMESPACES_H

#include "compiler/base/error.h"

/*
 * Joins the cgroup and network namespaces of the first process of this process namespace, as paled
 * may have been started as a container.
 *
 * - An engine gives that a cgroup namespace of its own where there is the unified hierarchy alone,
 *   and no pod can ask for the node's; /proc/PID/cgroup would then name other containers by their
 *   way from here ("/../../pod1/c2", cgroup_namespaces(7)), and hide that its own group is not
 *   theirs.
 * - The kernel tells of processes' ends, and of audit records, in the initial network namespace
 *   alone. A pod that had that as a whole would have whatever else is in it there, too.
 *
 * Takes CAP_SYS_ADMIN and CAP_SYS_PTRACE. To be called before anything asks for a group, opens a
 * socket of netlink's or starts a thread.
 *
 * 0, also where it is in them already, or cannot see which they are: a process that is held back
 * from that by a policy or a module is no container of an engine's.
 */
int first_namespaces_join(struct pale_err **err);

#endif
