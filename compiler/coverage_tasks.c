/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/coverage_tasks.h"

static const char *target_text(const struct policy *p, const struct task_case *t)
{
	switch (t->target) {
	case REQUEST_SELF:
		return "self";
	case REQUEST_DOMAIN:
		return p->domains[t->target_domain]->name;
	case REQUEST_OUTSIDE:
		return "processes outside";
	}
	__builtin_unreachable();
}

static void visit_case(
	const struct policy *p, enum operation op, struct task_case *t, task_visit visit, void *ctx)
{
	struct request r = {
		.operation = op,
		.signal = t->signal,
		.target = t->target,
		.target_domain = t->target_domain,
	};
	const char *name = t->signal ? vocab_signal_name(t->signal) : NULL;

	t->rule = decide(p, t->domain, &r).rule;
	if (op == OP_PTRACE)
		t->text = arena_printf(p->arena, "ptrace %s", target_text(p, t));
	else if (name)
		t->text = arena_printf(p->arena, "%s to %s", name, target_text(p, t));
	else
		t->text = arena_printf(p->arena, "signal %d to %s", t->signal, target_text(p, t));
	visit(ctx, t);
}

void task_cases(const struct policy *p, enum operation op, task_visit visit, void *ctx)
{
	const int first = op == OP_SIGNAL ? 1 : 0, last = op == OP_SIGNAL ? 64 : 0;
	struct task_case t;

	for (t.domain = 0; t.domain < p->n_domains; t.domain++) {
		for (t.signal = first; t.signal <= last; t.signal++) {
			t.target = REQUEST_OUTSIDE;
			t.target_domain = 0;
			visit_case(p, op, &t, visit, ctx);
			for (t.target_domain = 0; t.target_domain < p->n_domains;
				t.target_domain++) {
				t.target =
					t.target_domain == t.domain ? REQUEST_SELF : REQUEST_DOMAIN;
				visit_case(p, op, &t, visit, ctx);
			}
		}
	}
}
