/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/ast_equal.h"

#include <string.h>

static bool same_word(const struct word *a, const struct word *b)
{
	if (a->kind != b->kind || a->quoted != b->quoted || a->len != b->len)
		return false;
	return a->len == 0 || !memcmp(a->text, b->text, a->len);
}

static bool same_words(const struct words *a, const struct words *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++) {
		if (!same_word(&a->v[i], &b->v[i]))
			return false;
	}
	return true;
}

static bool same_values(const struct ast_values *a, const struct ast_values *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++) {
		if (!same_words(&a->v[i].terms, &b->v[i].terms))
			return false;
	}
	return true;
}

static bool same_calls(const struct ast_calls *a, const struct ast_calls *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++) {
		const struct ast_call *x = &a->v[i], *y = &b->v[i];

		if (!same_word(&x->name, &y->name) || !same_words(&x->protocols, &y->protocols) ||
			x->n_predicates != y->n_predicates)
			return false;
		for (uint32_t k = 0; k < x->n_predicates; k++) {
			const struct ast_predicate *p = &x->predicates[k], *q = &y->predicates[k];

			if (!same_word(&p->argument, &q->argument) ||
				p->comparison != q->comparison ||
				!same_words(&p->mask.terms, &q->mask.terms) ||
				!same_values(&p->values, &q->values))
				return false;
		}
	}
	return true;
}

/* A word that need not be there is all zero then. */
static bool same_rule(const struct ast_rule *a, const struct ast_rule *b)
{
	return a->effect == b->effect && a->quiet == b->quiet && a->only == b->only &&
	       a->block == b->block && a->form == b->form &&
	       same_words(&a->operations, &b->operations) &&
	       same_words(&a->protocols, &b->protocols) && a->has_class == b->has_class &&
	       same_word(&a->object_class, &b->object_class) &&
	       same_words(&a->objects, &b->objects) && same_words(&a->excepts, &b->excepts) &&
	       same_calls(&a->calls, &b->calls) && same_calls(&a->except_calls, &b->except_calls) &&
	       a->has_target == b->has_target && same_word(&a->target, &b->target) &&
	       a->has_fstype == b->has_fstype && same_word(&a->fstype, &b->fstype) &&
	       a->has_source == b->has_source && same_word(&a->source, &b->source) &&
	       a->has_on == b->has_on && same_word(&a->on, &b->on) &&
	       same_words(&a->options, &b->options) && a->owner == b->owner &&
	       a->has_errno == b->has_errno && same_word(&a->errno_name, &b->errno_name) &&
	       a->has_as == b->has_as && same_word(&a->as, &b->as) && a->has_in == b->has_in &&
	       same_word(&a->in, &b->in);
}

static bool same_setting(const struct ast_setting *a, const struct ast_setting *b)
{
	if (a->kind != b->kind || !same_words(&a->values, &b->values) || a->n_limits != b->n_limits)
		return false;
	for (uint32_t i = 0; i < a->n_limits; i++) {
		if (!same_word(&a->limits[i].name, &b->limits[i].name) ||
			!same_word(&a->limits[i].value, &b->limits[i].value))
			return false;
	}
	return true;
}

static bool same_decl(const struct ast_decl *a, const struct ast_decl *b);

/* Profiles nest no deeper than the parser lets them (parse.h). */
static bool same_item(const struct ast_item *a, const struct ast_item *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case ITEM_RULE:
		return same_rule(a->rule, b->rule);
	case ITEM_INCLUDE:
		return same_words(&a->includes, &b->includes);
	case ITEM_SETTING:
		return same_setting(a->setting, b->setting);
	case ITEM_PROFILE:
		return same_decl(a->profile, b->profile);
	}
	return false;
}

static bool same_decl(const struct ast_decl *a, const struct ast_decl *b)
{
	if (a->kind != b->kind || !same_word(&a->name, &b->name) ||
		!same_words(&a->values, &b->values) || !same_word(&a->group_kind, &b->group_kind) ||
		a->has_extends != b->has_extends || !same_word(&a->extends, &b->extends) ||
		!same_word(&a->for_profile, &b->for_profile) || a->body.n != b->body.n ||
		a->n_expectations != b->n_expectations)
		return false;
	for (uint32_t i = 0; i < a->body.n; i++) {
		if (!same_item(&a->body.v[i], &b->body.v[i]))
			return false;
	}
	for (uint32_t i = 0; i < a->n_expectations; i++) {
		if (!same_rule(&a->expectations[i], &b->expectations[i]))
			return false;
	}
	return true;
}

bool ast_equal(const struct ast_file *a, const struct ast_file *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++) {
		if (!same_decl(a->v[i], b->v[i]))
			return false;
	}
	return true;
}
