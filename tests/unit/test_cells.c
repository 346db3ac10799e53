/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/cells.h"

#include "policy_by_hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "random.h"

static uint32_t class_of(const struct cell_argument *x, uint64_t v)
{
	uint32_t interval = x->n_starts;
	uint64_t masks = 0;

	while (x->starts[interval - 1] > v)
		interval--;
	for (uint32_t k = 0; k < x->n_masks; k++)
		masks |= (uint64_t)((v & x->masks[k].mask) == x->masks[k].value) << k;
	for (uint32_t i = 0; i < x->n_classes; i++) {
		if (x->classes[i].interval == interval - 1 && x->classes[i].masks == masks)
			return i;
	}
	return UINT32_MAX;
}

/* At ten bits every value can be tried: each has its class, and each class its smallest value. */
static void every_value_has_its_class(void **state)
{
	(void)state;
	for (int round = 0; round < 300; round++) {
		struct arena *a = arena_new();
		struct cell_argument x = { .width = 10 };
		uint64_t smallest[1024];
		uint32_t n_cuts = random_number() % 4, n_masks = random_number() % 6;

		for (uint32_t i = 0; i < n_cuts; i++) {
			uint64_t p = random_number() & 1023, q = random_number() & 1023;

			cell_argument_cut(a, &x, p < q ? p : q, p < q ? q : p);
		}
		for (uint32_t i = 0; i < n_masks; i++) {
			uint64_t mask = random_number() & random_number() & 1023;

			cell_argument_mask(a, &x, mask, random_number() & mask);
		}
		assert_true(cell_argument_classes(a, &x));
		assert_true(x.n_classes <= 1024);
		for (uint32_t i = 0; i < x.n_classes; i++)
			smallest[i] = UINT64_MAX;
		for (uint64_t v = 1024; v-- > 0;) {
			uint32_t c = class_of(&x, v);

			assert_int_not_equal(c, UINT32_MAX);
			smallest[c] = v;
		}
		for (uint32_t i = 0; i < x.n_classes; i++) {
			assert_int_equal(smallest[i], x.classes[i].witness);
			if (i)
				assert_true(x.classes[i - 1].witness < x.classes[i].witness);
		}
		arena_free(a);
	}
}

static void too_many_masks_are_refused(void **state)
{
	struct arena *a = arena_new();
	struct cell_argument x = { .width = 64 };

	(void)state;
	for (int i = 0; i < 17; i++)
		cell_argument_mask(a, &x, (uint64_t)1 << 2 * i, 0);
	assert_false(cell_argument_classes(a, &x));
	arena_free(a);
}

struct seen {
	const struct policy *p;
	uint64_t first[64];
	uint32_t n;
};

static bool see(void *ctx, const uint64_t arguments[6])
{
	struct seen *s = ctx;

	assert_true(s->n < 64);
	s->first[s->n++] = arguments[1];
	return true;
}

static void walk_gives_one_witness_a_cell(void **state)
{
	struct arena *a = arena_new();
	struct policy *p = hand_policy(a, 1u << ABI_X86_64);
	struct rule *r = hand_rule(p, 0, EFFECT_ALLOW, OP_SYSCALL);
	struct seen s = { 0 };

	(void)state;
	hand_test(p, hand_call(p, r, "ioctl"), "cmd", TEST_IN, false, 0, 2, (uint64_t)0x5421,
		(uint64_t)0x5452);
	hand_finish(p);
	assert_true(cells_walk(p, ABI_X86_64, vocab_syscall_find("ioctl"), false, see, &s));
	assert_int_equal(s.n, 5);
	assert_int_equal(s.first[0], 0);
	assert_int_equal(s.first[1], 0x5421);
	assert_int_equal(s.first[2], 0x5422);
	assert_int_equal(s.first[3], 0x5452);
	assert_int_equal(s.first[4], 0x5453);
	s.n = 0;
	assert_true(cells_walk(p, ABI_X86_64, vocab_syscall_find("ioctl"), true, see, &s));
	assert_int_equal(s.n, 15);
	assert_int_equal(s.first[4], 0xffffffff00005421);
	s.n = 0;
	assert_true(cells_walk(p, ABI_X86_64, vocab_syscall_find("getpid"), false, see, &s));
	assert_int_equal(s.n, 1);
	arena_free(a);
}

/* Tests at width and sign: every random vector answers as the witness of its cell does. */
static void cells_answer_alike(void **state)
{
#define KIND(bits, sign)                                                                           \
	{                                                                                          \
		.name = "it", .index = { 2, 2, 2, 2, 2 }, .width = (bits), .x32_width = (bits),    \
		.is_signed = (sign)                                                                \
	}
	static const struct vocab_argument kinds[] = {
		KIND(32, true),
		KIND(32, false),
		KIND(64, true),
		KIND(64, false),
		KIND(16, false),
	};
	static const uint64_t near[] = { 0, 1, 2, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff,
		0x80000000, 0xffffffff, 0x100000000, INT64_MAX, (uint64_t)INT64_MIN, UINT64_MAX,
		UINT64_MAX - 1, (uint64_t)INT32_MIN };
	const size_t n_near = sizeof(near) / sizeof(*near);

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct arena *a = arena_new();
		struct policy *p = hand_policy(a, 1u << ABI_X86_64);
		struct rule *r = hand_rule(p, 0, EFFECT_ALLOW, OP_SYSCALL);
		const struct vocab_argument *kind = &kinds[random_number() % 5];
		enum abi abi = random_number() & 1 ? ABI_X86_64 : ABI_X86;
		uint32_t n_tests = 1 + random_number() % 4;
		struct cells c;

		for (uint32_t t = 0; t < n_tests; t++) {
			uint64_t v[2];
			enum test_kind test = random_number() % 3;
			uint64_t mask = near[random_number() % n_near] ^ random_number() >> 40;

			for (int i = 0; i < 2; i++)
				v[i] = hand_cut(
					kind, near[random_number() % n_near] + random_number() % 3);
			if (test == TEST_RANGE &&
				(kind->is_signed ? (int64_t)v[0] > (int64_t)v[1] : v[0] > v[1])) {
				uint64_t swap = v[0];

				v[0] = v[1];
				v[1] = swap;
			}
			hand_test_values(
				p, hand_match(p, &r->calls, 7), kind, test, false, mask, v, 2);
		}
		hand_finish(p);
		assert_true(cells_new(a, p, abi, 7, NULL, 0, &c));
		for (int i = 0; i < 200; i++) {
			uint64_t args[6] = { 0 }, witness[6];
			bool found = false;

			args[2] = near[random_number() % n_near] + random_number() % 5 - 2;
			if (random_number() % 2)
				args[2] ^= random_number() << 32;
			for (uint32_t cell = 0; cell < c.n && !found; cell++) {
				found = true;
				cells_witness(&c, cell, witness);
				for (uint32_t k = 0; k < r->calls.n && found; k++)
					found = syscall_match_holds(&r->calls.v[k], abi, args) ==
						syscall_match_holds(&r->calls.v[k], abi, witness);
			}
			assert_true(found);
		}
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_value_has_its_class),
		cmocka_unit_test(too_many_masks_are_refused),
		cmocka_unit_test(walk_gives_one_witness_a_cell),
		cmocka_unit_test(cells_answer_alike),
	};
	random_seed(0x9e3779b97f4a7c15);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
