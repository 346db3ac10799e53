/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/exception.h"

#include <string.h>

struct search {
	const struct resolution *res;
	const struct compile_exception *exception;
	uint32_t number; /* counts from 1 */
	uint32_t found;
};

static bool stands_at(const struct search *s, struct span at)
{
	const struct source *source = s->res->sources->v[at.source];
	uint32_t line, column;

	if (strcmp(source->portable_name, s->exception->file) != 0)
		return false;
	source_position(source, at.offset, &line, &column);
	return line == s->exception->line && column == s->exception->column;
}

static void turn_into_audit(struct search *s, struct ast_rule *rule)
{
	if ((rule->effect != EFFECT_DENY && rule->effect != EFFECT_KILL) || !stands_at(s, rule->at))
		return;
	rule->effect = EFFECT_AUDIT;
	rule->quiet = false;
	rule->has_errno = false;
	rule->exception = s->number;
	s->found++;
}

static void search_body(struct search *s, const struct ast_body *body)
{
	for (uint32_t i = 0; i < body->n; i++) {
		if (body->v[i].kind == ITEM_RULE)
			turn_into_audit(s, body->v[i].rule);
		else if (body->v[i].kind == ITEM_PROFILE)
			search_body(s, &body->v[i].profile->body);
	}
}

static void change_rule(struct search *s)
{
	for (uint32_t f = 0; f < s->res->n_files; f++) {
		const struct ast_file *file = s->res->files[f];

		for (uint32_t i = 0; i < file->n; i++) {
			if (file->v[i]->kind == DECL_PROFILE || file->v[i]->kind == DECL_FRAGMENT)
				search_body(s, &file->v[i]->body);
		}
	}
	if (!s->found)
		diag_error_unplaced(s->res->diags, "no rule that refuses stands at %s:%u:%u",
			s->exception->file, s->exception->line, s->exception->column);
}

/* The text as a policy of its own: the parser knows no rule outside one. */
static struct ast_rule *parse_rule_text(struct resolution *res, const char *text)
{
	const char *bytes = arena_printf(res->arena, "profile exception {\n%s\n}\n", text);
	struct source *source = source_add(res->sources, "exception", bytes, strlen(bytes));
	uint32_t errors = res->diags->n_errors;
	const struct ast_file *file = parse_file(source, res->diags, res->arena);
	const struct ast_body *body;
	struct ast_rule *rule;

	if (res->diags->n_errors > errors)
		return NULL;
	/* It is the user's own as the file is: what it cannot do is told. */
	source->own = true;
	body = file->n == 1 ? &file->v[0]->body : NULL;
	rule = body && body->n == 1 && body->v[0].kind == ITEM_RULE ? body->v[0].rule : NULL;
	if (!rule || rule->only || (rule->effect != EFFECT_ALLOW && rule->effect != EFFECT_AUDIT)) {
		diag_error_unplaced(res->diags, "'%s' is not one rule with allow or audit", text);
		return NULL;
	}
	return rule;
}

/* The sub-profile @name (@len bytes) in the body of @decl, or of what that extends. */
static struct ast_decl *find_inside(
	const struct resolution *res, struct ast_decl *decl, const char *name, size_t len)
{
	for (int depth = 0; decl && depth <= CHAIN_MAX; depth++) {
		const struct symbol *s;

		for (uint32_t i = 0; i < decl->body.n; i++) {
			struct ast_decl *sub = decl->body.v[i].kind == ITEM_PROFILE
						       ? decl->body.v[i].profile
						       : NULL;

			if (sub && strlen(sub->name.text) == len &&
				memcmp(sub->name.text, name, len) == 0)
				return sub;
		}
		s = decl->has_extends ? resolve_find(res, SYMBOL_PROFILE, decl->extends.text)
				      : NULL;
		decl = s ? s->decl : NULL;
	}
	return NULL;
}

/* By its whole name: "web/thumbnailer". */
static struct ast_decl *find_profile(
	const struct resolution *res, const struct ast_file *own, const char *name)
{
	size_t len = strcspn(name, "/");
	struct ast_decl *found = NULL;

	for (uint32_t i = 0; i < own->n && !found; i++) {
		if (own->v[i]->kind == DECL_PROFILE && strlen(own->v[i]->name.text) == len &&
			memcmp(own->v[i]->name.text, name, len) == 0)
			found = own->v[i];
	}
	while (found && name[len]) {
		name += len + 1;
		len = strcspn(name, "/");
		found = find_inside(res, found, name, len);
	}
	return found;
}

static void add_rule(struct resolution *res, const struct ast_file *own,
	const struct compile_exception *e, uint32_t number)
{
	struct ast_decl *profile = find_profile(res, own, e->profile);
	struct ast_item item = { .kind = ITEM_RULE };

	if (!profile) {
		diag_error_unplaced(res->diags, "the file has no profile '%s'", e->profile);
		return;
	}
	item.rule = parse_rule_text(res, e->text);
	if (!item.rule)
		return;
	item.at = item.rule->at;
	item.rule->effect = EFFECT_AUDIT;
	item.rule->exception = number;
	ARENA_PUSH(res->arena, profile->body.v, profile->body.n, profile->body.cap, item);
}

void exceptions_apply(
	struct resolution *res, struct ast_file *own, const struct compile_exception *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct search s = { res, &v[i], v[i].number, 0 };

		if (v[i].text)
			add_rule(res, own, &v[i], v[i].number);
		else
			change_rule(&s);
	}
}
