/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/cells.h"
#include "compiler/decide.h"

static uint64_t extend(uint64_t v, unsigned int bits, bool is_signed)
{
	v &= cells_ones(bits);
	if (is_signed && v >> (bits - 1) & 1)
		v |= ~cells_ones(bits);
	return v;
}

uint64_t vocab_argument_value(
	const struct vocab_argument *argument, enum abi abi, const uint64_t arguments[6])
{
	return extend(arguments[argument->index[abi]], vocab_argument_width(argument, abi),
		argument->is_signed);
}

static bool between(uint64_t v, uint64_t lo, uint64_t hi, bool is_signed)
{
	if (is_signed)
		return (int64_t)v >= (int64_t)lo && (int64_t)v <= (int64_t)hi;
	return v >= lo && v <= hi;
}

static bool test_holds(const struct syscall_test *t, uint64_t v)
{
	switch (t->kind) {
	case TEST_IN:
		for (uint32_t i = 0; i < t->n_values; i++) {
			if (t->values[i] == v)
				return true;
		}
		return false;
	case TEST_RANGE:
		return between(v, t->values[0], t->values[1], t->argument->is_signed);
	case TEST_MASK:
		return (((v & t->mask) ^ t->values[0]) & cells_ones(t->argument->width)) == 0;
	}
	return false;
}

bool syscall_match_holds(const struct syscall_match *m, enum abi abi, const uint64_t arguments[6])
{
	for (uint32_t i = 0; i < m->n_tests; i++) {
		const struct syscall_test *t = &m->tests[i];

		if (t->argument->index[abi] >= 6)
			return false;
		if (test_holds(t, vocab_argument_value(t->argument, abi, arguments)) == t->negated)
			return false;
	}
	return true;
}
