/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole policy from the input, compiled and then asked: each operation on a path of every state
 * of its automaton, in every variant, and a few requests of every other kind. What must hold of any
 * answer is asserted.
 */
#include "compiler/compile.h"
#include "compiler/expect.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

static void judge(const struct policy *p, uint32_t domain, const struct request *r)
{
	struct decision d = decide(p, domain, r), again = decide(p, domain, r);

	must(d.rule && d.rule->domain == domain);
	must((d.rule->operations | d.rule->implied) >> r->operation & 1);
	must(d.rule == again.rule && d.verdict == again.verdict);
	must(d.verdict == VERDICT_ALLOW || d.errnum > 0);
	must(d.transition < 0 || (r->operation == OP_EXEC && d.verdict == VERDICT_ALLOW &&
					 (uint32_t)d.transition < p->n_domains));
	if (d.verdict == VERDICT_ALLOW && !d.depends)
		must(d.rule->effect == EFFECT_ALLOW || d.rule->effect == EFFECT_AUDIT);
}

struct walk {
	const struct policy *p;
	uint32_t domain;
};

static bool ask_path(void *ctx, uint32_t state, uint32_t accept, const char *witness, size_t len)
{
	struct walk *w = ctx;
	struct request r = {
		.path = witness, .path_len = (uint32_t)len, .protocol = PROTOCOL_UNIX
	};

	must(accept < w->p->n_rows);
	for (uint64_t rest = OPS_PATH; rest; rest &= rest - 1) {
		r.operation = (enum operation)__builtin_ctzll(rest);
		for (int c = 0; c < CLASS_COUNT; c++) {
			r.object_class = (enum object_class)c;
			r.owner = false;
			judge(w->p, w->domain, &r);
			r.owner = true;
			judge(w->p, w->domain, &r);
		}
	}
	return true;
}

static void ask_all(const struct policy *p, uint32_t domain)
{
	struct walk w = { .p = p, .domain = domain };
	struct arena *scratch = arena_new();
	struct request r = { 0 };

	dfa_walk(scratch, p->dfa, DFA_ENTRY_PATHS(domain), ask_path, &w);
	arena_free(scratch);
	for (int op = 0; op < OP_COUNT; op++) {
		if (op == OP_LIMIT || op == OP_SYSCALL)
			continue;
		r.operation = (enum operation)op;
		for (int i = 0; i < 5; i++) {
			r.protocol = i;
			r.signal = i + 1;
			r.capability = i * 10;
			r.socket_family = i * 8;
			r.family = i & 1 ? 4 : 6;
			judge(p, domain, &r);
		}
	}
	r.operation = OP_SYSCALL;
	for (uint32_t i = 0; i < vocab_n_syscalls; i++) {
		r.abi = vocab_abi_native();
		r.number = vocab_syscalls[i].number[r.abi];
		if (r.number >= 0)
			judge(p, domain, &r);
	}
}

static void ignore(void *ctx, const struct expectation *e)
{
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct compilation c;

	compile_bytes(&c, "fuzz.pale", data, size, NULL);
	if (!c.diags.n_errors) {
		expectations_run(&c, ignore, NULL);
		for (uint32_t i = 0; i < c.n_policies; i++) {
			for (uint32_t d = 0; d < c.policies[i]->n_domains; d++)
				ask_all(c.policies[i], d);
		}
	}
	compilation_release(&c);
	return 0;
}
