/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/call_violation.h"

#include "compiler/object_text.h"
#include "compiler/seccomp_answer.h"

#include <string.h>
#include <time.h>

/*
 * socket(2) of a kind that a rule about sockets denies is refused by the filter already, which
 * knows calls: the rule says it better.
 */
static void name_socket_rule(struct violation *v, struct text *object)
{
	struct request q = {
		.operation = OP_SOCKET,
		.socket_family = (int)v->arguments[0],
		.socket_type = (int)v->arguments[1] & 0xf, /* SOCK_TYPE_MASK of linux/net.h */
		.socket_protocol = (int)v->arguments[2],
	};
	struct decision d;

	if (v->syscall < 0 || strcmp(vocab_syscalls[v->syscall].name, "socket") != 0 ||
		v->decision.verdict == VERDICT_ALLOW)
		return;
	d = decide(v->policy, v->domain, &q);
	if (d.verdict == VERDICT_ALLOW || !d.rule || d.rule->is_default)
		return;
	v->operation = OP_SOCKET;
	v->decision = d;
	text_clear(object);
	object_text_family(object, q.socket_family, q.socket_type, q.socket_protocol);
}

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
	name_socket_rule(v, object);
}

bool call_violation_is_quiet(const struct violation *v)
{
	return v->outcome == OUTCOME_REFUSED && !v->decision.reported && !v->decision.depends;
}

uint64_t realtime_of_monotonic(uint64_t monotonic_ns)
{
	struct timespec real, monotonic;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	return monotonic_ns + (uint64_t)(real.tv_sec - monotonic.tv_sec) * 1000000000u +
	       (uint64_t)real.tv_nsec - (uint64_t)monotonic.tv_nsec;
}
