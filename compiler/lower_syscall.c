/* SPDX-License-Identifier: Apache-2.0 */
/* NAME(argument comparison value and …). */
#include "compiler/lower.h"

#include "compiler/base/suggest.h"
#include "compiler/base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool constant(struct lowering *l, const struct word *word, uint64_t *ret)
{
	enum abi first = (enum abi)__builtin_ctz(l->policy->abis);

	if (!vocab_constant_find(word->text, first, ret)) {
		int signal = strncmp(word->text, "SIG", 3) ? -1 : vocab_signal_find(word->text);

		*ret = (uint64_t)signal;
		return signal > 0;
	}
	for (uint32_t rest = l->policy->abis & (l->policy->abis - 1); rest; rest &= rest - 1) {
		enum abi abi = (enum abi)__builtin_ctz(rest);
		uint64_t other;

		if (!vocab_constant_find(word->text, abi, &other) || other != *ret) {
			diag_error(l->diags, word->at, "'%s' is not the same number on %s and %s",
				word->text, vocab_abi_name(first), vocab_abi_name(abi));
			return true;
		}
	}
	return true;
}

static bool term_value(struct lowering *l, const struct word *word, uint64_t *ret)
{
	const char *text = word->text;
	bool negative = *text == '-';
	const char *digits = text + negative;

	if (number_parse(digits, strlen(digits), ret)) {
		*ret = negative ? -*ret : *ret;
		return true;
	}
	if (strstr(text, "..")) {
		diag_error(l->diags, word->at, "expected one number, found the range '%s'", text);
		return false;
	}
	if (isdigit((unsigned char)*digits)) {
		struct diag *d =
			diag_error(l->diags, word->at, "'%s' is not a number of 64 bits", text);

		diag_hint(l->diags, d,
			"write it in decimal or, after 0x, in hexadecimal, without a suffix");
		return false;
	}
	if (constant(l, word, ret))
		return true;
	lower_unknown_name(l, word, "constant", VOCAB_CONSTANT,
		"a constant that the tables do not have is written as its number");
	return false;
}

/* Many more than a comparison can have cells (cells.h). */
#define VALUES_MAX 65536

struct numbers {
	uint64_t *v;
	uint32_t n, cap;
};

/* The values of A|B: a variable with several gives several, or-ed with each of the others'. */
static bool values_of(struct lowering *l, const struct ast_value *value, struct numbers *ret)
{
	struct numbers now = { 0 };

	ARENA_PUSH(l->arena, now.v, now.n, now.cap, (uint64_t)0);
	for (uint32_t i = 0; i < value->terms.n; i++) {
		struct words words = { 0 };
		struct numbers next = { 0 };

		if (!expand_words(l->res, &value->terms.v[i], &words))
			return false;
		if ((uint64_t)now.n * words.n > VALUES_MAX) {
			diag_error(l->diags, value->at, "more than %d values in one comparison",
				VALUES_MAX);
			return false;
		}
		for (uint32_t k = 0; k < words.n; k++) {
			const struct word *written = &value->terms.v[i];
			uint64_t v;

			if (words.v[k].kind == WORD_PATH) {
				struct diag *d = diag_error(l->diags, written->at,
					"'%s' is not a number or constant", written->text);

				diag_note(l->diags, d, words.v[k].at, "it is the path '%s'",
					words.v[k].text);
				return false;
			}

			if (!term_value(l, &words.v[k], &v))
				return false;
			for (uint32_t j = 0; j < now.n; j++)
				ARENA_PUSH(l->arena, next.v, next.n, next.cap, now.v[j] | v);
		}
		now = next;
	}
	for (uint32_t i = 0; i < now.n; i++)
		ARENA_PUSH(l->arena, ret->v, ret->n, ret->cap, now.v[i]);
	return true;
}

static uint64_t most_of(const struct vocab_argument *a)
{
	uint64_t all = a->width == 64 ? UINT64_MAX : ((uint64_t)1 << a->width) - 1;

	return a->is_signed ? all >> 1 : all;
}

static uint64_t least_of(const struct vocab_argument *a)
{
	return a->is_signed ? (uint64_t)(-(int64_t)most_of(a) - 1) : 0;
}

static int64_t compare(const struct vocab_argument *a, uint64_t x, uint64_t y)
{
	if (x == y)
		return 0;
	if (a->is_signed)
		return (int64_t)x < (int64_t)y ? -1 : 1;
	return x < y ? -1 : 1;
}

/* Into the form that struct syscall_test has its values in; false when the value cannot occur in
 * the argument. */
static bool fit(const struct vocab_argument *a, uint64_t *v)
{
	uint64_t high;

	if (a->width == 64)
		return true;
	high = *v >> a->width;
	if (a->is_signed) {
		/* 0xffffff9c and -100 are both ways to write AT_FDCWD. */
		if (high != 0 && high != UINT64_MAX >> a->width)
			return false;
		*v = (uint64_t)((int64_t)(*v << (64 - a->width)) >> (64 - a->width));
		return true;
	}
	if (high == UINT64_MAX >> a->width && *v >> (a->width - 1) & 1) {
		*v &= most_of(a);
		return true;
	}
	return high == 0;
}

static bool never(struct lowering *l, const struct ast_predicate *ast, const char *why)
{
	diag_error(l->diags, ast->at, "this comparison is %s", why);
	return false;
}

static int ascending(const void *x, const void *y)
{
	const uint64_t *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

static bool range(struct lowering *l, const struct ast_predicate *ast, struct syscall_test *t,
	uint64_t lo, uint64_t hi)
{
	if (compare(t->argument, lo, hi) > 0)
		return never(l, ast, "never true: its range is empty");
	if (lo == least_of(t->argument) && hi == most_of(t->argument))
		return never(l, ast, t->negated ? "never true" : "always true");
	t->kind = TEST_RANGE;
	t->values = arena_array(l->arena, 2, sizeof(*t->values));
	t->values[0] = lo;
	t->values[1] = hi;
	t->n_values = 2;
	return true;
}

static bool unknown_argument(struct lowering *l, const char *call, const struct word *word,
	const struct vocab_syscall *s)
{
	struct diag *d =
		diag_error(l->diags, word->at, "'%s' has no argument '%s'", call, word->text);
	struct text list = TEXT_INIT;
	struct suggest near;

	suggest_init(&near, word->text);
	for (uint8_t i = 0; i < s->n_arguments; i++) {
		const struct vocab_argument *a = &s->arguments[i];

		suggest_offer(&near, a->name);
		if (a->alias)
			suggest_offer(&near, a->alias);
		if (!a->is_pointer && !a->width_varies)
			text_printf(&list, "%s%s", list.len ? ", " : "", a->name);
	}
	if (suggest_best(&near))
		diag_hint(l->diags, d, "did you mean '%s'?", suggest_best(&near));
	else if (list.len)
		diag_hint(l->diags, d, "what can be compared: %s", text_str(&list));
	else
		diag_hint(l->diags, d,
			"no argument of '%s' can be compared: the rule covers the call whole",
			call);
	text_release(&list);
	return false;
}

/* < and & take one value; = and in take a variable's several as alternatives. */
static bool one_value(struct lowering *l, const struct ast_value *ast, const struct numbers *values)
{
	struct diag *d;

	if (values->n == 1)
		return true;
	d = diag_error(l->diags, ast->at, "expected one value, found %u", values->n);
	diag_hint(
		l->diags, d, "'==', '!=' and 'in' compare with several; of others write one each");
	return false;
}

static bool lower_test(struct lowering *l, const char *call, const struct ast_predicate *ast,
	struct syscall_match *match)
{
	struct syscall_test t = { 0 };
	struct numbers values = { 0 }, masks = { 0 };
	const struct vocab_argument *a;
	int syscall = match->syscall;
	bool ok;

	a = vocab_argument_find(syscall, ast->argument.text);
	if (!a)
		return unknown_argument(l, call, &ast->argument, &vocab_syscalls[syscall]);
	if (a->is_pointer) {
		struct diag *d = diag_error(l->diags, ast->argument.at,
			"'%s' of '%s' is a pointer and cannot be compared", ast->argument.text,
			call);

		diag_hint(l->diags, d,
			"what it points to can change after the check; file and network rules look "
			"at it safely");
		return false;
	}
	if (a->width_varies) {
		struct diag *d = diag_error(l->diags, ast->argument.at,
			"how much of '%s' the kernel reads depends on what '%s' is asked to do",
			ast->argument.text, call);

		diag_hint(l->diags, d, "compare what is asked, and let this argument be");
		return false;
	}
	t.argument = a;
	for (uint32_t rest = l->policy->abis; rest; rest &= rest - 1) {
		enum abi abi = (enum abi)__builtin_ctz(rest);

		if (vocab_syscalls[syscall].number[abi] < 0 || a->index[abi] != VOCAB_NO_INDEX)
			continue;
		diag_error(l->diags, ast->argument.at,
			"'%s' of '%s' is not in a register on %s and cannot be compared there",
			ast->argument.text, call, vocab_abi_name(abi));
		return false;
	}
	for (uint32_t i = 0; i < ast->values.n; i++) {
		uint32_t first = values.n;

		if (!values_of(l, &ast->values.v[i], &values))
			return false;
		for (uint32_t k = first; k < values.n; k++) {
			if (fit(a, &values.v[k]))
				continue;
			diag_error(l->diags, ast->values.v[i].at,
				"0x%llx does not fit in '%s', of which the kernel reads %u bits",
				(unsigned long long)values.v[k], ast->argument.text, a->width);
			return false;
		}
		if (ast->comparison != CMP_EQ && ast->comparison != CMP_NE &&
			ast->comparison != CMP_IN && ast->comparison != CMP_NOT_IN) {
			struct numbers of = { .v = values.v + first, .n = values.n - first };

			if (!one_value(l, &ast->values.v[i], &of))
				return false;
		}
	}
	switch (ast->comparison) {
	case CMP_NE:
	case CMP_NOT_IN:
		t.negated = true;
		__attribute__((fallthrough));
	case CMP_EQ:
	case CMP_IN:
		t.kind = TEST_IN;
		qsort(values.v, values.n, sizeof(*values.v), ascending);
		for (uint32_t i = 0; i < values.n; i++) {
			if (t.n_values == 0 || values.v[t.n_values - 1] != values.v[i])
				values.v[t.n_values++] = values.v[i];
		}
		t.values = values.v;
		ok = true;
		break;
	case CMP_LT:
		ok = values.v[0] == least_of(a) ? never(l, ast, "never true")
						: range(l, ast, &t, least_of(a), values.v[0] - 1);
		break;
	case CMP_LE:
		ok = range(l, ast, &t, least_of(a), values.v[0]);
		break;
	case CMP_GT:
		ok = values.v[0] == most_of(a) ? never(l, ast, "never true")
					       : range(l, ast, &t, values.v[0] + 1, most_of(a));
		break;
	case CMP_GE:
		ok = range(l, ast, &t, values.v[0], most_of(a));
		break;
	case CMP_NOT_RANGE:
		t.negated = true;
		__attribute__((fallthrough));
	case CMP_RANGE:
		ok = range(l, ast, &t, values.v[0], values.v[1]);
		break;
	case CMP_MASK_NE:
		t.negated = true;
		__attribute__((fallthrough));
	case CMP_MASK_EQ:
		if (!values_of(l, &ast->mask, &masks) || !one_value(l, &ast->mask, &masks))
			return false;
		t.kind = TEST_MASK;
		t.mask = masks.v[0] & (a->width == 64 ? UINT64_MAX : ((uint64_t)1 << a->width) - 1);
		values.v[0] &= a->width == 64 ? UINT64_MAX : ((uint64_t)1 << a->width) - 1;
		if (!t.mask && !values.v[0])
			return never(l, ast,
				t.negated ? "never true: its mask is 0"
					  : "always true: its mask is 0");
		if (values.v[0] & ~t.mask)
			return never(l, ast,
				t.negated ? "always true: the value has bits outside the mask"
					  : "never true: the value has bits outside the mask");
		t.values = values.v;
		t.n_values = 1;
		ok = true;
		break;
	default:
		ok = false;
	}
	if (ok)
		ARENA_PUSH(l->arena, match->tests, match->n_tests, match->cap_tests, t);
	return ok;
}

int lower_syscall(struct lowering *l, const struct word *name)
{
	int found = vocab_syscall_find(name->text);

	if (found < 0)
		lower_unknown_name(l, name, "syscall", VOCAB_SYSCALL,
			"the tables know the calls of Linux as syscalls(2) lists them");
	return found;
}

static bool lower_call(struct lowering *l, const struct word *name, const struct ast_call *ast,
	struct syscall_matches *ret)
{
	struct syscall_match m = { .syscall = lower_syscall(l, name) };

	if (m.syscall < 0)
		return false;
	for (uint32_t i = 0; i < ast->n_predicates; i++) {
		if (!lower_test(l, name->text, &ast->predicates[i], &m))
			return false;
	}
	ARENA_PUSH(l->arena, ret->v, ret->n, ret->cap, m);
	return true;
}

bool lower_calls(struct lowering *l, const struct ast_calls *calls, struct syscall_matches *ret)
{
	bool ok = true;

	for (uint32_t i = 0; i < calls->n; i++) {
		const struct ast_call *c = &calls->v[i];
		struct words names = { 0 };

		if (c->name.kind != WORD_GROUP) {
			ok = lower_call(l, &c->name, c, ret) && ok;
			continue;
		}
		if (!expand_group(l->res, &c->name, c->name.text + 1, "syscall", &names)) {
			ok = false;
			continue;
		}
		for (uint32_t k = 0; k < names.n; k++)
			ok = lower_call(l, &names.v[k], c, ret) && ok;
	}
	return ok;
}
