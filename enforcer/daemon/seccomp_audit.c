/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/seccomp_audit.h"

#include "compiler/seccomp_answer.h"
#include "enforcer/call_violation.h"

#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

/* The text behind " NAME=", or NULL. Values that could hold a blank are quoted or hexadecimal. */
static const char *field(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *s = strstr(text, name); s; s = strstr(s + 1, name)) {
		if ((s == text || s[-1] == ' ') && s[n] == '=')
			return s + n + 1;
	}
	return NULL;
}

static bool number(const char *text, const char *name, int base, uint64_t *ret)
{
	const char *s = field(text, name);
	char *end;

	if (!s)
		return false;
	*ret = strtoull(s, &end, base);
	return end != s;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* audit_log_untrustedstring(): quoted, or in hexadecimal when a quote or control is in it. */
static void path(const char *text, char *ret, size_t size)
{
	const char *s = field(text, "exe");
	size_t n = 0;

	if (s && *s == '"') {
		n = strcspn(s + 1, "\"");
		n = n < size ? n : size - 1;
		memcpy(ret, s + 1, n);
	} else {
		for (; s && digit(s[0]) >= 0 && digit(s[1]) >= 0 && n < size - 1; s += 2)
			ret[n++] = (char)(digit(s[0]) << 4 | digit(s[1]));
	}
	ret[n] = 0;
}

bool seccomp_record_parse(const struct audit_record *r, struct seccomp_record *ret)
{
	uint64_t pid, uid, arch, call, code;

	if (r->type != AUDIT_RECORD_SECCOMP || !number(r->text, "pid", 10, &pid) ||
		!number(r->text, "uid", 10, &uid) || !number(r->text, "arch", 16, &arch) ||
		!number(r->text, "syscall", 10, &call) || !number(r->text, "code", 16, &code))
		return false;
	*ret = (struct seccomp_record){
		.pid = (pid_t)pid,
		.uid = (uint32_t)uid,
		.arch = (uint32_t)arch,
		.number = (int64_t)call,
		.action = (uint32_t)code,
	};
	path(r->text, ret->executable, sizeof(ret->executable));
	return true;
}

static bool outcome_of(uint32_t action, enum outcome *ret)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
		*ret = OUTCOME_KILLED;
		return true;
	case SECCOMP_RET_LOG:
		*ret = OUTCOME_AUDITED;
		return true;
	case SECCOMP_RET_ERRNO:
	case SECCOMP_RET_TRAP:
		*ret = OUTCOME_REFUSED;
		return true;
	default:
		return false;
	}
}

/*
 * A call that is allowed whatever its arguments was logged: then by a rule with audit that compares
 * them. Where several do, the record does not tell which.
 */
static void name_audit_rule(struct violation *v)
{
	const struct rule *found = NULL;

	for (uint32_t i = 0; i < v->policy->n_domains; i++) {
		const struct call_matches *calls = &v->policy->domains[i]->by_call[v->syscall];

		for (uint32_t k = 0; k < calls->n; k++) {
			const struct rule *rule = calls->v[k].rule;

			if (rule->effect != EFFECT_AUDIT || rule == found)
				continue;
			if (found) {
				v->decision.depends = true;
				return;
			}
			found = rule;
			v->decision.rule = rule;
			v->decision.reported = true;
		}
	}
}

bool seccomp_record_violation(const struct seccomp_record *r, const struct policy *p,
	uint64_t time_ns, struct violation *ret)
{
	struct request q = { .operation = OP_SYSCALL, .number = r->number };

	*ret = (struct violation){
		.policy = p,
		.mechanism = MECHANISM_SECCOMP,
		.operation = OP_SYSCALL,
		.pid = r->pid,
		.executable = r->executable,
		.syscall = -1,
		.syscall_number = r->number,
		.time_ns = time_ns,
	};
	if (!outcome_of(r->action, &ret->outcome))
		return false;
	if (seccomp_abi(r->arch, (uint32_t)r->number, &ret->abi))
		ret->syscall = vocab_syscall_by_number(ret->abi, (int)r->number);
	ret->object = ret->syscall >= 0 ? vocab_syscalls[ret->syscall].name : "";
	ret->object_len = (uint32_t)strlen(ret->object);
	q.abi = ret->abi;
	ret->decision = decide_syscall_union(p, &q);
	/* With some arguments it is allowed, with others not: these were others. */
	if (ret->decision.depends) {
		struct request denied = q;

		denied.has_arguments = true;
		memcpy(denied.arguments, ret->decision.denied_witness, sizeof(denied.arguments));
		ret->decision = decide_syscall_union(p, &denied);
		ret->decision.depends = true;
	}
	if (ret->outcome == OUTCOME_AUDITED && ret->decision.verdict == VERDICT_ALLOW &&
		!ret->decision.reported && ret->syscall >= 0)
		name_audit_rule(ret);
	ret->domain = ret->decision.rule ? ret->decision.rule->domain : 0;
	if (ret->decision.verdict == VERDICT_ALLOW && ret->outcome != OUTCOME_AUDITED)
		ret->outcome = OUTCOME_OVERBLOCKED;
	return !call_violation_is_quiet(ret);
}
