/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RESPONSE_TARGET_H
#define PALE_RESPONSE_TARGET_H

/*
 * Whom a response may reach: processes of the container and nobody else. A process is the
 * container's where it is in the container's cgroup, or below, and in the pid namespace of the
 * container's first process, or below. The daemon, what it descends from, the machine's first
 * process, engines, runtimes and kubelets are in neither; that is looked at all the same, for each
 * process, since a container may share the host's pid namespace, and whoever is root may move
 * processes.
 */

#include "enforcer/daemon/container.h"

/* NULL: @pid may be killed as one of @c's. Otherwise why not; static. The answer is about the
 * process that has the number now: hold a pidfd, and see whether it is alive afterwards. */
const char *response_spares(const struct container *c, pid_t pid);

/*
 * Kills the process that had the number @pid at @time_ns (CLOCK_REALTIME; 0: whichever has it), if
 * response_spares() has nothing against it. -ESRCH: it has ended, or another has its number by now.
 * -EPERM: it is spared.
 */
int response_kill(const struct container *c, pid_t pid, uint64_t time_ns, struct pale_err **err);

/* Whether nothing is ever done to the container: it is a pod's sandbox, or under a profile of
 * Pale's own programs or of @protected (n of them). NULL: it is not; otherwise why, malloc-ed. */
char *response_protects(const struct container *c, const char *const *protected, uint32_t n);

/* NULL: all that is in the container's cgroup may be frozen and killed. Otherwise which process may
 * not, or might not; malloc-ed. */
char *response_spares_group(const struct container *c);

#endif
