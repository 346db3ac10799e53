/* SPDX-License-Identifier: Apache-2.0 */
/* What alternatives match together, and what none does: asked of one witness for each cell. */
#include "compiler/import_seccomp_internal.h"

#include "compiler/cells.h"

static bool holds(const struct import_test *t, uint64_t v)
{
	if (t->is_mask)
		return (v & t->mask) == t->value;
	return (v >= t->lo && v <= t->hi) != t->negated;
}

static bool same_test(const struct import_test *a, const struct import_test *b)
{
	if (a->index != b->index || a->is_mask != b->is_mask)
		return false;
	if (a->is_mask)
		return a->mask == b->mask && a->value == b->value;
	return a->lo == b->lo && a->hi == b->hi && a->negated == b->negated;
}

bool import_same_tests(const struct import_alternative *a, const struct import_alternative *b)
{
	if (a->n_tests != b->n_tests)
		return false;
	for (uint32_t i = 0; i < a->n_tests; i++) {
		if (!same_test(&a->tests[i], &b->tests[i]))
			return false;
	}
	return true;
}

static void cut(struct arena *a, struct cell_argument *x, const struct import_test *t)
{
	if (t->is_mask)
		cell_argument_mask(a, x, t->mask, t->value);
	else
		cell_argument_cut(a, x, t->lo, t->hi);
}

static bool both_hold(
	struct arena *scratch, const struct import_test *a, const struct import_test *b)
{
	struct cell_argument x = { .width = a->width };

	cut(scratch, &x, a);
	cut(scratch, &x, b);
	if (!cell_argument_classes(scratch, &x))
		return true;
	for (uint32_t i = 0; i < x.n_classes; i++) {
		if (holds(a, x.classes[i].witness) && holds(b, x.classes[i].witness))
			return true;
	}
	return false;
}

bool import_overlap(const struct import_alternative *a, const struct import_alternative *b)
{
	struct arena *scratch = arena_new();
	bool ok = true;

	for (uint32_t i = 0; i < a->n_tests && ok; i++) {
		for (uint32_t k = 0; k < b->n_tests && ok; k++)
			ok = a->tests[i].index != b->tests[k].index ||
			     both_hold(scratch, &a->tests[i], &b->tests[k]);
	}
	arena_free(scratch);
	return ok;
}

/*
 * The cells of a call's arguments that its alternatives tell apart. false when there are more than
 * CELLS_MAX: @ret is then not filled in.
 */
static bool cells_of(struct arena *scratch, const struct import_call *call, struct cells *ret)
{
	struct cells c = { .n = 1 };

	for (uint8_t index = 0; index < 6; index++) {
		struct cell_argument x = { .index = index };

		for (uint32_t i = 0; i < call->n; i++) {
			for (uint32_t k = 0; k < call->v[i].n_tests; k++) {
				const struct import_test *t = &call->v[i].tests[k];

				if (t->index != index)
					continue;
				x.width = t->width;
				cut(scratch, &x, t);
			}
		}
		if (!x.width)
			continue;
		/* The least negative number begins a case of its own. */
		cell_argument_cut(scratch, &x, 0, cells_ones(x.width) >> 1);
		if (!cell_argument_classes(scratch, &x) || (uint64_t)c.n * x.n_classes > CELLS_MAX)
			return false;
		c.n *= x.n_classes;
		ARENA_PUSH(scratch, c.arguments, c.n_arguments, c.cap_arguments, x);
	}
	*ret = c;
	return true;
}

static bool alternative_holds(const struct import_alternative *x, const uint64_t arguments[6])
{
	for (uint32_t i = 0; i < x->n_tests; i++) {
		if (!holds(&x->tests[i], arguments[x->tests[i].index]))
			return false;
	}
	return true;
}

bool import_has_rest(const struct import_call *call)
{
	struct arena *scratch = arena_new();
	struct cells c = { 0 };
	bool rest = !cells_of(scratch, call, &c);

	for (uint32_t i = 0; i < c.n && !rest; i++) {
		uint64_t arguments[6];

		cells_witness(&c, i, arguments);
		rest = true;
		for (uint32_t k = 0; k < call->n && rest; k++)
			rest = !alternative_holds(&call->v[k], arguments);
	}
	arena_free(scratch);
	return rest;
}

bool import_few_cells(const struct import_call *call)
{
	struct arena *scratch = arena_new();
	struct cells c;
	bool few = cells_of(scratch, call, &c);

	arena_free(scratch);
	return few;
}
