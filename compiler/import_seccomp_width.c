/* SPDX-License-Identifier: Apache-2.0 */
/* How a comparison of 64 bits becomes a test at the width that the kernel reads. */
#include "compiler/import_seccomp_internal.h"

#include "compiler/cells.h"

/*
 * Where @v, of 64 bits, lies among the values of @width bits, of which the upper half are negative
 * numbers if @is_signed: -1 between the halves, 1 above all.
 */
static int place(uint8_t width, bool is_signed, uint64_t v, uint64_t *ret)
{
	uint64_t all = cells_ones(width), half = (all >> 1) + 1;

	*ret = v & all;
	if (v <= all)
		return 0;
	if (!is_signed)
		return 1;
	return v >= (uint64_t)0 - half ? 0 : -1;
}

/* From 0 or to the greatest number: what is left of it has no hole. */
static enum import_truth span(struct import_test *t, bool is_signed, uint64_t lo, uint64_t hi)
{
	uint64_t all = cells_ones(t->width), half = (all >> 1) + 1;
	int where = place(t->width, is_signed, lo, &t->lo);

	if (where > 0)
		return IMPORT_NEVER;
	if (where < 0)
		t->lo = half;
	where = place(t->width, is_signed, hi, &t->hi);
	if (where)
		t->hi = where < 0 ? half - 1 : all;
	return t->lo == 0 && t->hi == all ? IMPORT_ALWAYS : IMPORT_SOMETIMES;
}

static enum import_truth masked(
	struct import_test *t, bool is_signed, uint64_t mask, uint64_t value)
{
	uint64_t all = cells_ones(t->width), sign = (all >> 1) + 1;
	uint64_t high_mask = mask & ~all, high;

	/* Bits outside of the mask do not count for libseccomp. */
	value &= mask;
	high = value & ~all;
	t->is_mask = true;
	t->mask = mask & all;
	t->value = value & all;
	if (high && !(is_signed && high == high_mask))
		return IMPORT_NEVER;
	if (is_signed && high_mask && !(t->mask & sign)) {
		/* Looks at what the sign is spread over. */
		t->mask |= sign;
		t->value |= high ? sign : 0;
	} else if (is_signed && high && !(t->value & sign)) {
		return IMPORT_NEVER;
	}
	if (t->mask == 0)
		return IMPORT_ALWAYS;
	/* The upper bits alone: a range. Ranges are told apart without a limit, masks are not. */
	if (((t->mask ^ all) & ((t->mask ^ all) + 1)) == 0) {
		t->is_mask = false;
		t->lo = t->value;
		t->hi = t->value | (t->mask ^ all);
	}
	return IMPORT_SOMETIMES;
}

/*
 * A register holds a negative argument with its sign spread above, or with zeros there. Where the
 * border of a comparison is a number that only the second has, its author thought of that.
 */
static bool sign_is_spread(const struct import_test *t, const struct import_condition *c)
{
	uint64_t all = cells_ones(t->width);
	/* LE and GT divide the numbers above @value. */
	uint64_t above = c->op == IMPORT_LE || c->op == IMPORT_GT;

	return t->argument->is_signed && (c->value > all || c->value + above <= (all >> 1) + 1) &&
	       !(c->value == all + 1 && (c->op == IMPORT_LT || c->op == IMPORT_GE));
}

enum import_truth import_test_lower(const struct import_condition *c, struct import_test *t)
{
	bool spread = sign_is_spread(t, c);

	switch (c->op) {
	case IMPORT_EQ:
	case IMPORT_NE:
		t->negated = c->op == IMPORT_NE;
		if (place(t->width, t->argument->is_signed, c->value, &t->lo) != 0)
			return t->negated ? IMPORT_ALWAYS : IMPORT_NEVER;
		t->hi = t->lo;
		return IMPORT_SOMETIMES;
	case IMPORT_LT:
		return c->value == 0 ? IMPORT_NEVER : span(t, spread, 0, c->value - 1);
	case IMPORT_LE:
		return span(t, spread, 0, c->value);
	case IMPORT_GT:
		return c->value == UINT64_MAX ? IMPORT_NEVER
					      : span(t, spread, c->value + 1, UINT64_MAX);
	case IMPORT_GE:
		return span(t, spread, c->value, UINT64_MAX);
	case IMPORT_MASKED_EQ:
		return masked(t, t->argument->is_signed, c->value, c->value_two);
	}
	return IMPORT_NEVER;
}
