/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/call_violation.h"

#include "compiler/seccomp_answer.h"

#include <string.h>
#include <time.h>

void call_violation(struct violation *v, const struct seccomp_data *call, struct text *object)
{
	_Static_assert(sizeof(v->arguments) == sizeof(call->args), "six registers");
	memcpy(v->arguments, call->args, sizeof(v->arguments));
	v->has_arguments = true;
	v->mechanism = MECHANISM_SECCOMP;
	v->operation = OP_SYSCALL;
	v->decision = seccomp_decide(v->policy, call);
	v->domain = v->decision.rule ? v->decision.rule->domain : 0;
	v->syscall_number = call->nr;
	v->syscall = -1;
	v->abi = vocab_abi_native();
	if (seccomp_abi(call->arch, (uint32_t)call->nr, &v->abi))
		v->syscall = vocab_syscall_by_number(v->abi, call->nr);
	if (v->syscall >= 0)
		text_puts(object, vocab_syscalls[v->syscall].name);
	else
		text_printf(object, "%d", call->nr);
	if (v->decision.verdict == VERDICT_ALLOW && v->outcome != OUTCOME_AUDITED)
		v->outcome = OUTCOME_OVERBLOCKED;
}

uint64_t realtime_of_monotonic(uint64_t monotonic_ns)
{
	struct timespec real, monotonic;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	return monotonic_ns + (uint64_t)(real.tv_sec - monotonic.tv_sec) * 1000000000u +
	       (uint64_t)real.tv_nsec - (uint64_t)monotonic.tv_nsec;
}
