/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/call_index.h"

static void index_domain(struct policy *p, struct domain *d)
{
	uint32_t *n = arena_array(p->arena, vocab_n_syscalls, sizeof(*n)), total = 0;
	struct call_match *all;

	for (uint32_t i = 0; i < d->n_by_operation[OP_SYSCALL]; i++) {
		const struct syscall_matches *calls = &d->by_operation[OP_SYSCALL][i]->calls;

		for (uint32_t k = 0; k < calls->n; k++)
			n[calls->v[k].syscall]++;
		total += calls->n;
	}
	all = arena_array(p->arena, total, sizeof(*all));
	d->by_call = arena_array(p->arena, vocab_n_syscalls, sizeof(*d->by_call));
	for (uint32_t i = 0; i < vocab_n_syscalls; i++) {
		d->by_call[i].v = all;
		all += n[i];
	}
	for (uint32_t i = 0; i < d->n_by_operation[OP_SYSCALL]; i++) {
		const struct rule *rule = d->by_operation[OP_SYSCALL][i];

		for (uint32_t k = 0; k < rule->calls.n; k++) {
			struct call_matches *to = &d->by_call[rule->calls.v[k].syscall];

			to->v[to->n++] = (struct call_match){ rule, &rule->calls.v[k] };
		}
	}
}

void call_index_build(struct policy *p)
{
	for (uint32_t i = 0; i < p->n_domains; i++)
		index_domain(p, p->domains[i]);
}
