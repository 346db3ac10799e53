/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of a learned policy: some of what was seen is allowed, and what attackers try is not. */
#include "compiler/learn_internal.h"

#include "compiler/attack_tests.h"
#include "compiler/base/cleanup.h"
#include "compiler/policy_text.h"

#include <string.h>

/* Of each operation. */
#define SAMPLES 3

static void begin(struct text *to, const struct domain *d, const char *title, bool first)
{
	if (!first)
		text_putc(to, '\n');
	policy_text_line(to, 0, "test \"%s\" for %s {", title, d->name);
}

static bool is_allowed(struct learn_work *w, const struct policy *p, uint32_t domain,
	const struct learn_item *item)
{
	struct decision v = learn_decide(p, domain, item);

	/* Questions are about the native ABI. */
	return !item->o.folded && v.verdict == VERDICT_ALLOW && !v.depends &&
	       (item->o.operation != OP_SYSCALL || item->o.abi == vocab_abi_native());
}

/* The n-th of @of, spread over all of them. */
static bool is_sample(uint32_t n, uint32_t of)
{
	for (uint32_t i = 0; i < SAMPLES; i++) {
		if (n == (of > 1 ? i * (of - 1) / (SAMPLES - 1) : 0))
			return true;
	}
	return false;
}

static void write_seen(struct learn_work *w, const struct learn_domain *d, const struct policy *p,
	uint32_t domain, bool first, struct text *to)
{
	begin(to, p->domains[domain], "what was seen", first);
	for (int op = 0; op < OP_COUNT; op++) {
		uint32_t n = 0, of = 0;
		const char *before = "";

		for (uint32_t i = 0; i < d->n_items; i++) {
			const struct learn_item *item = &w->items[d->items[i].item];

			of += item->o.operation == (enum operation)op &&
			      is_allowed(w, p, domain, item);
		}
		for (uint32_t i = 0; i < d->n_items; i++) {
			_cleanup_(text_release) struct text t = TEXT_INIT;
			const struct learn_item *item = &w->items[d->items[i].item];

			if (item->o.operation != (enum operation)op ||
				!is_allowed(w, p, domain, item) || !is_sample(n++, of))
				continue;
			learn_question(&t, &item->o);
			/* Of several executables. */
			if (strcmp(before, text_str(&t)) != 0)
				policy_text_line(to, POLICY_TEXT_INDENT, "allow %s", text_str(&t));
			before = arena_strdup(w->arena, text_str(&t));
		}
	}
	policy_text_line(to, 0, "}");
}

struct asking {
	struct learn_work *w;
	const char *profile;
	bool whole;
};

static void note_allowed(void *ctx, const char *attack)
{
	const struct asking *k = ctx;

	learn_note(k->w, LEARN_ATTACK, attack,
		k->whole ? "the policy allows it"
			 : arena_printf(k->w->arena, "%s allows it", k->profile));
}

void learn_tests_write(
	struct learn_work *w, struct compilation *c, const struct policy *p, struct text *to)
{
	for (uint32_t i = 0; i < w->n_domains; i++) {
		uint32_t domain = learn_domain_index(w, p, &w->domains[i]);

		if (w->domains[i].n_items)
			write_seen(w, &w->domains[i], p, domain, to->len == 0, to);
		if (i == 0 || w->domains[i].n_items)
			attack_tests_write(c, p, domain, to, note_allowed,
				&(struct asking){ w, p->domains[domain]->name, domain == 0 });
	}
}
