/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/cbpf.h"
#include "compiler/cbpf_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"

#define N(v) ((uint32_t)(sizeof(v) / sizeof(*(v))))

static const struct cbpf_word number = { CBPF_NUMBER, UINT32_MAX };

static void refused(const struct sock_filter *v, uint32_t n, uint32_t where, const char *because)
{
	const char *why = NULL;
	uint32_t at = UINT32_MAX;

	assert_false(cbpf_check(v, n, &why, &at));
	assert_int_equal(at, where);
	assert_non_null(strstr(why, because));
}

static void the_kernel_s_checks(void **state)
{
	static const struct sock_filter ret = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_filter v[3] = { ret, ret, ret };
	struct sock_filter many[BPF_MAXINSNS + 1];
	const char *why;
	uint32_t at;

	(void)state;
	assert_true(cbpf_check(v, 3, &why, &at));
	refused(v, 0, 0, "length");
	for (uint32_t i = 0; i < N(many); i++)
		many[i] = ret;
	assert_true(cbpf_check(many, BPF_MAXINSNS, &why, &at));
	refused(many, BPF_MAXINSNS + 1, 0, "length");
	v[1] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2);
	refused(v, 3, 1, "unaligned");
	v[1].k = sizeof(struct seccomp_data);
	refused(v, 3, 1, "outside");
	v[1].k = sizeof(struct seccomp_data) - 4;
	assert_true(cbpf_check(v, 3, &why, &at));
	v[1].code = BPF_LD | BPF_H | BPF_ABS;
	refused(v, 3, 1, "no such instruction");
	v[1].code = BPF_LD | BPF_W | BPF_IND;
	refused(v, 3, 1, "no such instruction");
	v[1] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0);
	refused(v, 3, 1, "division");
	v[1] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 2);
	refused(v, 3, 1, "no such instruction");
	v[1] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32);
	refused(v, 3, 1, "shift");
	v[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1);
	refused(v, 3, 1, "jump");
	v[1] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, UINT32_MAX);
	refused(v, 3, 1, "jump");
	v[1] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_MEM, 3);
	refused(v, 3, 1, "stored");
	v[0] = (struct sock_filter)BPF_STMT(BPF_ST, 3);
	assert_true(cbpf_check(v, 3, &why, &at));
	v[2] = (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0);
	refused(v, 3, 2, "return");
}

static void runs_every_kind_of_instruction(void **state)
{
	static const struct sock_filter v[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, CBPF_ARGUMENT_HI(1)),
		BPF_STMT(BPF_ST, 5),
		BPF_STMT(BPF_LDX | BPF_IMM, 4),
		BPF_STMT(BPF_ALU | BPF_LSH | BPF_X, 0),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_MEM, 5),
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_X, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 1),
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, 0x100),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct seccomp_data data = { .args = { 0, (uint64_t)3 << 32 } };
	uint32_t executed;

	(void)state;
	/* 3 + 0x30 is above 0x30 */
	assert_int_equal(cbpf_run(v, N(v), &data, &executed), 1);
	assert_int_equal(executed, 9);
	data.args[1] = 7;
	assert_int_equal(cbpf_run(v, N(v), &data, &executed), 0x100);
	assert_int_equal(executed, 10);
}

static void prints(void **state)
{
	static const struct sock_filter v[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, CBPF_ARCH),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc000003e, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, CBPF_ARGUMENT_HI(2)),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),
		BPF_STMT(BPF_JMP | BPF_JA, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 38),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	_cleanup_(text_release) struct text t = TEXT_INIT;

	(void)state;
	cbpf_print(v, N(v), &t);
	assert_string_equal(text_str(&t), "   0  ld [arch]\n"
					  "   1  jeq 0xc000003e, 2, 5\n"
					  "   2  ld [args[2].hi]\n"
					  "   3  and 0xf\n"
					  "   4  ja 5\n"
					  "   5  ret ERRNO(38)\n"
					  "   6  ret ALLOW\n");
}

static uint32_t run_number(const struct sock_filter *v, uint32_t n, uint32_t nr)
{
	struct seccomp_data data = { .nr = (int)nr };

	return cbpf_run(v, n, &data, NULL);
}

static void single_values_cost_one_comparison(void **state)
{
	struct arena *a = arena_new();
	struct cbpf_graph *g = cbpf_graph_new(a);
	cbpf_node yes = cbpf_return(g, 1), no = cbpf_return(g, 2);
	const struct cbpf_interval v[] = { { 0, no, 1 }, { 5, yes, 0 }, { 6, no, 1 }, { 9, yes, 0 },
		{ 10, no, 1 }, { 100, yes, 40 } };
	struct sock_filter *code;
	uint32_t n;
	const char *why;
	uint32_t at;

	(void)state;
	assert_true(cbpf_assemble(g, cbpf_switch(g, number, v, N(v)), &code, &n));
	/* ld, jge 100, jeq 5, jeq 9 and two returns */
	assert_int_equal(n, 6);
	assert_true(cbpf_check(code, n, &why, &at));
	for (uint32_t nr = 0; nr < 120; nr++)
		assert_int_equal(run_number(code, n, nr), nr == 5 || nr == 9 || nr >= 100 ? 1 : 2);
	assert_int_equal(run_number(code, n, UINT32_MAX), 1);
	arena_free(a);
}

static uint32_t executed(const struct sock_filter *v, uint32_t n, uint32_t nr)
{
	struct seccomp_data data = { .nr = (int)nr };
	uint32_t ret;

	cbpf_run(v, n, &data, &ret);
	return ret;
}

static void what_weighs_most_is_decided_first(void **state)
{
	struct arena *a = arena_new();
	struct cbpf_graph *g = cbpf_graph_new(a);
	struct cbpf_interval v[100];
	struct sock_filter *code;
	uint32_t n;

	(void)state;
	for (uint32_t i = 0; i < N(v); i++)
		v[i] = (struct cbpf_interval){ 10 * i, cbpf_return(g, i % 3), 10 };
	v[41].start = v[42].start - 1;
	v[41].weight = 100000;
	assert_true(cbpf_assemble(g, cbpf_switch(g, number, v, N(v)), &code, &n));
	assert_int_equal(executed(code, n, v[41].start), 3); /* ld, jeq, ret */
	/* A run of values needs both its edges. */
	v[41].start = 410;
	assert_true(cbpf_assemble(g, cbpf_switch(g, number, v, N(v)), &code, &n));
	assert_int_equal(executed(code, n, v[41].start), 4);
	arena_free(a);
}

/* Not deeper than a balanced tree by much where nothing is known of weights. */
static void random_switches(void **state)
{
	struct cbpf_interval v[700];
	uint32_t to[N(v)];

	(void)state;
	random_seed(1);
	for (int round = 0; round < 400; round++) {
		struct arena *a = arena_new();
		struct cbpf_graph *g = cbpf_graph_new(a);
		uint32_t n_v = 1 + random_below(round % 20 ? 60 : N(v)), depth = 0;
		uint32_t wide = 1 + random_below(4), at = 0, n, where;
		bool weighted = random_below(2);
		struct sock_filter *code;
		const char *why;

		for (uint32_t i = 0; i < n_v; i++) {
			to[i] = random_below(4);
			v[i] = (struct cbpf_interval){ at, cbpf_return(g, to[i]), 1 };
			if (weighted)
				v[i].weight = random_below(1000) * random_below(1000);
			at += 1 + random_below(wide);
		}
		assert_true(cbpf_assemble(g, cbpf_switch(g, number, v, n_v), &code, &n));
		assert_true(cbpf_check(code, n, &why, &where));
		for (uint32_t i = 0; i < n_v; i++) {
			uint32_t last = i + 1 < n_v ? v[i + 1].start - 1 : UINT32_MAX;

			assert_int_equal(run_number(code, n, v[i].start), to[i]);
			assert_int_equal(run_number(code, n, last), to[i]);
			if (executed(code, n, last) > depth)
				depth = executed(code, n, last);
		}
		if (!weighted)
			assert_true(depth <= 14);
		arena_free(a);
	}
}

/* More than 255 instructions between a test and where it leads. */
static void far_jumps(void **state)
{
	struct arena *a = arena_new();
	struct cbpf_graph *g = cbpf_graph_new(a);
	struct cbpf_interval v[1500];
	struct sock_filter *code;
	uint32_t n, at;
	const char *why;

	(void)state;
	/* Each a section of its own that reads an argument; all share their last parts. */
	for (uint32_t i = 0; i < N(v); i++) {
		struct cbpf_word word = { CBPF_ARGUMENT_LO(i % 6), UINT32_MAX };

		v[i].start = i;
		v[i].weight = 1;
		v[i].to = cbpf_test(g, word, BPF_JEQ, i, cbpf_return(g, 1 + i % 7),
			cbpf_return(g, 100 + i % 3));
	}
	assert_true(cbpf_assemble(g, cbpf_switch(g, number, v, 900), &code, &n));
	assert_true(cbpf_check(code, n, &why, &at));
	assert_true(n > 2000);
	for (uint32_t i = 0; i < 900; i++) {
		struct seccomp_data data = { .nr = (int)i };

		assert_int_equal(cbpf_run(code, n, &data, NULL), i ? 100 + i % 3 : 1);
		data.args[i % 6] = i;
		assert_int_equal(cbpf_run(code, n, &data, NULL), 1 + i % 7);
	}
	assert_false(cbpf_assemble(g, cbpf_switch(g, number, v, N(v)), &code, &n));
	arena_free(a);
}

static void masks_are_one_test_where_they_can_be(void **state)
{
	struct arena *a = arena_new();
	struct cbpf_graph *g = cbpf_graph_new(a);
	cbpf_node yes = cbpf_return(g, 1), no = cbpf_return(g, 2);
	static const struct {
		uint32_t mask, value, n;
	} cases[] = { { 0xf0, 0, 4 }, { 0x10, 0x10, 4 }, { 0xf0, 0x30, 5 }, { UINT32_MAX, 9, 4 } };

	(void)state;
	for (uint32_t i = 0; i < N(cases); i++) {
		struct sock_filter *code;
		uint32_t n;

		assert_true(cbpf_assemble(g,
			cbpf_test_mask(g, CBPF_NUMBER, cases[i].mask, cases[i].value, yes, no),
			&code, &n));
		assert_int_equal(n, cases[i].n);
		for (uint32_t nr = 0; nr < 512; nr++)
			assert_int_equal(run_number(code, n, nr),
				(nr & cases[i].mask) == cases[i].value ? 1 : 2);
	}
	assert_int_equal(cbpf_test_mask(g, CBPF_NUMBER, 0, 0, yes, no), yes);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_s_checks),
		cmocka_unit_test(runs_every_kind_of_instruction),
		cmocka_unit_test(prints),
		cmocka_unit_test(single_values_cost_one_comparison),
		cmocka_unit_test(what_weighs_most_is_decided_first),
		cmocka_unit_test(random_switches),
		cmocka_unit_test(far_jumps),
		cmocka_unit_test(masks_are_one_test_where_they_can_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
