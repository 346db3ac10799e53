/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_GUARDIAN_H
#define PALE_GUARDIAN_H

/*
 * BPF-LSM enforces for this process only as long as it lives. Should it be killed, a process that
 * does nothing else kills everything in the cgroup, so that nobody in it goes on unconfined.
 */

#include "compiler/base/error.h"

#include <sys/types.h>

/*
 * Watches the calling process for the cgroup whose folder is @cgroup_fd. Its end raises no SIGCHLD
 * and does not count for waitpid(-1).
 */
int guardian_start(int cgroup_fd, pid_t *ret, struct pale_err **err);
/* When the cgroup is empty. Takes 0. */
void guardian_stop(pid_t guardian);

#endif
