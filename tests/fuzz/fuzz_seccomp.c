/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Syscall rules from the input, as many kinds of them as the language has; their filter has to be
 * proved, and to answer as decide() in every cell of arguments, and for arguments from the input.
 */
#include "compiler/cbpf.h"
#include "compiler/cells.h"
#include "compiler/verify_seccomp.h"

#include "tests/unit/filter_against_decide.h"
#include "tests/unit/policy_by_hand.h"

#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at;
	size_t left;
};

static void must(int holds)
{
	if (!holds)
		abort();
}

/* Below @n; 0 from an empty input. */
static uint32_t choose(struct input *in, uint32_t n)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++ % n;
}

static uint64_t value(struct input *in)
{
	uint64_t v = 0;

	/* Few bits set, or few clear, or a small number: what comparisons are made of. */
	switch (choose(in, 4)) {
	case 0:
		return choose(in, 64);
	case 1:
		v = (uint64_t)1 << choose(in, 64);
		return v | (uint64_t)1 << choose(in, 64);
	case 2:
		return ~(uint64_t)choose(in, 64);
	default:
		for (int i = 0; i < 8; i++)
			v = v << 8 | choose(in, 256);
		return v;
	}
}

static void add_test(struct policy *p, struct input *in, struct syscall_match *m)
{
	const struct vocab_syscall *s = &vocab_syscalls[m->syscall];
	const struct vocab_argument *a = &s->arguments[choose(in, s->n_arguments)];
	enum test_kind kind = choose(in, 3);
	bool negated = choose(in, 2);
	uint64_t v[4], mask = kind == TEST_MASK ? value(in) : 0;
	uint32_t n = kind == TEST_RANGE ? 2 : kind == TEST_MASK ? 1 : 1 + choose(in, 4);

	if (a->is_pointer)
		return;
	for (uint32_t i = 0; i < n; i++)
		v[i] = hand_cut(a, value(in));
	if (kind == TEST_RANGE && (a->is_signed ? (int64_t)v[0] > (int64_t)v[1] : v[0] > v[1])) {
		uint64_t swap = v[0];

		v[0] = v[1];
		v[1] = swap;
	}
	hand_test_values(p, m, a, kind, negated, mask, v, n);
}

static void add_rule(struct policy *p, struct input *in)
{
	static const enum effect effects[] = { EFFECT_ALLOW, EFFECT_AUDIT, EFFECT_DENY,
		EFFECT_KILL };
	struct rule *r = hand_rule(p, choose(in, p->n_domains), effects[choose(in, 4)], OP_SYSCALL);
	uint32_t n_calls = 1 + choose(in, 6);

	r->quiet = r->effect == EFFECT_DENY && choose(in, 2);
	r->errnum = r->effect == EFFECT_DENY && choose(in, 2) ? ENOENT : 0;
	for (uint32_t i = 0; i < n_calls; i++) {
		int call = (int)((choose(in, 256) << 8 | choose(in, 256)) % vocab_n_syscalls);
		struct syscall_match *m =
			hand_match(p, choose(in, 4) ? &r->calls : &r->except_calls, call);

		for (uint32_t n = choose(in, 3); n > 0 && vocab_syscalls[call].n_arguments; n--)
			add_test(p, in, m);
	}
}

struct comparison {
	const struct policy *p;
	const struct seccomp_program *program;
	enum abi abi;
	int number;
};

static bool compare(void *ctx, const uint64_t arguments[6])
{
	const struct comparison *c = ctx;

	must(filter_agrees(c->p, c->program, c->abi, c->number, arguments));
	return true;
}

static void ask_all(struct input *in, const struct policy *p, const struct seccomp_program *program)
{
	uint64_t arguments[6];

	for (int i = 0; i < 6; i++)
		arguments[i] = value(in);
	for (uint32_t call = 0; call < vocab_n_syscalls; call++) {
		for (uint32_t abis = p->abis; abis; abis &= abis - 1) {
			struct comparison c = { p, program, (enum abi)__builtin_ctz(abis), 0 };

			c.number = vocab_syscalls[call].number[c.abi];
			if (c.number < 0)
				continue;
			cells_walk(p, c.abi, (int)call, true, compare, &c);
			compare(&c, arguments);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t abis[] = { 1u << ABI_X86_64,
		1u << ABI_X86_64 | 1u << ABI_X86 | 1u << ABI_X32, 1u << ABI_AARCH64 | 1u << ABI_ARM,
		1u << ABI_X32 };
	static const struct seccomp_options alone;
	struct input in = { data, size };
	struct arena *a = arena_new();
	struct policy *p = hand_policy(a, abis[choose(&in, 4)]);
	struct seccomp_program *program;
	struct weights weights = { 0 };
	const char *why = NULL;

	if (choose(&in, 3) == 0)
		hand_domain(p, "hand/sub");
	if (choose(&in, 4) == 0)
		p->domains[0]->defaults[OP_SYSCALL]->effect = EFFECT_KILL;
	if (choose(&in, 2)) {
		weights.counts = arena_array(a, vocab_n_syscalls, sizeof(*weights.counts));
		for (int i = 0; i < 8; i++) {
			uint32_t call =
				(choose(&in, 256) << 8 | choose(&in, 256)) % vocab_n_syscalls;
			uint64_t count = (uint64_t)1 << choose(&in, 60);

			weights.counts[call] += count;
			weights.total += count;
		}
	}
	for (uint32_t n = 1 + choose(&in, 6); n > 0; n--)
		add_rule(p, &in);
	hand_finish(p);
	program = emit_seccomp(a, p, &alone, weights.counts ? &weights : NULL, &why);
	must(program || why);
	if (program) {
		why = verify_seccomp(a, p, &alone, program);
		must(!why || strstr(why, "too many conditions for a proof"));
		ask_all(&in, p, program);
	}
	arena_free(a);
	return 0;
}
