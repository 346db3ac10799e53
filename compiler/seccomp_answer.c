/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/seccomp_answer.h"

#include <errno.h>
#include <string.h>

bool seccomp_abi(uint32_t audit_arch, uint32_t number, enum abi *ret)
{
	for (int abi = 0; abi < ABI_COUNT; abi++) {
		if (vocab_abi_audit_arch((enum abi)abi) != audit_arch || abi == ABI_X32)
			continue;
		*ret = abi == ABI_X86_64 && number >= 0x40000000 ? ABI_X32 : (enum abi)abi;
		return true;
	}
	return false;
}

/* As decide() answers for an ABI that the policy does not speak. */
static struct decision unknown_arch(const struct policy *p)
{
	const struct rule *rule = p->domains[0]->defaults[OP_SYSCALL];

	return (struct decision){
		.verdict = rule->effect == EFFECT_KILL ? VERDICT_KILL : VERDICT_DENY,
		.reported = true,
		.errnum = EPERM,
		.rule = rule,
		.transition = -1,
	};
}

struct decision seccomp_decide(const struct policy *p, const struct seccomp_data *data)
{
	struct request r = {
		.operation = OP_SYSCALL,
		.number = data->nr,
		.has_arguments = true,
	};

	if (!seccomp_abi(data->arch, (uint32_t)data->nr, &r.abi))
		return unknown_arch(p);
	for (int i = 0; i < 6; i++)
		r.arguments[i] = data->args[i];
	return decide_syscall_union(p, &r);
}

static bool must_notify(const struct seccomp_options *options, const struct seccomp_data *data)
{
	enum abi abi;
	int call;

	if (!seccomp_abi(data->arch, (uint32_t)data->nr, &abi))
		return false;
	call = vocab_syscall_by_number(abi, data->nr);
	if (call < 0)
		return options->notify_unknown;
	return options->notify && options->notify[call / 64] >> (call % 64) & 1;
}

uint32_t seccomp_answer(const struct policy *p, const struct seccomp_options *options,
	const struct seccomp_data *data)
{
	bool notify = options->refusals == SECCOMP_RETURN_NOTIFY;
	uint32_t report = notify ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_LOG;
	struct decision d = seccomp_decide(p, data);
	bool allowed = d.verdict == VERDICT_ALLOW || options->audit || p->audit;

	if (allowed && must_notify(options, data))
		return SECCOMP_RET_USER_NOTIF;
	if (allowed)
		return d.reported ? report : SECCOMP_RET_ALLOW;
	if (d.reported && notify)
		return SECCOMP_RET_USER_NOTIF;
	if (d.verdict == VERDICT_KILL)
		return notify ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_KILL_PROCESS;
	return SECCOMP_RET_ERRNO | ((uint32_t)d.errnum & SECCOMP_RET_DATA);
}
