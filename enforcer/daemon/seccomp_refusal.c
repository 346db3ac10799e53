/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/seccomp_refusal.h"

#include "compiler/seccomp_answer.h"
#include "enforcer/daemon/event.h"

#include <errno.h>
#include <string.h>

static void look_for(uint64_t errnos[SECCOMP_EXIT_WORDS], int errnum)
{
	if (errnum > 0 && errnum < SECCOMP_EXIT_ERRNOS)
		errnos[errnum / 64] |= (uint64_t)1 << errnum % 64;
}

static bool has_own(const struct container *c)
{
	return json_array_size(json_object_get(c->own, "seccomp")) > 0;
}

void seccomp_refusal_errnos(const struct container *c, uint64_t errnos[SECCOMP_EXIT_WORDS])
{
	const struct policy *p = c->policy->policy;

	look_for(errnos, EPERM);
	if (has_own(c))
		look_for(errnos, ENOSYS);
	for (uint32_t i = 0; i < p->n_rules; i++) {
		if (p->rules[i]->operations & OP_BIT(OP_SYSCALL))
			look_for(errnos, p->rules[i]->errnum);
	}
}

/* -1: the tables do not have it. */
static int call_index(uint32_t number, uint32_t arch)
{
	enum abi abi;

	return seccomp_abi(arch, number, &abi) ? vocab_syscall_by_number(abi, (int)number) : -1;
}

static bool is_own(const struct container *c, int call)
{
	const char *name = call >= 0 ? vocab_syscalls[call].name : NULL;

	return name && event_is_own(c, OP_SYSCALL, name, strlen(name));
}

static bool is_left_out(const struct node_filter *filter, int call)
{
	return call >= 0 && !filter->policy->audit && filter->left_out && filter->left_out[call];
}

static bool policy_refuses(
	const struct node_filter *filter, const struct seccomp_data *data, uint32_t errnum)
{
	const struct seccomp_options options = { 0 };
	uint32_t answer = seccomp_answer(filter->policy, &options, data);

	if ((answer & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO)
		return false;
	return (answer & SECCOMP_RET_DATA) == errnum;
}

bool seccomp_refusal(const struct container *c, const struct node_filter *filter,
	const struct seccomp_exit_event *e, struct violation *ret, struct text *object)
{
	struct seccomp_data data = { .nr = (int)e->number, .arch = e->arch };
	int call = call_index(e->number, e->arch);
	bool own = false;

	memcpy(data.args, e->arguments, sizeof(data.args));
	if (!policy_refuses(filter, &data, e->errnum)) {
		own = is_own(c, call) && (e->errnum == EPERM || e->errnum == ENOSYS);
		if (!own && !(is_left_out(filter, call) && e->errnum == EPERM))
			return false;
	}
	*ret = (struct violation){
		.policy = c->policy->policy,
		.outcome = OUTCOME_REFUSED,
		.pid = (pid_t)e->tgid,
		.parent = (pid_t)e->ppid,
		.time_ns = realtime_of_monotonic(e->time_ns),
	};
	call_violation(ret, &data, object);
	ret->object = text_str(object);
	ret->object_len = (uint32_t)object->len;
	if (own) {
		ret->outcome = OUTCOME_OVERBLOCKED;
		ret->decision.depends = true;
	}
	return own || ret->outcome == OUTCOME_OVERBLOCKED || ret->decision.reported;
}

bool seccomp_refusal_is_possible(
	const struct container *c, const struct node_filter *filter, uint32_t number, uint32_t arch)
{
	int call = call_index(number, arch);
	struct request q = { .operation = OP_SYSCALL, .number = (int)number };
	struct decision d;

	if (is_own(c, call) || is_left_out(filter, call))
		return true;
	if (filter->policy->audit)
		return false;
	if (!seccomp_abi(arch, number, &q.abi))
		return true;
	d = decide_syscall_union(filter->policy, &q);
	return d.depends || (d.verdict != VERDICT_ALLOW && d.reported);
}
