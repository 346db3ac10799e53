/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/cells.h"
#include "compiler/diff_internal.h"

#include <errno.h>
#include <string.h>

struct call {
	const struct comparison *c;
	enum abi abi;
	uint32_t syscall;
	struct cells cells;
	bool any_same; /* for some arguments both answer alike */
};

static struct request request_of(const struct call *call, const uint64_t arguments[6])
{
	struct request r = { .operation = OP_SYSCALL,
		.abi = call->abi,
		.number = vocab_syscalls[call->syscall].number[call->abi],
		.has_arguments = true };

	memcpy(r.arguments, arguments, sizeof(r.arguments));
	return r;
}

static bool differs(const struct call *call, const struct request *r, struct decision *ret_old,
	struct decision *ret_new)
{
	const struct comparison *c = call->c;

	*ret_old = decide(c->diff->before, c->before, r);
	*ret_new = decide(c->diff->after, c->after, r);
	return (ret_old->verdict == VERDICT_ALLOW) != (ret_new->verdict == VERDICT_ALLOW);
}

/* Every argument that either policy looks at, as a question has them. */
static const char *arguments_text(const struct call *call, const uint64_t arguments[6])
{
	const struct vocab_syscall *s = &vocab_syscalls[call->syscall];
	struct text t = TEXT_INIT;
	const char *out;

	for (uint32_t i = 0; i < call->cells.n_arguments; i++) {
		for (uint8_t k = 0; k < s->n_arguments; k++) {
			const struct vocab_argument *a = &s->arguments[k];

			if (a->index[call->abi] == call->cells.arguments[i].index)
				text_printf(&t, " %s=0x%llx", a->name,
					(unsigned long long)vocab_argument_value(
						a, call->abi, arguments));
		}
	}
	out = arena_strdup(call->c->diff->arena, text_str(&t));
	text_release(&t);
	return out;
}

static void add_call(const struct call *call, const struct request *r, const struct decision *old,
	const struct decision *new)
{
	const struct comparison *c = call->c;
	struct arena *a = c->diff->arena;
	const char *name = vocab_syscalls[call->syscall].name;
	struct difference like = {
		.direction = new->verdict == VERDICT_ALLOW ? DIFF_ALLOWED : DIFF_REFUSED,
		.operation = OP_SYSCALL,
		.old_domain = (int32_t)c->before,
		.new_domain = (int32_t)c->after,
		.old_rule = old->rule,
		.new_rule = new->rule,
		.abi = call->abi,
	};
	struct difference *d;

	like.object = call->any_same
			      ? arena_printf(a, "%s%s", name, arguments_text(call, r->arguments))
			      : name;
	like.object_len = (uint32_t)strlen(like.object);
	d = diff_add(c->diff, &like);
	if (call->any_same)
		name = arena_printf(a, "%s(…)", name);
	if (!d->n_calls || strcmp(d->calls[d->n_calls - 1], name) != 0)
		ARENA_PUSH(a, d->calls, d->n_calls, d->cap_calls, name);
}

/* Of one call: first whether it differs for some arguments only, then for which. */
static int compare_call(struct call *call, const struct syscall_test *tests, uint32_t n_tests,
	struct arena *scratch, struct pale_err **err)
{
	const struct policy *after = call->c->diff->after;
	struct decision old, new;

	if (!cells_new(scratch, after, call->abi, (int)call->syscall, tests, n_tests, &call->cells))
		return pale_err_plain(err, E2BIG,
			"the conditions on '%s' in both policies have more than %d different "
			"outcomes",
			vocab_syscalls[call->syscall].name, CELLS_MAX);
	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t cell = 0; cell < call->cells.n; cell++) {
			uint64_t arguments[6];
			struct request r;

			cells_witness(&call->cells, cell, arguments);
			r = request_of(call, arguments);
			if (differs(call, &r, &old, &new)) {
				if (pass)
					add_call(call, &r, &old, &new);
			} else {
				call->any_same = true;
			}
		}
	}
	return 0;
}

static void add_tests(struct arena *a, const struct syscall_match *m, struct syscall_test **tests,
	uint32_t *n, uint32_t *cap)
{
	for (uint32_t i = 0; i < m->n_tests; i++)
		ARENA_PUSH(a, *tests, *n, *cap, m->tests[i]);
}

/* Every test that a policy has on the call. */
static uint32_t tests_of(
	struct arena *a, const struct policy *p, uint32_t syscall, struct syscall_test **ret)
{
	uint32_t n = 0, cap = 0;

	for (uint32_t i = 0; i < p->n_domains; i++) {
		const struct call_matches *matches = &p->domains[i]->by_call[syscall];

		for (uint32_t k = 0; k < matches->n; k++) {
			const struct syscall_matches *except = &matches->v[k].rule->except_calls;

			add_tests(a, matches->v[k].match, ret, &n, &cap);
			for (uint32_t e = 0; e < except->n; e++) {
				if (except->v[e].syscall == (int)syscall)
					add_tests(a, &except->v[e], ret, &n, &cap);
			}
		}
	}
	return n;
}

int diff_calls(const struct comparison *c, struct pale_err **err)
{
	uint32_t abis = c->diff->before->abis | c->diff->after->abis;
	int r = 0;

	for (; abis && r >= 0; abis &= abis - 1) {
		for (uint32_t i = 0; i < vocab_n_syscalls && r >= 0; i++) {
			struct call call = {
				.c = c, .abi = (enum abi)__builtin_ctz(abis), .syscall = i
			};
			struct arena *scratch;
			struct syscall_test *tests = NULL;
			uint32_t n;

			if (vocab_syscalls[i].number[call.abi] < 0)
				continue;
			scratch = arena_new();
			n = tests_of(scratch, c->diff->before, i, &tests);
			r = compare_call(&call, tests, n, scratch, err);
			arena_free(scratch);
		}
	}
	return r;
}
