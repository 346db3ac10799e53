/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of values of arguments, of 64 bits, and what is left of them after intersection and
 * subtraction as a union of sets that one comparison says each.
 *
 * Numbers in JSON end at 2^63 - 1, so that no mask has the highest bit: "in this interval, and this
 * bit set" cannot be said of a whole register. Where that is wanted, values with something in the
 * upper half are left out (the kernel does not read it of arguments of 32 bits), or all.
 */
#include "enforcer/runtime/oci_seccomp_internal.h"

/* Intervals up to this size are said value by value. */
#define VALUES_ONE_BY_ONE 32
#define LOW_HALF	  UINT64_C(0xffffffff)

struct value_sets {
	struct value_set v[128];
	uint32_t n;
	bool partial;
};

static struct value_set range(uint64_t lo, uint64_t hi)
{
	return (struct value_set){ VALUES_RANGE, lo, hi };
}

static struct value_set masked(uint64_t mask, uint64_t value)
{
	if (mask == UINT64_MAX)
		return range(value, value);
	if (mask == 0)
		return range(0, UINT64_MAX);
	return (struct value_set){ VALUES_MASKED, mask, value & mask };
}

struct value_set value_set_of(
	enum section_compare op, uint64_t value, uint64_t value_two, bool *ret_never)
{
	*ret_never = false;
	switch (op) {
	case SECTION_NE:
		return (struct value_set){ VALUES_EXCEPT, value, 0 };
	case SECTION_LT:
		*ret_never = value == 0;
		return range(0, value ? value - 1 : 0);
	case SECTION_LE:
		return range(0, value);
	case SECTION_GE:
		return range(value, UINT64_MAX);
	case SECTION_GT:
		*ret_never = value == UINT64_MAX;
		return range(value == UINT64_MAX ? value : value + 1, UINT64_MAX);
	case SECTION_MASKED_EQ:
		return masked(value, value_two);
	default:
		return range(value, value);
	}
}

bool value_set_has(const struct value_set *s, uint64_t v)
{
	switch (s->kind) {
	case VALUES_RANGE:
		return s->a <= v && v <= s->b;
	case VALUES_EXCEPT:
		return v != s->a;
	case VALUES_MASKED:
		return (v & s->a) == s->b;
	}
	return false;
}

bool value_set_is_all(const struct value_set *s)
{
	return s->kind == VALUES_RANGE && s->a == 0 && s->b == UINT64_MAX;
}

static uint64_t least(const struct value_set *s)
{
	return s->kind == VALUES_RANGE ? s->a : s->kind == VALUES_MASKED ? s->b : s->a == 0;
}

static uint64_t greatest(const struct value_set *s)
{
	if (s->kind == VALUES_EXCEPT)
		return UINT64_MAX - (s->a == UINT64_MAX);
	return s->kind == VALUES_RANGE ? s->b : s->b | ~s->a;
}

bool section_condition_is_wide(const struct section_condition *c)
{
	if (c->op == SECTION_MASKED_EQ)
		return (c->value_two & c->value) > LOW_HALF;
	return c->value > LOW_HALF;
}

bool value_set_condition(const struct value_set *s, bool cuts_to_32, struct section_condition *ret)
{
	*ret = (struct section_condition){ .value = s->a };
	if (s->kind == VALUES_EXCEPT) {
		ret->op = SECTION_NE;
	} else if (s->kind == VALUES_MASKED) {
		ret->op = SECTION_MASKED_EQ;
		ret->value_two = s->b;
	} else if (s->a == s->b) {
		ret->op = SECTION_EQ;
	} else if (s->a == 0) {
		ret->op = SECTION_LE;
		ret->value = s->b;
	} else if (s->b == UINT64_MAX) {
		/* Greater than what has 32 bits: where they are all there is, never. */
		ret->op = SECTION_GT;
		ret->value = s->a - 1;
	} else {
		return false;
	}
	if (ret->op == SECTION_GT && ret->value < LOW_HALF) {
		ret->op = SECTION_GE;
		ret->value++;
	}
	return ret->value <= INT64_MAX && ret->value_two <= INT64_MAX &&
	       !(cuts_to_32 && section_condition_is_wide(ret));
}

static void add(struct value_sets *to, bool cuts_to_32, struct value_set s)
{
	struct section_condition c;

	if (value_set_is_all(&s) || value_set_condition(&s, cuts_to_32, &c)) {
		if (to->n < sizeof(to->v) / sizeof(*to->v))
			to->v[to->n++] = s;
		else
			to->partial = true;
		return;
	}
	if (s.kind == VALUES_RANGE && s.a != s.b && s.b - s.a < VALUES_ONE_BY_ONE) {
		for (uint64_t v = s.a;; v++) {
			add(to, cuts_to_32, range(v, v));
			if (v == s.b)
				return;
		}
	}
	to->partial = true;
}

/* The next greater value that has what @m asks for; 0 after the last. */
static uint64_t next_masked(const struct value_set *m, uint64_t v)
{
	return (((v | m->a) + 1) & ~m->a) | m->b;
}

/* The least value of @m that is not below @lo; there is one. */
static uint64_t first_masked(const struct value_set *m, uint64_t lo)
{
	uint64_t v = m->b;

	/* Bit by bit from above, the free ones as in @lo, as long as the rest can reach it. */
	for (uint64_t bit = (uint64_t)1 << 63; bit; bit >>= 1) {
		if (!(m->a & bit) && (v | (~m->a & (bit - 1))) < lo)
			v |= bit;
	}
	return v;
}

/* Of @m what is not below @lo, looking at the low half only. */
static void low_half_from(
	struct value_sets *to, bool cuts_to_32, const struct value_set *m, uint64_t lo)
{
	to->partial = true;
	while (lo <= LOW_HALF) {
		uint64_t low = 1, mask, value;

		/* The largest aligned block that begins here. */
		while (low <= LOW_HALF && !(lo & low))
			low <<= 1;
		mask = LOW_HALF & ~(low - 1);
		value = lo & LOW_HALF;
		if (!((m->a & mask) & (m->b ^ value)))
			add(to, cuts_to_32, masked(m->a | mask, m->b | value));
		lo += low;
	}
}

static void range_and_masked(struct value_sets *to, bool cuts_to_32, const struct value_set *r,
	const struct value_set *m)
{
	uint64_t v, n;

	if (least(m) >= r->a && greatest(m) <= r->b) {
		add(to, cuts_to_32, *m);
		return;
	}
	if (greatest(m) < r->a || least(m) > r->b)
		return;
	v = first_masked(m, r->a);
	for (n = 0; n <= VALUES_ONE_BY_ONE && v >= r->a && v <= r->b; n++) {
		uint64_t next = next_masked(m, v);

		if (next <= v) {
			n++;
			break;
		}
		v = next;
	}
	if (n > VALUES_ONE_BY_ONE) {
		if (r->b == UINT64_MAX)
			low_half_from(to, cuts_to_32, m, r->a);
		to->partial = true;
		return;
	}
	for (v = first_masked(m, r->a); n > 0; n--, v = next_masked(m, v))
		add(to, cuts_to_32, range(v, v));
}

static void except_and(
	struct value_sets *to, bool cuts_to_32, uint64_t without, const struct value_set *s)
{
	if (!value_set_has(s, without)) {
		add(to, cuts_to_32, *s);
		return;
	}
	if (s->kind == VALUES_RANGE) {
		if (value_set_is_all(s)) {
			add(to, cuts_to_32, (struct value_set){ VALUES_EXCEPT, without, 0 });
			return;
		}
		if (without > s->a)
			add(to, cuts_to_32, range(s->a, without - 1));
		if (without < s->b)
			add(to, cuts_to_32, range(without + 1, s->b));
		return;
	}
	if (s->kind == VALUES_EXCEPT) {
		uint64_t lo = without < s->a ? without : s->a, hi = without < s->a ? s->a : without;

		if (lo == hi) {
			add(to, cuts_to_32, *s);
			return;
		}
		if (lo > 0)
			add(to, cuts_to_32, range(0, lo - 1));
		if (hi - lo > 1)
			add(to, cuts_to_32, range(lo + 1, hi - 1));
		if (hi < UINT64_MAX)
			add(to, cuts_to_32, range(hi + 1, UINT64_MAX));
		return;
	}
	/* Another value in one of the bits that are free. */
	to->partial = true;
	for (uint64_t bit = 1; bit <= LOW_HALF; bit <<= 1) {
		if (!(s->a & bit))
			add(to, cuts_to_32, masked(s->a | bit, s->b | (~without & bit)));
	}
}

static void intersect(struct value_sets *to, bool cuts_to_32, const struct value_set *x,
	const struct value_set *y)
{
	if (value_set_is_all(x) || value_set_is_all(y)) {
		add(to, cuts_to_32, value_set_is_all(x) ? *y : *x);
	} else if (x->kind == VALUES_EXCEPT) {
		except_and(to, cuts_to_32, x->a, y);
	} else if (y->kind == VALUES_EXCEPT) {
		except_and(to, cuts_to_32, y->a, x);
	} else if (x->kind == VALUES_MASKED && y->kind == VALUES_MASKED) {
		if (!(x->a & y->a & (x->b ^ y->b)))
			add(to, cuts_to_32, masked(x->a | y->a, x->b | y->b));
	} else if (x->kind == VALUES_RANGE && y->kind == VALUES_RANGE) {
		uint64_t lo = x->a > y->a ? x->a : y->a, hi = x->b < y->b ? x->b : y->b;

		if (lo <= hi)
			add(to, cuts_to_32, range(lo, hi));
	} else if (x->kind == VALUES_RANGE) {
		range_and_masked(to, cuts_to_32, x, y);
	} else {
		range_and_masked(to, cuts_to_32, y, x);
	}
}

/* What @x has and @y has not. */
static void subtract(struct value_sets *to, bool cuts_to_32, const struct value_set *x,
	const struct value_set *y)
{
	struct value_set s;

	if (y->kind == VALUES_EXCEPT) {
		if (value_set_has(x, y->a))
			add(to, cuts_to_32, range(y->a, y->a));
	} else if (y->kind == VALUES_RANGE && y->a == y->b) {
		except_and(to, cuts_to_32, y->a, x);
	} else if (y->kind == VALUES_RANGE) {
		s = range(0, y->a - 1);
		if (y->a > 0)
			intersect(to, cuts_to_32, x, &s);
		s = range(y->b + 1, UINT64_MAX);
		if (y->b < UINT64_MAX)
			intersect(to, cuts_to_32, x, &s);
	} else {
		for (int i = 0; i < 64; i++) {
			uint64_t bit = (uint64_t)1 << i;

			s = masked(bit, ~y->b & bit);
			if (y->a & bit)
				intersect(to, cuts_to_32, x, &s);
		}
	}
}

static void push(struct box_work *w, struct argument_boxes *to, const struct argument_box *box)
{
	if (to->n == SECTION_ENTRIES_MAX || w->left == 0) {
		to->partial = true;
		return;
	}
	w->left--;
	ARENA_PUSH(w->arena, to->v, to->n, to->cap, *box);
}

/* @box with each of @sets as argument @index. */
static void push_each(struct box_work *w, struct argument_boxes *to, const struct argument_box *box,
	int index, const struct value_sets *sets)
{
	to->partial = to->partial || sets->partial;
	for (uint32_t i = 0; i < sets->n; i++) {
		struct argument_box with = *box;

		with.has |= (uint8_t)(1u << index);
		with.sets[index] = sets->v[i];
		if (value_set_is_all(&sets->v[i]))
			with.has &= (uint8_t) ~(1u << index);
		push(w, to, &with);
	}
}

static const struct value_set all_values = { VALUES_RANGE, 0, UINT64_MAX };

static const struct value_set *set_of(const struct argument_box *box, int index)
{
	return box->has & 1u << index ? &box->sets[index] : &all_values;
}

void argument_boxes_intersect(struct box_work *w, const struct argument_box *x,
	const struct argument_box *y, struct argument_boxes *to)
{
	struct argument_boxes list = { 0 };
	struct argument_box any = { 0 };

	push(w, &list, &any);
	for (int index = 0; index < 6; index++) {
		struct argument_boxes next = { .partial = list.partial };
		struct value_sets sets;

		if (!((x->has | y->has) & 1u << index))
			continue;
		sets.n = 0;
		sets.partial = false;
		intersect(&sets, w->cuts_to_32, set_of(x, index), set_of(y, index));
		/* Nothing of it is missing where there is nothing. */
		if (!sets.n && !sets.partial)
			return;
		next.partial = next.partial || sets.partial;
		for (uint32_t i = 0; i < list.n; i++)
			push_each(w, &next, &list.v[i], index, &sets);
		list = next;
	}
	for (uint32_t i = 0; i < list.n; i++)
		push(w, to, &list.v[i]);
	to->partial = to->partial || list.partial;
}

static bool sets_may_meet(const struct value_set *x, const struct value_set *y)
{
	struct value_sets sets;

	sets.n = 0;
	sets.partial = false;
	intersect(&sets, false, x, y);
	return sets.n || sets.partial;
}

bool argument_box_may_meet(const struct argument_box *x, const struct argument_box *y)
{
	for (int index = 0; index < 6; index++) {
		if (x->has & y->has & 1u << index &&
			!sets_may_meet(&x->sets[index], &y->sets[index]))
			return false;
	}
	return true;
}

void argument_boxes_subtract(
	struct box_work *w, struct argument_boxes *from, const struct argument_box *x)
{
	struct argument_boxes to = { .partial = from->partial };

	for (uint32_t i = 0; i < from->n; i++) {
		if (!argument_box_may_meet(&from->v[i], x)) {
			push(w, &to, &from->v[i]);
			continue;
		}
		for (int index = 0; index < 6; index++) {
			struct value_sets sets;

			if (!(x->has & 1u << index))
				continue;
			sets.n = 0;
			sets.partial = false;
			subtract(&sets, w->cuts_to_32, set_of(&from->v[i], index), &x->sets[index]);
			push_each(w, &to, &from->v[i], index, &sets);
		}
	}
	*from = to;
}
