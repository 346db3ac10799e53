/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORDED_CAPABILITIES_H
#define PALE_RECORDED_CAPABILITIES_H

/*
 * Which capabilities a call will use, of those that the process has. The kernel tells nobody
 * without privilege, so it is worked out from the call, as capabilities(7) has it. What is not
 * known here (net_admin's and sys_admin's hundred uses, say) is not told.
 */

#include "enforcer/credentials.h"
#include "enforcer/watched_calls.h"

/* Whether some capability is asked for by @syscall, an index into vocab_syscalls, itself. */
bool recorded_capability_call(int syscall);

/*
 * @accesses: what the call does to files and addresses; those that the kernel will refuse anyway
 * are taken out of it. Bits by number.
 */
uint64_t recorded_capabilities(const struct process *p, const struct credentials *c, int syscall,
	const uint64_t arguments[6], struct accesses *accesses);

#endif
