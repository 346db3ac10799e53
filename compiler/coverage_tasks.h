/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_COVERAGE_TASKS_H
#define PALE_COVERAGE_TASKS_H

/* All that can be asked about signals and tracing: every domain, every signal, every target. */

#include "compiler/decide.h"

struct task_case {
	uint32_t domain;
	int signal; /* 0 for ptrace */
	enum request_target target;
	uint32_t target_domain;	 /* REQUEST_SELF: @domain again; REQUEST_DOMAIN: another one */
	const struct rule *rule; /* decides */
	const char *text;	 /* "TERM to others", static or in the policy's arena */
};

typedef void (*task_visit)(void *ctx, const struct task_case *t);

/* @op is OP_SIGNAL or OP_PTRACE. */
void task_cases(const struct policy *p, enum operation op, task_visit visit, void *ctx);

#endif
