/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_SECCOMP_ANSWER_H
#define PALE_SECCOMP_ANSWER_H

/*
 * What the seccomp filter of a policy must answer to one call, from decide_syscall_union(). The
 * emitter asks here, and the proof compares every program with it.
 */

#include "compiler/decide.h"

#include <linux/seccomp.h>

enum seccomp_return {
	/* A filter that stands alone: ERRNO, KILL_PROCESS, and LOG for `audit`. */
	SECCOMP_RETURN_ERRNO,
	/*
	 * USER_NOTIF for whatever must be reported, killed or audited: a supervisor that lives
	 * exactly as long as the program reports the arguments and then answers. `quiet deny`
	 * stays ERRNO.
	 */
	SECCOMP_RETURN_NOTIFY,
};

struct seccomp_options {
	enum seccomp_return refusals;
	/* Nothing is refused, even where the policy does not say `mode audit`. */
	bool audit;
	/* NULL, or bits by index into vocab_syscalls: USER_NOTIF where the call is allowed. */
	const uint64_t *notify;
	/* Likewise of calls that no table knows, which are refused without a report otherwise. */
	bool notify_unknown;
};

/*
 * The ABI that a call comes from. x86_64 and x32 share an architecture: numbers from 2^30 on,
 * negative ones included, are x32's. false: an architecture that no policy speaks.
 */
bool seccomp_abi(uint32_t audit_arch, uint32_t number, enum abi *ret);

/* Of a call as the filter sees it; architectures unknown here are ABIs that are not spoken. */
struct decision seccomp_decide(const struct policy *p, const struct seccomp_data *data);

/* SECCOMP_RET_… */
uint32_t seccomp_answer(const struct policy *p, const struct seccomp_options *options,
	const struct seccomp_data *data);

#endif
