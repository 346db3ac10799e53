/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/coverage_notes.h"

struct note {
	bool any;
	enum coverage_verdict verdict;
	const char *why;
};

struct coverage_notes {
	const struct policy *policy;
	struct note (*v)[OP_COUNT];
};

struct coverage_notes *coverage_notes_new(const struct policy *p)
{
	struct coverage_notes *n = arena_alloc(p->arena, sizeof(*n));

	n->policy = p;
	n->v = arena_array(p->arena, p->n_rules, sizeof(*n->v));
	return n;
}

struct arena *coverage_notes_arena(const struct coverage_notes *n)
{
	return n->policy->arena;
}

bool rule_allows(const struct rule *rule, enum operation op)
{
	if (!(rule->operations & OP_BIT(op)))
		return true;
	return rule->effect == EFFECT_ALLOW || rule->effect == EFFECT_AUDIT;
}

static enum coverage_verdict both(enum coverage_verdict a, enum coverage_verdict b)
{
	if (a == b)
		return a;
	if (a == COVERAGE_NARROWER || b == COVERAGE_NARROWER)
		return COVERAGE_NARROWER;
	return COVERAGE_WIDER;
}

void coverage_note(struct coverage_notes *n, const struct rule *rule, enum operation op,
	enum coverage_verdict verdict, const char *why)
{
	struct note *note = &n->v[rule->index][op];
	enum coverage_verdict sum = note->any ? both(note->verdict, verdict) : verdict;

	/* The reason belongs to the verdict: a narrower case's does not speak for a wider one. */
	if (!note->any || (sum != note->verdict && sum == verdict))
		note->why = why;
	else if (!note->why && sum != COVERAGE_EXACT && verdict != COVERAGE_EXACT)
		note->why = why;
	note->verdict = sum;
	note->any = true;
}

void coverage_note_answer(struct coverage_notes *n, const struct rule *rule, enum operation op,
	bool some, bool all, const char *because, const char *object)
{
	struct arena *a = n->policy->arena;
	const struct note *note = &n->v[rule->index][op];
	enum coverage_verdict verdict = COVERAGE_EXACT;
	const char *why = NULL;

	if (rule_allows(rule, op) && !all)
		verdict = COVERAGE_NARROWER;
	else if (!rule_allows(rule, op) && some)
		verdict = COVERAGE_WIDER;
	/* Thousands of cases may say the same; only the first needs words. */
	if (verdict != COVERAGE_EXACT &&
		!(note->any && note->why && both(note->verdict, verdict) == note->verdict)) {
		const char *what = verdict == COVERAGE_WIDER ? "lets" : "refuses";
		const char *through = verdict == COVERAGE_WIDER ? " through" : "";

		why = because ? arena_printf(a, "%s: %s %s%s", because, what, object, through)
			      : arena_printf(a, "%s %s%s", what, object, through);
	}
	coverage_note(n, rule, op, verdict, why);
}

void coverage_notes_flush(const struct coverage_notes *n, struct coverage *c, enum mechanism m)
{
	for (uint32_t i = 0; i < n->policy->n_rules; i++) {
		const struct rule *rule = n->policy->rules[i];

		for (uint64_t rest = rule->operations | rule->implied; rest; rest &= rest - 1) {
			enum operation op = (enum operation)__builtin_ctzll(rest);
			struct note note = n->v[i][op];

			if (!note.any)
				note.verdict = COVERAGE_EXACT;
			if (note.verdict == COVERAGE_EXACT && !rule_allows(rule, op) &&
				rule->effect == EFFECT_KILL) {
				note.verdict = COVERAGE_WIDER;
				note.why = "refuses, but does not kill the process";
			}
			coverage_set(c, rule, op, m, note.verdict,
				note.verdict == COVERAGE_EXACT ? NULL : note.why);
		}
	}
}
