/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_FILTER_AGAINST_DECIDE_H
#define PALE_TESTS_FILTER_AGAINST_DECIDE_H

/* Whether a filter that stands alone answers a call as decide_syscall_union() does: asked of it
 * directly, not through what the emitter asks. */

#include "compiler/cbpf.h"
#include "compiler/decide.h"
#include "compiler/emit_seccomp.h"

static inline bool filter_agrees(const struct policy *p, const struct seccomp_program *program,
	enum abi abi, int number, const uint64_t arguments[6])
{
	struct request r = {
		.operation = OP_SYSCALL, .abi = abi, .number = number, .has_arguments = true
	};
	struct seccomp_data data = { .nr = number, .arch = vocab_abi_audit_arch(abi) };
	struct decision d;
	uint32_t want;

	for (int i = 0; i < 6; i++)
		r.arguments[i] = data.args[i] = arguments[i];
	d = decide_syscall_union(p, &r);
	if (d.verdict == VERDICT_ALLOW)
		want = d.reported ? SECCOMP_RET_LOG : SECCOMP_RET_ALLOW;
	else if (d.verdict == VERDICT_DENY)
		want = SECCOMP_RET_ERRNO | (uint32_t)d.errnum;
	else
		want = SECCOMP_RET_KILL_PROCESS;
	return cbpf_run(program->v, program->n, &data, NULL) == want;
}

#endif
