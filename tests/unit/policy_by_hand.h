/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_POLICY_BY_HAND_H
#define PALE_TESTS_POLICY_BY_HAND_H

/* Policies made of syscall rules, without a front end. */

#include "compiler/call_index.h"
#include "compiler/decide.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static inline struct domain *hand_domain(struct policy *p, const char *name)
{
	struct domain *d = arena_alloc(p->arena, sizeof(*d));

	d->index = p->n_domains;
	d->name = name;
	d->parent = d->index ? 0 : -1;
	for (int op = 0; op < OP_COUNT; op++) {
		struct rule *r = arena_alloc(p->arena, sizeof(*r));

		r->index = p->n_rules;
		r->domain = d->index;
		r->effect = EFFECT_DENY;
		r->is_default = true;
		r->operations = OP_BIT(op);
		r->transition = -1;
		r->text = "default";
		d->defaults[op] = r;
		ARENA_PUSH(p->arena, p->rules, p->n_rules, p->cap_rules, r);
	}
	ARENA_PUSH(p->arena, p->domains, p->n_domains, p->cap_domains, d);
	return d;
}

static inline struct policy *hand_policy(struct arena *a, uint32_t abis)
{
	struct policy *p = arena_alloc(a, sizeof(*p));

	p->arena = a;
	p->name = "hand";
	p->abis = abis;
	hand_domain(p, "hand");
	return p;
}

static inline struct rule *hand_rule(
	struct policy *p, uint32_t domain, enum effect effect, enum operation op)
{
	struct rule *r = arena_alloc(p->arena, sizeof(*r));

	r->index = p->n_rules;
	r->domain = domain;
	r->effect = effect;
	r->operations = OP_BIT(op);
	r->transition = -1;
	r->text = "rule";
	ARENA_PUSH(p->arena, p->rules, p->n_rules, p->cap_rules, r);
	return r;
}

static inline struct syscall_match *hand_match(
	struct policy *p, struct syscall_matches *list, int syscall)
{
	struct syscall_match m = { .syscall = syscall };

	assert(syscall >= 0);
	ARENA_PUSH(p->arena, list->v, list->n, list->cap, m);
	return &list->v[list->n - 1];
}

static inline struct syscall_match *hand_call(struct policy *p, struct rule *r, const char *name)
{
	return hand_match(p, &r->calls, vocab_syscall_find(name));
}

static inline uint64_t hand_cut(const struct vocab_argument *a, uint64_t v)
{
	uint64_t all = a->width >= 64 ? UINT64_MAX : ((uint64_t)1 << a->width) - 1;

	v &= all;
	return a->is_signed && v & (all ^ all >> 1) ? v | ~all : v;
}

static inline int hand_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* @mask counts for TEST_MASK only. */
static inline void hand_test_values(struct policy *p, struct syscall_match *m,
	const struct vocab_argument *argument, enum test_kind kind, bool negated, uint64_t mask,
	const uint64_t *values, uint32_t n)
{
	struct syscall_test t = { .argument = argument, .kind = kind, .negated = negated };

	assert(argument);
	t.values = arena_array(p->arena, n, sizeof(*t.values));
	for (uint32_t i = 0; i < n; i++)
		t.values[i] = hand_cut(argument, values[i]);
	if (kind == TEST_MASK) {
		t.mask = argument->width >= 64 ? mask
					       : mask & (((uint64_t)1 << argument->width) - 1);
		t.values[0] = values[0] & t.mask;
	}
	if (kind == TEST_IN) {
		uint32_t kept = 0;

		qsort(t.values, n, sizeof(*t.values), hand_compare);
		for (uint32_t i = 0; i < n; i++) {
			if (kept == 0 || t.values[kept - 1] != t.values[i])
				t.values[kept++] = t.values[i];
		}
		n = kept;
	}
	t.n_values = n;
	ARENA_PUSH(p->arena, m->tests, m->n_tests, m->cap_tests, t);
}

static inline void hand_test(struct policy *p, struct syscall_match *m, const char *argument,
	enum test_kind kind, bool negated, uint64_t mask, uint32_t n, ...)
{
	uint64_t *values = arena_array(p->arena, n, sizeof(*values));
	va_list args;

	va_start(args, n);
	for (uint32_t i = 0; i < n; i++)
		values[i] = va_arg(args, uint64_t);
	va_end(args);
	hand_test_values(
		p, m, vocab_argument_find(m->syscall, argument), kind, negated, mask, values, n);
}

/* Puts each domain's rules in order of precedence. */
static inline void hand_finish(struct policy *p)
{
	for (uint32_t i = 0; i < p->n_domains; i++) {
		struct domain *d = p->domains[i];

		for (int op = 0; op < OP_COUNT; op++) {
			struct rule **v = arena_array(p->arena, p->n_rules, sizeof(*v));
			uint32_t n = 0;

			for (uint32_t k = 0; k < p->n_rules; k++) {
				struct rule *r = p->rules[k];
				uint32_t at = n;

				if (r->domain != i || !(r->operations & OP_BIT(op)))
					continue;
				for (; at > 0 && rule_before(r, v[at - 1], (enum operation)op);
					at--)
					v[at] = v[at - 1];
				v[at] = r;
				n++;
			}
			d->by_operation[op] = v;
			d->n_by_operation[op] = n;
		}
	}
	call_index_build(p);
}

#endif
