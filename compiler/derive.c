/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The syscalls of a policy that names none: what every process needs, plus what the other rules do.
 * One derived rule for each need, so that a query can say why a call is in.
 */
#include "compiler/lower.h"

#include <stdlib.h>
#include <string.h>

static uint64_t cut(const struct vocab_argument *a, uint64_t v)
{
	uint64_t mask = a->width == 64 ? UINT64_MAX : ((uint64_t)1 << a->width) - 1;

	v &= mask;
	if (a->is_signed && a->width < 64 && v >> (a->width - 1) & 1)
		v |= ~mask;
	return v;
}

static int ascending(const void *x, const void *y)
{
	const uint64_t *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

static struct syscall_match match_of(struct lowering *l, const struct vocab_need *need)
{
	struct syscall_match m = { .syscall = need->syscall };

	for (uint32_t i = 0; i < need->n_conditions; i++) {
		const struct vocab_condition *c = &need->conditions[i];
		struct syscall_test t = { .argument = c->argument, .n_values = c->n_values };

		t.kind = c->comparison == NEED_MASK_EQ ? TEST_MASK : TEST_IN;
		t.mask = c->argument->width == 64
				 ? c->mask
				 : c->mask & (((uint64_t)1 << c->argument->width) - 1);
		t.values = arena_array(l->arena, c->n_values, sizeof(*t.values));
		for (uint32_t k = 0; k < c->n_values; k++)
			t.values[k] = t.kind == TEST_MASK ? c->values[k] & t.mask
							  : cut(c->argument, c->values[k]);
		qsort(t.values, t.n_values, sizeof(*t.values), ascending);
		ARENA_PUSH(l->arena, m.tests, m.n_tests, m.cap_tests, t);
	}
	return m;
}

struct wanted {
	uint64_t operations, capabilities, families;
	uint32_t protocols;
	uint32_t netlink; /* protocols of `netlink`; 0 with the family wanted: all */
	bool any_netlink;
};

static struct wanted wants(const struct policy *p, const struct domain *d)
{
	struct wanted w = { .operations = OP_BIT(OP_FORK) };

	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *r = p->rules[i];
		bool grants = r->effect == EFFECT_ALLOW || r->effect == EFFECT_AUDIT;

		if (r->domain != d->index)
			continue;
		if (r->operations & OP_BIT(OP_FORK) && !grants)
			w.operations &= ~OP_BIT(OP_FORK);
		if (!grants)
			continue;
		w.operations |= (r->operations | r->implied) & ~OP_BIT(OP_FORK);
		if (r->operations & OP_BIT(OP_CAPABILITY))
			w.capabilities |= r->capabilities;
		if (r->operations & OP_BIT(OP_SOCKET)) {
			w.families |= r->families;
			w.netlink |= r->netlink;
			if (r->families >> vocab_family_find("netlink") & 1 && !r->netlink)
				w.any_netlink = true;
		}
		if (r->operations & (OP_BIT(OP_CONNECT) | OP_BIT(OP_LISTEN)))
			w.protocols |= r->protocols;
	}
	return w;
}

/* netlink(ROUTE): socket(2)'s third argument is an int that the filter can compare. */
static void narrow_netlink(struct lowering *l, const struct wanted *w, struct syscall_match *m)
{
	const struct vocab_argument *protocol = vocab_argument_find(m->syscall, "protocol");
	struct syscall_test t = { .argument = protocol, .kind = TEST_IN };

	if (!protocol || w->any_netlink)
		return;
	t.values = arena_array(l->arena, 32, sizeof(*t.values));
	for (uint64_t i = 0; i < 32; i++) {
		if (w->netlink >> i & 1)
			t.values[t.n_values++] = i;
	}
	ARENA_PUSH(l->arena, m->tests, m->n_tests, m->cap_tests, t);
}

static bool is_wanted(const struct wanted *w, const struct vocab_need *need)
{
	switch (need->kind) {
	case NEED_ALWAYS:
		return true;
	case NEED_OPERATION:
		return w->operations >> need->which & 1;
	case NEED_CAPABILITY:
		return w->capabilities >> need->which & 1;
	case NEED_PROTOCOL:
		return w->protocols >> need->which & 1;
	case NEED_FAMILY:
		return w->families >> need->which & 1;
	}
	return false;
}

static const char *need_text(struct lowering *l, const struct vocab_need *need)
{
	switch (need->kind) {
	case NEED_ALWAYS:
		return "derived: what every process needs";
	case NEED_OPERATION:
		return arena_printf(
			l->arena, "derived: what '%s' needs", vocab_operations[need->which].name);
	case NEED_CAPABILITY:
		return arena_printf(l->arena, "derived: what capability '%s' needs",
			vocab_capability_name(need->which));
	case NEED_PROTOCOL:
		return arena_printf(
			l->arena, "derived: what '%s' needs", protocol_names[need->which]);
	case NEED_FAMILY:
		return arena_printf(l->arena, "derived: what socket family '%s' needs",
			vocab_families[need->which].name);
	}
	return "";
}

void derive_syscalls(struct lowering *l, struct domain *d)
{
	struct wanted w = wants(l->policy, d);
	struct rule *r = NULL;
	const struct vocab_need *last = NULL;

	for (uint32_t i = 0; i < vocab_n_needs; i++) {
		const struct vocab_need *need = &vocab_needs[i];
		struct syscall_match m;

		if (!is_wanted(&w, need))
			continue;
		m = match_of(l, need);
		if (need->kind == NEED_FAMILY && need->which == vocab_family_find("netlink") &&
			w.netlink)
			narrow_netlink(l, &w, &m);
		/* Rows of one need stand together in the table. */
		if (!r || last->kind != need->kind || last->which != need->which) {
			r = lower_new_rule(l, d);
			r->derived = true;
			r->effect = EFFECT_ALLOW;
			r->operations = OP_BIT(OP_SYSCALL);
			r->text = need_text(l, need);
			r->index = l->policy->n_rules;
			ARENA_PUSH(l->arena, r->lines, r->n_lines, r->cap_lines, d->line);
			r->lines[0].own = false;
			ARENA_PUSH(l->arena, l->policy->rules, l->policy->n_rules,
				l->policy->cap_rules, r);
		}
		last = need;
		ARENA_PUSH(l->arena, r->calls.v, r->calls.n, r->calls.cap, m);
	}
	for (uint32_t i = 0; i < l->policy->n_rules; i++) {
		if (l->policy->rules[i]->derived && l->policy->rules[i]->domain == d->index)
			rule_identify(l->policy, l->policy->rules[i]);
	}
}
