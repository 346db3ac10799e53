/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/cover_capabilities.h"

#include "compiler/decide.h"

static struct decision decide_capability(const struct policy *p, uint32_t domain, int capability)
{
	struct request r = { .operation = OP_CAPABILITY, .capability = capability };

	return decide(p, domain, &r);
}

uint64_t capabilities_kept(const struct policy *p)
{
	uint64_t kept = 0;

	for (int cap = 0; cap < VOCAB_N_CAPABILITIES; cap++)
		for (uint32_t i = 0; i < p->n_domains; i++)
			if (decide_capability(p, i, cap).verdict == VERDICT_ALLOW)
				kept |= (uint64_t)1 << cap;
	return kept;
}

bool policy_implies_no_new_privs(const struct policy *p)
{
	return !p->audit && !capabilities_kept(p) && p->n_domains == 1;
}

/* setns into one that is there already, if the process may open it: another's of the same user. */
static bool may_enter_user_namespaces(const struct policy *p)
{
	struct request make = { .operation = OP_USERNS };

	for (uint32_t i = 0; i < p->n_domains; i++) {
		if (decide(p, i, &make).verdict == VERDICT_ALLOW)
			return true;
		for (uint32_t rest = p->abis; rest; rest &= rest - 1) {
			enum abi abi = (enum abi)__builtin_ctz(rest);
			struct request join = { .operation = OP_SYSCALL,
				.abi = abi,
				.number = vocab_syscalls[vocab_syscall_find("setns")].number[abi] };
			struct decision d = decide(p, i, &join);

			if (d.verdict == VERDICT_ALLOW || d.depends)
				return true;
		}
	}
	return false;
}

void cover_capabilities(const struct policy *p, struct coverage *c)
{
	uint64_t kept = capabilities_kept(p);
	bool userns = may_enter_user_namespaces(p);

	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *rule = p->rules[i];
		const char *why = NULL;

		if (!(rule->operations & OP_BIT(OP_CAPABILITY)))
			continue;
		for (int cap = 0; cap < VOCAB_N_CAPABILITIES && !why; cap++) {
			struct decision d = decide_capability(p, rule->domain, cap);

			if (d.rule != rule)
				continue;
			if (d.verdict == VERDICT_ALLOW && d.reported)
				why = "its use is not reported";
			else if (d.verdict == VERDICT_ALLOW)
				continue;
			else if (kept & ((uint64_t)1 << cap))
				why = "another sub-profile may use it, and a process tree has one "
				      "bounding set";
			else if (userns)
				why = "inside a user namespace that it made or joined a process "
				      "has all of them";
			else if (d.verdict == VERDICT_KILL)
				why = "refuses, but does not kill the process";
		}
		coverage_set(c, rule, OP_CAPABILITY, MECHANISM_CAPABILITIES,
			why ? COVERAGE_WIDER : COVERAGE_EXACT, why);
	}
}
