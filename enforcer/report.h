/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_REPORT_H
#define PALE_REPORT_H

/*
 * One observation of a mechanism, named by the policy: what happened, who did it, and the line that
 * decided it. Every mechanism's events end here, so that there is one human form and one JSON form.
 */

#include "compiler/base/error.h"
#include "compiler/coverage.h"
#include "compiler/decide.h"
#include "enforcer/report_time.h"

#include <jansson.h>
#include <stdio.h>
#include <sys/types.h>

struct violation {
	const struct policy *policy;
	uint32_t domain;
	enum mechanism mechanism; /* the one that saw it */
	enum operation operation;
	/*
	 * What it was done to, as a person would write it after the operation: "/etc/passwd",
	 * "tcp 10.0.0.1:443", "mount", "sys_admin". May hold any bytes; the writers escape.
	 */
	const char *object;
	uint32_t object_len;
	enum object_class object_class; /* exec and map */
	struct decision decision; /* decide()'s, or for BPF-LSM the rule that the kernel named */
	/*
	 * What really became of it: refused; or let pass, because the policy audits, or because the
	 * mechanism is wider here than the policy (then the report says so); or refused although
	 * the policy allows it, because the mechanism is narrower.
	 */
	enum outcome {
		OUTCOME_REFUSED,
		OUTCOME_KILLED,
		OUTCOME_AUDITED,
		OUTCOME_NOT_ENFORCED,
		OUTCOME_OVERBLOCKED
	} outcome;
	pid_t pid; /* as the reader's pid namespace has it */
	pid_t parent;
	const char *executable; /* "" when it could not be told */
	const char *parent_executable;
	const char *container; /* or NULL */
	/* The call that was stopped and its raw arguments, where a call was. */
	int syscall; /* index into vocab_syscalls, or -1 */
	enum abi abi;
	int64_t syscall_number;
	bool has_arguments;
	uint64_t arguments[6];
	uint64_t time_ns; /* CLOCK_REALTIME */
	uint64_t lost;	  /* events known to be lost before this one */
};

/*
 *	web.pale:22:9: denied: write /etc/passwd  (pid 411 /usr/sbin/web, container web-7f, bpf-lsm)
 *	   22 |         deny  write /etc/passwd
 * and, when a default decided, the nearest rule and the smallest rule that would allow it, as
 * hints.
 */
void report_print(const struct violation *v, FILE *to, bool colour);
/* One JSON object: profile, file, line, rule, rule_id, operation, object, verdict, outcome,
 * mechanism, pid, executable, parent … */
json_t *report_json(const struct violation *v);

/*
 * The smallest rule that would allow it: "allow read /etc/shadow", written so that it parses and
 * means that one object. The caller frees it.
 */
char *report_allowing_rule(const struct violation *v);

#endif
