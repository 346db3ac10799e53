/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes, as a policy file and as a request: no crash, and an error for everything that is not a
 * policy. Every span must lie in its source, and a rule must have the shape that ast.h promises.
 */
#include "compiler/ast.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_that(bool holds)
{
	if (!holds)
		abort();
}

static void check_span(const struct source *s, struct span at)
{
	check_that(at.source == s->id && at.offset <= s->len && at.len <= s->len - at.offset);
}

static void check_words(const struct source *s, const struct words *list)
{
	for (uint32_t i = 0; i < list->n; i++) {
		check_span(s, list->v[i].at);
		check_that(strlen(list->v[i].text) == list->v[i].len);
	}
}

static void check_calls(const struct source *s, const struct ast_calls *calls)
{
	for (uint32_t i = 0; i < calls->n; i++) {
		const struct ast_call *c = &calls->v[i];

		check_span(s, c->at);
		for (uint32_t k = 0; k < c->n_predicates; k++) {
			const struct ast_predicate *q = &c->predicates[k];
			bool range = q->comparison == CMP_RANGE || q->comparison == CMP_NOT_RANGE;
			bool set = q->comparison == CMP_IN || q->comparison == CMP_NOT_IN;

			check_span(s, q->at);
			check_that(range ? q->values.n == 2
				   : set ? q->values.n > 0
					 : q->values.n == 1);
		}
	}
}

static void check_rule(const struct source *s, const struct ast_rule *r, bool question)
{
	check_span(s, r->at);
	check_words(s, &r->operations);
	check_words(s, &r->protocols);
	check_words(s, &r->objects);
	check_words(s, &r->excepts);
	check_calls(s, &r->calls);
	check_calls(s, &r->except_calls);
	check_that(!r->quiet || r->effect == EFFECT_DENY);
	check_that(!r->has_errno || r->effect == EFFECT_DENY);
	check_that(r->form != FORM_NETWORK || (r->protocols.n && r->objects.n));
	check_that(r->form != FORM_SYSCALL || r->calls.n);
	check_that(r->form != FORM_PATHS || r->has_class || r->objects.n);
	if (!question) {
		check_that(!r->has_in);
		return;
	}
	check_that(r->effect == EFFECT_ALLOW || r->effect == EFFECT_DENY);
	check_that(r->operations.n <= 1 && r->objects.n <= 1 && r->calls.n <= 1 && !r->excepts.n &&
		   !r->except_calls.n && !r->has_errno && !r->has_as);
}

static void check_body(const struct source *s, const struct ast_body *body, unsigned depth)
{
	check_that(depth <= 64 || body->n == 0); /* one too deep is there, but empty */
	for (uint32_t i = 0; i < body->n; i++) {
		const struct ast_item *item = &body->v[i];

		check_span(s, item->at);
		check_words(s, &item->includes);
		if (item->kind == ITEM_RULE)
			check_rule(s, item->rule, false);
		else if (item->kind == ITEM_PROFILE)
			check_body(s, &item->profile->body, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena *arena = arena_new();
	struct source_set sources;
	struct diag_list diags;
	struct ast_rule *request;
	struct ast_file *file;
	struct source *s;

	source_set_init(&sources, arena);
	diag_list_init(&diags, &sources);
	s = source_add(&sources, "fuzz.pale", bytes, len);
	file = parse_file(s, &diags, arena);
	for (uint32_t i = 0; i < file->n; i++) {
		const struct ast_decl *d = file->v[i];

		check_span(s, d->at);
		check_words(s, &d->values);
		check_body(s, &d->body, 1);
		for (uint32_t k = 0; k < d->n_expectations; k++)
			check_rule(s, &d->expectations[k], true);
	}
	for (uint32_t i = 0; i < diags.n; i++)
		check_span(s, diags.v[i]->at);
	diag_list_init(&diags, &sources);
	request = parse_request(s, &diags, arena);
	check_that(!request == (diags.n_errors > 0));
	if (request)
		check_rule(s, request, true);
	arena_free(arena);
	return 0;
}
