/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RUNNING_CONTAINERS_H
#define PALE_RUNNING_CONTAINERS_H

#include "enforcer/daemon/daemon.h"

/*
 * Containers that ran before the daemon did and that nobody registered: each that a policy is meant
 * for is put under it as far as a running container can be, and all are told in the log.
 *
 * BPF-LSM alone can be had by then, and from the next execve(2) of each of its processes on: what
 * runs without another one goes on as it is. seccomp, capabilities, AppArmor and limits come with a
 * restart. Where config.running says `list`, or the kernel has no BPF-LSM, they are only told.
 */
void running_containers_confine(struct daemon *d);

#endif
