/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether another run would show anything new.
 *
 * What is counted are kinds of accesses: what one rule with a glob, one fragment's rule, or one
 * literal object is for. How much of what the next run does is of a kind that was never seen is
 * estimated by the share of those that were seen once (Good, "The population frequencies of species
 * and the estimation of population parameters", Biometrika 40, 1953), each kind counting once in
 * each run.
 */
#include "compiler/learn_internal.h"

#include "compiler/base/cleanup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_MIN   3
#define UNSEEN_MAX 0.01

struct kind {
	const char *key;
	const uint64_t *runs;
};

static bool all_literal(const struct globs *globs)
{
	for (uint32_t i = 0; i < globs->n; i++) {
		if (!globs->v[i]->literal)
			return false;
	}
	return true;
}

/* Whether the rule says just what it names. */
static bool is_literal(const struct rule *rule)
{
	if (!rule->n_lines || !rule->lines[0].own || rule->derived || rule->is_default ||
		rule->any_path || !all_literal(&rule->paths) || !all_literal(&rule->names))
		return false;
	for (uint32_t i = 0; i < rule->endpoints.n; i++) {
		const struct endpoint *e = &rule->endpoints.v[i];

		if (e->family == 0 || e->prefix < (e->family == 4 ? 32 : 128) ||
			e->port_lo != e->port_hi)
			return false;
	}
	return true;
}

static const char *key_of(struct learn_work *w, const struct learn_domain *d,
	const struct learn_item *item, const struct decision *v)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_printf(&t, "%s ", d->name);
	if (v->rule && !is_literal(v->rule)) {
		text_printf(
			&t, "%016" PRIx64 " %u %u", v->rule->id, item->o.operation, v->rule->index);
	} else if (item->o.operation == OP_SYSCALL) {
		text_printf(&t, "syscall %s", item->o.object);
	} else {
		learn_question(&t, &item->o);
	}
	return arena_strdup(w->arena, text_str(&t));
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct kind *)a)->key, ((const struct kind *)b)->key);
}

static void because(struct learn_work *w, const char *reason)
{
	struct learn_readiness *r = &w->result->readiness;
	const char **v = arena_array(w->arena, r->n_reasons + 1, sizeof(*v));

	if (r->n_reasons)
		memcpy(v, r->reasons, r->n_reasons * sizeof(*v));
	v[r->n_reasons++] = reason;
	r->reasons = v;
}

static void count_kind(struct learn_work *w, const uint64_t *runs)
{
	struct learn_readiness *r = &w->result->readiness;
	uint32_t n = 0, first = 0;

	for (uint32_t i = 0; i < w->run_words; i++) {
		if (runs[i] && !n)
			first = i * 64 + (uint32_t)__builtin_ctzll(runs[i]);
		n += (uint32_t)__builtin_popcountll(runs[i]);
	}
	r->n_items++;
	r->n_singletons += n == 1;
	r->n_sightings += n;
	if (first + 2 >= w->n_runs)
		r->n_new[first + 2 - w->n_runs]++;
}

static void count_kinds(struct learn_work *w, const struct policy *p)
{
	struct kind *v;
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n_domains; i++)
		n += w->domains[i].n_items;
	v = arena_array(w->arena, n, sizeof(*v));
	n = 0;
	for (uint32_t i = 0; i < w->n_domains; i++) {
		const struct learn_domain *d = &w->domains[i];
		uint32_t domain = learn_domain_index(w, p, d);

		for (uint32_t k = 0; k < d->n_items; k++) {
			const struct learn_item *item = &w->items[d->items[k].item];
			struct decision decision = learn_decide(p, domain, item);

			if (!d->items[k].told)
				v[n++] = (struct kind){ key_of(w, d, item, &decision), item->runs };
		}
	}
	if (n)
		qsort(v, n, sizeof(*v), by_key);
	for (uint32_t i = 0, end; i < n; i = end) {
		uint64_t *runs = arena_array(w->arena, w->run_words, sizeof(*runs));

		for (end = i; end < n && !strcmp(v[i].key, v[end].key); end++) {
			for (uint32_t k = 0; k < w->run_words; k++)
				runs[k] |= v[end].runs[k];
		}
		count_kind(w, runs);
	}
}

static void look_for_losses(struct learn_work *w)
{
	struct learn_readiness *r = &w->result->readiness;

	for (uint32_t i = 0; i < w->n_runs; i++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;
		uint32_t n;
		const struct learn_loss *losses = learn_run_losses(w->by_time[i], &n);

		r->n_complete += n == 0;
		if (!n)
			continue;
		text_printf(&t, "run %s is partial: ", learn_run_id(w->by_time[i]));
		for (uint32_t k = 0; k < n; k++)
			text_printf(&t, "%s%s (%" PRIu64 ")", k ? ", " : "", losses[k].why,
				losses[k].count);
		because(w, arena_strdup(w->arena, text_str(&t)));
	}
}

void learn_ready(struct learn_work *w, const struct policy *p)
{
	struct learn_readiness *r = &w->result->readiness;

	r->n_runs = w->n_runs;
	count_kinds(w, p);
	look_for_losses(w);
	r->unseen = r->n_sightings ? (double)r->n_singletons / (double)r->n_sightings : 1;
	if (r->n_complete < RUNS_MIN)
		because(w, arena_printf(w->arena, "%u complete run%s of %d at least", r->n_complete,
				   r->n_complete == 1 ? "" : "s", RUNS_MIN));
	if (r->unseen >= UNSEEN_MAX)
		because(w, arena_printf(w->arena,
				   "an estimated %.1f %% of what a next run does was never seen, "
				   "of less than 1 %%",
				   100 * r->unseen));
	if (r->n_new[0] + r->n_new[1])
		because(w, arena_printf(w->arena,
				   "the last two runs showed %u and %u things that no run before "
				   "had",
				   r->n_new[0], r->n_new[1]));
	if (w->n_missing)
		because(w,
			arena_printf(w->arena,
				"%u of the things that were seen %s left out, and %s to be looked "
				"at",
				w->n_missing, w->n_missing == 1 ? "is" : "are",
				w->n_missing == 1 ? "is" : "are"));
	r->ready = !r->n_reasons;
}
