/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_UNCONFINED_H
#define PALE_UNCONFINED_H

#include "enforcer/daemon/container.h"

/*
 * Containers that run on this machine and that nobody registered: started before the daemon, or by
 * another runtime than pale-runtime. They are told by their processes' cgroups, in which engines
 * put the container's id of 64 hexadecimal digits. Looks at every process: for who asks, not for a
 * timer.
 */
void unconfined_each(const struct containers *registered,
	void (*take)(void *ctx, const char *id, pid_t pid), void *ctx);

#endif
