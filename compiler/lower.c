/* SPDX-License-Identifier: Apache-2.0 */
/* One profile with its sub-profiles: domains, settings, fragments, defaults. */
#include "compiler/lower.h"

#include "compiler/base/suggest.h"
#include "compiler/call_index.h"
#include "compiler/decide.h"
#include "compiler/glob_directory.h"
#include "compiler/path_automaton.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *const limit_names[LIMIT_COUNT] = {
	[LIMIT_PROCESSES] = "processes",
	[LIMIT_MEMORY] = "memory",
	[LIMIT_OPEN_FILES] = "open-files",
	[LIMIT_CPU] = "cpu",
	[LIMIT_FILE_SIZE] = "file-size",
};

int32_t policy_domain_find(const struct policy *p, const char *name)
{
	for (uint32_t i = 0; i < p->n_domains; i++) {
		if (!strcmp(p->domains[i]->name, name))
			return (int32_t)i;
	}
	return -1;
}

int32_t policy_domain_from(const struct policy *p, uint32_t from, const char *name)
{
	int32_t found = policy_domain_find(p, name);

	for (int32_t d = (int32_t)from; found < 0 && d >= 0; d = p->domains[d]->parent)
		found = policy_domain_find(
			p, arena_printf(p->arena, "%s/%s", p->domains[d]->name, name));
	return found;
}

int32_t lower_domain_find(struct lowering *l, const struct word *name, const char *otherwise)
{
	int32_t found;
	struct suggest suggest;
	struct diag *diag;

	found = l->alone ? policy_domain_find(l->policy, name->text)
			 : policy_domain_from(l->policy, l->domain->index, name->text);
	if (found >= 0 || l->alone)
		return found >= 0 ? found : 0;
	diag = diag_error(l->diags, name->at, "profile '%s' has no sub-profile '%s'",
		l->policy->name, name->text);
	suggest_init(&suggest, name->text);
	for (uint32_t i = 0; i < l->policy->n_domains; i++) {
		const char *slash = strrchr(l->policy->domains[i]->name, '/');

		suggest_offer(&suggest, slash ? slash + 1 : l->policy->domains[i]->name);
		if (slash)
			suggest_offer(&suggest, l->policy->domains[i]->name);
	}
	if (suggest_best(&suggest))
		diag_hint(l->diags, diag, "did you mean '%s'?", suggest_best(&suggest));
	else if (resolve_find(l->res, SYMBOL_PROFILE, name->text))
		diag_hint(l->diags, diag,
			"profile '%s' is another policy: a sub-profile stands inside '%s'",
			name->text, l->policy->name);
	else
		diag_hint(l->diags, diag, "%s", otherwise);
	return -1;
}

static bool is_in(const struct body_chain *chain, const struct ast_decl *decl)
{
	for (uint32_t i = 0; i < chain->n; i++) {
		if (chain->v[i] == decl)
			return true;
	}
	return false;
}

/* @chain: from the profile that is looked at to the one that extends @s, which is among them. */
static void extends_itself(struct lowering *l, const struct word *word, struct symbol *s,
	const struct body_chain *chain)
{
	struct diag *d = diag_error(l->diags, word->at, "profile '%s' extends itself", s->name);
	uint32_t i = 0;

	s->broken = true;
	while (chain->v[i] != s->decl)
		i++;
	for (i++; i < chain->n; i++) {
		const struct word *name = &chain->v[i]->name;

		diag_note(l->diags, d, name->at, "by way of '%s'", name->text);
		resolve_find(l->res, SYMBOL_PROFILE, name->text)->broken = true;
	}
}

/* @decl and what it extends, put into @ret the other way round. */
static bool chain_of(struct lowering *l, struct ast_decl *decl, struct body_chain *ret)
{
	struct symbol *s;
	struct diag *d;

	ARENA_PUSH(l->arena, ret->v, ret->n, ret->cap, decl);
	if (!decl->has_extends)
		return true;
	s = resolve_find(l->res, SYMBOL_PROFILE, decl->extends.text);
	if (!s) {
		resolve_unknown(l->res, SYMBOL_PROFILE, &decl->extends);
		return false;
	}
	if (s->broken)
		return false;
	if (is_in(ret, s->decl)) {
		extends_itself(l, &decl->extends, s, ret);
		return false;
	}
	if (s->busy) {
		d = diag_error(l->diags, decl->extends.at,
			"a sub-profile of '%s' cannot extend it: it would hold itself", s->name);
		diag_note(l->diags, d, s->decl->name.at, "the profile begins here");
		return false;
	}
	if (ret->n > CHAIN_MAX) {
		diag_error(l->diags, decl->extends.at,
			"more than %d profiles extend one another here", CHAIN_MAX);
		return false;
	}
	return chain_of(l, s->decl, ret);
}

static void reverse(struct body_chain *chain)
{
	for (uint32_t i = 0; i < chain->n / 2; i++) {
		struct ast_decl *decl = chain->v[i];

		chain->v[i] = chain->v[chain->n - 1 - i];
		chain->v[chain->n - 1 - i] = decl;
	}
}

static bool may_be_declared(struct lowering *l, const struct ast_decl *decl, const char *name)
{
	int32_t twin = policy_domain_find(l->policy, name);
	struct diag *d;

	if (!strcmp(decl->name.text, "self") || !strcmp(decl->name.text, "any")) {
		d = diag_error(
			l->diags, decl->name.at, "a profile cannot be named '%s'", decl->name.text);
		diag_hint(l->diags, d, "in 'signal TERM to %s' the word has a meaning already",
			decl->name.text);
		l->failed = true;
	}
	if (twin >= 0) {
		d = diag_error(l->diags, decl->name.at, "sub-profile '%s' is declared twice",
			decl->name.text);
		diag_note(l->diags, d, l->policy->domains[twin]->at, "first declared here");
		return false;
	}
	if (l->policy->n_domains > DOMAINS_MAX) {
		diag_error(l->diags, l->policy->domains[0]->at,
			"profile '%s' has more than %d sub-profiles", l->policy->name, DOMAINS_MAX);
		l->full = true;
		return false;
	}
	return true;
}

static bool declare_subs(struct lowering *l, struct ast_decl *decl, struct domain *parent);

/* Declares the domains of a profile and, first to last, of the sub-profiles inside it. */
static bool declare_domain(struct lowering *l, struct ast_decl *decl, struct domain *parent)
{
	struct domain *d = arena_alloc(l->arena, sizeof(*d));
	struct domain_source source = { .domain = d };
	bool ok;

	d->index = l->policy->n_domains;
	d->parent = parent ? (int32_t)parent->index : -1;
	d->name = parent ? arena_printf(l->arena, "%s/%s", parent->name, decl->name.text)
			 : decl->name.text;
	d->at = decl->name.at;
	d->line = lower_line(l, decl->at);
	if (!may_be_declared(l, decl, d->name))
		return false;
	ok = chain_of(l, decl, &source.chain);
	reverse(&source.chain);
	ARENA_PUSH(l->arena, l->policy->domains, l->policy->n_domains, l->policy->cap_domains, d);
	ARENA_PUSH(l->arena, l->sources, l->n_sources, l->cap_sources, source);
	for (uint32_t i = 0; i < source.chain.n; i++)
		ok = declare_subs(l, source.chain.v[i], d) && ok;
	return ok;
}

/* Those in the body of @decl. While they are looked at it is busy: none may bring it in again. */
static bool declare_subs(struct lowering *l, struct ast_decl *decl, struct domain *parent)
{
	struct symbol *s = resolve_find(l->res, SYMBOL_PROFILE, decl->name.text);
	bool ok = true;

	if (s && s->decl == decl)
		s->busy = true;
	for (uint32_t i = 0; i < decl->body.n && !l->full; i++) {
		if (decl->body.v[i].kind == ITEM_PROFILE)
			ok = declare_domain(l, decl->body.v[i].profile, parent) && ok;
	}
	if (s && s->decl == decl)
		s->busy = false;
	return ok;
}

static int limit_find(const struct word *name)
{
	for (int i = 0; i < LIMIT_COUNT; i++) {
		if (!strcmp(name->text, limit_names[i]))
			return i;
	}
	assert(!"a limit's name");
	return 0;
}

static bool limit_value(enum limit_kind kind, const struct word *w, uint64_t *ret)
{
	size_t len = strlen(w->text);

	switch (kind) {
	case LIMIT_PROCESSES:
	case LIMIT_OPEN_FILES:
		return number_parse(w->text, len, ret) && *ret > 0;
	case LIMIT_CPU:
		return len > 1 && w->text[len - 1] == '%' && number_parse(w->text, len - 1, ret) &&
		       *ret > 0;
	case LIMIT_MEMORY:
	case LIMIT_FILE_SIZE:
		return number_parse_size(w->text, ret) && *ret > 0;
	case LIMIT_COUNT:
		break;
	}
	return false;
}

static void set_limit(struct lowering *l, const struct ast_limit *ast)
{
	static const char *const wanted[LIMIT_COUNT] = {
		[LIMIT_PROCESSES] = "a number of processes, e.g. 64",
		[LIMIT_MEMORY] = "a size, e.g. 256M",
		[LIMIT_OPEN_FILES] = "a number of descriptors, e.g. 1024",
		[LIMIT_CPU] = "a share of one CPU, e.g. 150%",
		[LIMIT_FILE_SIZE] = "a size, e.g. 1G",
	};
	struct rule *r = lower_new_rule(l, l->domain);
	int kind = limit_find(&ast->name);

	r->limit = (enum limit_kind)kind;
	if (!limit_value(r->limit, &ast->value, &r->limit_value)) {
		struct diag *d = diag_error(l->diags, ast->value.at,
			"'%s' cannot be a limit of '%s'", ast->value.text, ast->name.text);

		diag_hint(l->diags, d, "write %s", wanted[kind]);
		return;
	}
	r->operations = OP_BIT(OP_LIMIT);
	r->effect = EFFECT_DENY;
	r->text = arena_printf(l->arena, "limit %s %s", ast->name.text, ast->value.text);
	ARENA_PUSH(l->arena, r->lines, r->n_lines, r->cap_lines,
		lower_line(l, span_join(ast->name.at, ast->value.at)));
	rule_identify(l->policy, r);
	/* A later body's limit replaces that of the profile it extends. */
	for (uint32_t i = 0; i < l->policy->n_rules; i++) {
		struct rule *old = l->policy->rules[i];

		if (old->operations != OP_BIT(OP_LIMIT) || old->limit != r->limit)
			continue;
		r->index = old->index;
		l->policy->rules[i] = r;
		return;
	}
	r->index = l->policy->n_rules;
	ARENA_PUSH(l->arena, l->policy->rules, l->policy->n_rules, l->policy->cap_rules, r);
}

static void set_abis(struct lowering *l, const struct ast_setting *s)
{
	l->policy->abis = 0;
	for (uint32_t i = 0; i < s->values.n; i++) {
		const struct word *w = &s->values.v[i];
		int abi = vocab_abi_find(w->text);
		struct suggest suggest;
		struct diag *d;

		if (abi >= 0) {
			l->policy->abis |= 1u << abi;
			continue;
		}
		d = diag_error(l->diags, w->at, "unknown ABI '%s'", w->text);
		suggest_init(&suggest, w->text);
		for (int k = 0; k < ABI_COUNT; k++)
			suggest_offer(&suggest, vocab_abi_name((enum abi)k));
		if (suggest_best(&suggest))
			diag_hint(l->diags, d, "did you mean '%s'?", suggest_best(&suggest));
		else
			diag_hint(l->diags, d, "the ABIs are x86_64, x86, x32, aarch64 and arm");
	}
	if (!l->policy->abis)
		l->policy->abis = 1u << vocab_abi_native();
}

static const char *const setting_names[] = {
	[SETTING_MODE] = "mode",
	[SETTING_LIMIT] = "limit",
	[SETTING_ABI] = "abi",
	[SETTING_ON_VIOLATION] = "on violation",
};

/* @by: the sub-profile in whose body it stands, or that extends the profile where it does. */
static void misplaced(struct lowering *l, const struct ast_setting *s, const struct ast_decl *by)
{
	const char *name = setting_names[s->kind];
	struct diag *d;

	if (l->borrowed) {
		d = diag_error(l->diags, by->extends.at,
			"a sub-profile cannot extend what sets '%s'", name);
		diag_note(l->diags, d, s->at, "set here");
	} else {
		d = diag_error(l->diags, s->at, "'%s' belongs to the outermost profile", name);
	}
	diag_hint(l->diags, d, "a process tree has only one; set it in profile '%s'",
		l->policy->name);
}

static void apply_setting(struct lowering *l, struct domain *d, const struct ast_setting *s,
	const struct ast_decl *by)
{
	if (d->parent >= 0 && s->kind != SETTING_ON_VIOLATION) {
		misplaced(l, s, by);
		return;
	}
	switch (s->kind) {
	case SETTING_MODE:
		l->policy->audit = !strcmp(s->values.v[0].text, "audit");
		break;
	case SETTING_ON_VIOLATION:
		d->default_kill = !strcmp(s->values.v[0].text, "kill");
		break;
	case SETTING_ABI:
		set_abis(l, s);
		break;
	case SETTING_LIMIT:
		for (uint32_t i = 0; i < s->n_limits; i++)
			set_limit(l, &s->limits[i]);
		break;
	}
}

/* What one body has set so far: nothing may depend on which of two comes last. */
struct seen {
	const struct span *settings[SETTING_ON_VIOLATION + 1];
	const struct span *limits[LIMIT_COUNT];
};

static void see(struct lowering *l, const struct span **first, const struct span *at,
	const char *what, const char *name)
{
	struct diag *d;

	if (!*first) {
		*first = at;
		return;
	}
	d = diag_error(l->diags, *at, "%s'%s' is set twice", what, name);
	diag_note(l->diags, d, **first, "first here");
}

static void settings_of(struct lowering *l, const struct ast_body *body, const struct ast_decl *by)
{
	struct seen seen = { 0 };

	for (uint32_t i = 0; i < body->n; i++) {
		const struct ast_setting *s = body->v[i].setting;

		if (body->v[i].kind != ITEM_SETTING)
			continue;
		if (s->kind != SETTING_LIMIT)
			see(l, &seen.settings[s->kind], &s->at, "", setting_names[s->kind]);
		for (uint32_t k = 0; k < s->n_limits; k++)
			see(l, &seen.limits[limit_find(&s->limits[k].name)], &s->limits[k].name.at,
				"limit ", s->limits[k].name.text);
		apply_setting(l, l->domain, s, by);
	}
}

static void settings(struct lowering *l, const struct domain_source *source)
{
	l->domain = source->domain;
	for (uint32_t i = 0; i < source->chain.n; i++) {
		l->borrowed = i + 1 < source->chain.n;
		settings_of(l, &source->chain.v[i]->body, source->chain.v[source->chain.n - 1]);
	}
	l->borrowed = false;
}

struct included {
	const struct symbol **v;
	uint32_t n, cap;
	uint32_t depth;
};

static void lower_body(struct lowering *l, const struct ast_decl *decl, struct included *included);

static void include(struct lowering *l, const struct word *name, struct included *included)
{
	struct symbol *s = resolve_find(l->res, SYMBOL_FRAGMENT, name->text);
	bool borrowed = l->borrowed;

	if (!s) {
		struct diag *d = resolve_unknown(l->res, SYMBOL_FRAGMENT, name);
		const char *base = arena_printf(l->arena, "base/%s", name->text);

		if (library_find(l->res, base, l->res->sources->v[name->at.source]))
			diag_hint(l->diags, d,
				"the library has it: add 'use %s' at the top of the file", base);
		return;
	}
	s->used = true;
	if (s->busy) {
		struct diag *d =
			diag_error(l->diags, name->at, "fragment '%s' includes itself", s->name);

		if (name->at.source != s->decl->at.source ||
			name->at.offset - s->decl->at.offset > s->decl->at.len)
			diag_note(l->diags, d, s->decl->name.at, "it begins here");
		s->broken = true;
		return;
	}
	for (uint32_t i = 0; i < included->n; i++) {
		if (included->v[i] == s)
			return;
	}
	if (included->depth == CHAIN_MAX) {
		diag_error(l->diags, name->at, "fragments include one another more than %d deep",
			CHAIN_MAX);
		return;
	}
	ARENA_PUSH(l->arena, included->v, included->n, included->cap, s);
	s->busy = l->borrowed = true;
	included->depth++;
	lower_body(l, s->decl, included);
	included->depth--;
	s->busy = false;
	l->borrowed = borrowed;
}

static void lower_body(struct lowering *l, const struct ast_decl *decl, struct included *included)
{
	for (uint32_t i = 0; i < decl->body.n; i++) {
		const struct ast_item *item = &decl->body.v[i];

		switch (item->kind) {
		case ITEM_RULE:
			lower_rule(l, item->rule);
			break;
		case ITEM_INCLUDE:
			for (uint32_t k = 0; k < item->includes.n; k++)
				include(l, &item->includes.v[k], included);
			break;
		case ITEM_SETTING:
		case ITEM_PROFILE:
			if (decl->kind == DECL_FRAGMENT) {
				struct diag *d = diag_error(
					l->diags, item->at, "a fragment holds rules only");

				diag_hint(l->diags, d,
					"put settings and sub-profiles into the profile that "
					"includes '%s'",
					decl->name.text);
			}
			break;
		}
	}
}

/* A sub-profile may read and map the file through which it is entered. */
static void entry_rules(struct lowering *l)
{
	uint32_t n = l->policy->n_rules;

	for (uint32_t i = 0; i < n; i++) {
		const struct rule *from = l->policy->rules[i];
		struct rule *r;

		if (from->transition < 0)
			continue;
		r = lower_new_rule(l, l->policy->domains[from->transition]);
		r->effect = EFFECT_ALLOW;
		r->implied =
			(from->operations | from->implied) & (OP_BIT(OP_READ) | OP_BIT(OP_MAP));
		r->classes = from->classes;
		r->paths = from->paths;
		r->except_paths = from->except_paths;
		r->any_path = from->any_path;
		r->owner = from->owner;
		r->text = arena_printf(l->arena, "%s (its entry)", from->text);
		r->lines = from->lines;
		r->n_lines = r->cap_lines = from->n_lines;
		rule_identify(l->policy, r);
		r->index = l->policy->n_rules;
		ARENA_PUSH(l->arena, l->policy->rules, l->policy->n_rules, l->policy->cap_rules, r);
	}
}

static void default_rules(struct lowering *l, struct domain *d)
{
	for (int op = 0; op < OP_COUNT; op++) {
		struct rule *r = lower_new_rule(l, d);
		/* fork is what most programs do and is harmless within a limit of processes; it
		 * must be denied by name. */
		bool allow = op == OP_FORK;

		if (op == OP_LIMIT)
			continue;
		r->is_default = true;
		r->any_path = true;
		r->classes = (1u << CLASS_COUNT) - 1;
		r->effect = allow ? EFFECT_ALLOW : d->default_kill ? EFFECT_KILL : EFFECT_DENY;
		r->operations = OP_BIT(op);
		r->text = arena_printf(l->arena, "%s %s by default",
			allow		  ? "allow"
			: d->default_kill ? "kill"
					  : "deny",
			vocab_operations[op].name);
		ARENA_PUSH(l->arena, r->lines, r->n_lines, r->cap_lines, d->line);
		rule_identify(l->policy, r);
		r->index = l->policy->n_rules;
		ARENA_PUSH(l->arena, l->policy->rules, l->policy->n_rules, l->policy->cap_rules, r);
		d->defaults[op] = r;
	}
}

static int by_precedence(const void *x, const void *y, void *op)
{
	const struct rule *a = *(const struct rule *const *)x, *b = *(const struct rule *const *)y;

	if (a == b)
		return 0;
	return rule_before(a, b, *(enum operation *)op) ? -1 : 1;
}

static void order_rules(struct lowering *l, struct domain *d)
{
	uint32_t caps[OP_COUNT] = { 0 };

	for (uint32_t i = 0; i < l->policy->n_rules; i++) {
		struct rule *r = l->policy->rules[i];

		if (r->domain != d->index)
			continue;
		for (uint64_t rest = r->operations | r->implied; rest; rest &= rest - 1) {
			int op = __builtin_ctzll(rest);

			ARENA_PUSH(
				l->arena, d->by_operation[op], d->n_by_operation[op], caps[op], r);
		}
	}
	for (enum operation op = 0; op < OP_COUNT; op++) {
		if (d->n_by_operation[op])
			qsort_r(d->by_operation[op], d->n_by_operation[op], sizeof(struct rule *),
				by_precedence, &op);
	}
}

static uint32_t one_or_none(void *ctx, uint32_t entry, const uint32_t *tags, uint32_t n)
{
	return n == 1 && tags[0] == 0;
}

static const struct dfa *mount_automaton(struct lowering *l, const struct rule *r,
	const struct globs *objects, const struct globs *excepts, bool directories)
{
	struct globs more[2] = { 0 };
	struct dfa_builder *b;
	struct dfa_over_budget over;
	struct dfa *dfa = NULL;

	if (!objects->n)
		return NULL;
	b = dfa_builder_new(l->arena);
	dfa_entry(b);
	if (directories)
		glob_directories(l->arena, objects, &more[0]);
	if (directories && excepts)
		glob_directories(l->arena, excepts, &more[1]);
	for (uint32_t i = 0; i < objects->n; i++)
		dfa_add(b, objects->v[i], 0);
	for (uint32_t i = 0; excepts && i < excepts->n; i++)
		dfa_add(b, excepts->v[i], 1);
	for (uint32_t tag = 0; tag < 2; tag++) {
		for (uint32_t i = 0; i < more[tag].n; i++)
			dfa_add(b, more[tag].v[i], tag);
	}
	if (!dfa_build(b, one_or_none, NULL, &dfa, &over)) {
		struct diag *d = diag_error(l->diags, r->lines[0].at,
			"the paths of this rule need too large an automaton");

		diag_hint(l->diags, d,
			"give its globs longer literal beginnings, or fewer '*' and '**'");
	}
	return dfa;
}

static void start(struct lowering *l, struct resolution *res)
{
	*l = (struct lowering){ .res = res, .arena = res->arena, .diags = res->diags };
	l->policy = arena_alloc(l->arena, sizeof(*l->policy));
	l->policy->arena = l->arena;
	l->policy->sources = res->sources;
	l->policy->file = res->files[0]->source->name;
	l->policy->abis = 1u << vocab_abi_native();
}

static void lower_rules(struct lowering *l)
{
	for (uint32_t i = 0; i < l->n_sources; i++) {
		struct included included = { 0 };

		l->domain = l->sources[i].domain;
		for (uint32_t k = 0; k < l->sources[i].chain.n; k++) {
			l->borrowed = k + 1 < l->sources[i].chain.n;
			lower_body(l, l->sources[i].chain.v[k], &included);
		}
		l->borrowed = false;
		for (uint32_t k = 0; k < l->policy->n_rules; k++) {
			if (l->policy->rules[k]->domain == i && l->policy->rules[k]->only)
				l->domain->only = true;
		}
	}
}

/* false after an error; there is a domain even so. */
static bool start_profile(struct lowering *l, struct resolution *res, struct ast_decl *decl)
{
	bool whole;

	start(l, res);
	l->policy->name = decl->name.text;
	whole = declare_domain(l, decl, NULL);
	assert(l->policy->n_domains);
	return whole;
}

struct policy *lower_outline(struct resolution *res, struct ast_decl *decl)
{
	struct lowering l;

	start_profile(&l, res, decl);
	return l.policy;
}

struct policy *lower_profile(struct resolution *res, struct ast_decl *decl, bool *ret_whole)
{
	uint32_t errors = res->diags->n_errors;
	struct lowering l;
	struct policy *p;
	bool whole = start_profile(&l, res, decl);

	p = l.policy;
	for (uint32_t i = 0; i < l.n_sources; i++)
		settings(&l, &l.sources[i]);
	lower_rules(&l);
	*ret_whole = whole && !l.failed && res->diags->n_errors == errors;
	if (!*ret_whole)
		return p;
	entry_rules(&l);
	for (uint32_t i = 0; i < p->n_domains; i++) {
		if (!p->domains[i]->only)
			derive_syscalls(&l, p->domains[i]);
	}
	for (uint32_t i = 0; i < p->n_domains; i++)
		default_rules(&l, p->domains[i]);
	for (uint32_t i = 0; i < p->n_domains; i++)
		order_rules(&l, p->domains[i]);
	call_index_build(p);
	for (uint32_t i = 0; i < p->n_rules; i++) {
		struct rule *r = p->rules[i];

		if (r->is_default || !(r->operations & (OP_BIT(OP_MOUNT) | OP_BIT(OP_BIND))))
			continue;
		r->mount_on = mount_automaton(&l, r, &r->paths, &r->except_paths, true);
		/* The source of a mount is a string to most filesystems; what is bound, a path. */
		r->mount_source =
			mount_automaton(&l, r, &r->sources, NULL, r->operations & OP_BIT(OP_BIND));
	}
	policy_identify(p);
	*ret_whole = path_automaton_build(p, res->diags);
	if (!*ret_whole)
		return p;
	check_policy(p, res->diags);
	return p;
}

void lower_fragment_alone(struct resolution *res, struct ast_decl *decl)
{
	struct included included = { 0 };
	struct lowering l;
	struct symbol *s = resolve_find(res, SYMBOL_FRAGMENT, decl->name.text);

	start(&l, res);
	l.policy->name = decl->name.text;
	if (!declare_domain(&l, decl, NULL))
		return;
	l.domain = l.policy->domains[0];
	l.borrowed = l.alone = true;
	if (s)
		s->busy = true;
	lower_body(&l, decl, &included);
	if (s)
		s->busy = false;
}
