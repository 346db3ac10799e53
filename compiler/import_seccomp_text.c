/* SPDX-License-Identifier: Apache-2.0 */
/* A call and its conditions in the words of a policy. */
#include "compiler/import_seccomp_internal.h"

#include "compiler/base/cleanup.h"
#include "compiler/cells.h"

#include <stdlib.h>
#include <string.h>

static const char *number_text(struct import_writing *w, const struct import_test *t, uint64_t v)
{
	uint64_t sign = (cells_ones(t->width) >> 1) + 1;

	if (t->argument->is_signed && v & sign)
		return arena_printf(
			w->arena, "-%llu", (unsigned long long)(cells_ones(t->width) - v + 1));
	return arena_printf(w->arena, v < 4096 ? "%llu" : "0x%llx", (unsigned long long)v);
}

static const char *signed_span(struct import_writing *w, const struct import_test *t)
{
	uint64_t all = cells_ones(t->width), half = (all >> 1) + 1;
	const char *name = t->argument->name;

	if (t->lo == 0 && t->hi == half - 1)
		return arena_printf(w->arena, "%s >= 0", name);
	if (t->lo == half && t->hi == all)
		return arena_printf(w->arena, "%s < 0", name);
	/* From @lo over the largest and the least number to @hi. */
	if (t->lo < half && t->hi >= half) {
		const char *first = number_text(w, t, (t->hi + 1) & all);
		const char *last = number_text(w, t, (t->lo - 1) & all);

		if (!strcmp(first, last))
			return arena_printf(w->arena, "%s != %s", name, first);
		return arena_printf(w->arena, "%s not in %s..%s", name, first, last);
	}
	return arena_printf(
		w->arena, "%s in %s..%s", name, number_text(w, t, t->lo), number_text(w, t, t->hi));
}

static const char *test_text(struct import_writing *w, const struct import_test *t)
{
	const char *name = t->argument->name;

	if (t->is_mask)
		return arena_printf(w->arena,
			t->value ? "%s & 0x%llx == 0x%llx" : "%s & 0x%llx == 0", name,
			(unsigned long long)t->mask, (unsigned long long)t->value);
	if (t->lo == t->hi)
		return arena_printf(w->arena, "%s %s %s", name,
			t->negated ? "!=" : "==", number_text(w, t, t->lo));
	if (t->argument->is_signed)
		return signed_span(w, t);
	if (t->lo == 0)
		return arena_printf(w->arena, "%s <= %s", name, number_text(w, t, t->hi));
	if (t->hi == cells_ones(t->width))
		return arena_printf(w->arena, "%s >= %s", name, number_text(w, t, t->lo));
	return arena_printf(
		w->arena, "%s in %s..%s", name, number_text(w, t, t->lo), number_text(w, t, t->hi));
}

static bool is_one_value(const struct import_alternative *x)
{
	return x->n_tests == 1 && !x->tests[0].is_mask && !x->tests[0].negated &&
	       x->tests[0].lo == x->tests[0].hi;
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* "personality(personality in {0, 8})" of all that compare that argument with one value. */
static const char *values_text(struct import_writing *w, const struct import_call *call,
	const char *name, const struct import_alternative *like)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	uint64_t *v = arena_array(w->arena, call->n, sizeof(*v));
	uint32_t n = 0;

	for (uint32_t i = 0; i < call->n; i++) {
		if (is_one_value(&call->v[i]) &&
			import_same_action(call->v[i].action, like->action) &&
			call->v[i].tests[0].index == like->tests[0].index)
			v[n++] = call->v[i].tests[0].lo;
	}
	qsort(v, n, sizeof(*v), ascending);
	if (n == 1)
		return arena_printf(w->arena, "%s(%s)", name, test_text(w, &like->tests[0]));
	text_printf(&t, "%s(%s in {", name, like->tests[0].argument->name);
	for (uint32_t i = 0; i < n; i++)
		text_printf(&t, "%s%s", i ? ", " : "", number_text(w, &like->tests[0], v[i]));
	text_puts(&t, "})");
	return arena_strdup(w->arena, text_str(&t));
}

struct policy_words import_alternatives_text(struct import_writing *w,
	const struct import_call *call, const char *name, const struct import_action *action)
{
	struct policy_words words = { 0 };

	for (uint32_t i = 0; i < call->n; i++) {
		const struct import_alternative *x = &call->v[i];
		_cleanup_(text_release) struct text t = TEXT_INIT;
		bool told = false;

		if (action && !import_same_action(x->action, *action))
			continue;
		for (uint32_t k = 0; k < i && is_one_value(x) && !told; k++)
			told = is_one_value(&call->v[k]) &&
			       import_same_action(call->v[k].action, x->action) &&
			       call->v[k].tests[0].index == x->tests[0].index;
		if (told)
			continue;
		if (is_one_value(x)) {
			import_push(w, &words, values_text(w, call, name, x));
			continue;
		}
		text_printf(&t, "%s(", name);
		for (uint32_t k = 0; k < x->n_tests; k++)
			text_printf(&t, "%s%s", k ? " and " : "", test_text(w, &x->tests[k]));
		text_putc(&t, ')');
		import_push(w, &words, arena_strdup(w->arena, text_str(&t)));
	}
	return words;
}
