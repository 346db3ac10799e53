/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/parse.h"

#include "compiler/base/suggest.h"
#include "compiler/base/text.h"

#include <stdlib.h>
#include <string.h>

const char *const parse_group_kinds[] = { "syscall", "capability", "cidr", "port", "signal", NULL };
const char *const parse_modes[] = { "audit", "enforce", NULL };
const char *const parse_violations[] = { "deny", "kill", NULL };
const char *const parse_limits[] = { "processes", "memory", "open-files", "cpu", "file-size",
	NULL };
const char *const parse_protocols[] = { "tcp", "udp", "sctp", "icmp", "unix", NULL };
const char *const parse_classes[] = { "drift", "anonymous", NULL };

static const char *choices_listed(struct parse *p, const char *const *choices)
{
	struct text t = TEXT_INIT;
	const char *list;

	for (size_t i = 0; choices[i]; i++)
		text_printf(&t, "%s%s", i == 0 ? "" : choices[i + 1] ? ", " : " or ", choices[i]);
	list = arena_strdup(p->arena, text_str(&t));
	text_release(&t);
	return list;
}

bool parse_choice(struct parse *p, struct word *w, const char *what, const char *const *choices)
{
	struct suggest s;
	const char *best;
	struct diag *d;

	suggest_init(&s, w->text);
	for (size_t i = 0; choices[i]; i++) {
		if (!strcmp(choices[i], w->text))
			return true;
		suggest_offer(&s, choices[i]);
	}
	best = suggest_best(&s);
	if (choices[1])
		d = parse_error_once(p, w->at, "unknown %s '%s'", what, parse_shown(p, w->at));
	else
		d = parse_error_once(
			p, w->at, "expected '%s', found '%s'", choices[0], parse_shown(p, w->at));
	if (d && best)
		diag_hint(p->diags, d, "did you mean '%s'?", best);
	else if (d && choices[1])
		diag_hint(p->diags, d, "write %s", choices_listed(p, choices));
	if (!best)
		return false;
	w->text = best;
	w->len = (uint32_t)strlen(best);
	return true;
}

bool parse_single_number(struct parse *p, const struct word *w)
{
	struct diag *d;

	if (!strstr(w->text, "..") && !(strchr(w->text, '-') && w->text[0] != '-'))
		return true;
	p->spoiled = true;
	d = parse_error_once(
		p, w->at, "expected one number, found the range '%s'", parse_shown(p, w->at));
	if (d && p->in_call)
		diag_hint(p->diags, d, "a range of values is written 'in 1..9'");
	return false;
}

struct ast_rule *parse_rule_new(struct parse *p, enum ast_form form)
{
	struct ast_rule *r = arena_alloc(p->arena, sizeof(*r));

	r->form = form;
	return r;
}

bool parse_tail_once(struct parse *p, bool seen, struct span at, const char *word)
{
	if (seen)
		parse_error_once(p, at, "'%s' stands twice in this rule", word);
	return !seen;
}

static bool word_is(const struct word *w, const char *text)
{
	return !strcmp(w->text, text);
}

static bool all_operations(const struct ast_rule *r, const char *a, const char *b)
{
	for (uint32_t i = 0; i < r->operations.n; i++) {
		if (!word_is(&r->operations.v[i], a) && !word_is(&r->operations.v[i], b))
			return false;
	}
	return true;
}

static bool check_class(struct parse *p, struct ast_rule *r)
{
	const struct word *first = &r->operations.v[r->operations.n - 1];
	struct word *class = &r->object_class;
	struct suggest s;
	struct diag *d;

	if (!word_is(class, parse_classes[0]) && !word_is(class, parse_classes[1])) {
		d = parse_error_once(p, class->at, "expected a path after '%s', found '%s'",
			first->text, parse_shown(p, class->at));
		suggest_init(&s, class->text);
		suggest_offer(&s, parse_classes[0]);
		suggest_offer(&s, parse_classes[1]);
		if (d && parse_operation_find(class->text))
			diag_hint(p->diags, d, "operations are separated by commas");
		else if (d && suggest_best(&s))
			diag_hint(p->diags, d, "did you mean '%s'?", suggest_best(&s));
		else if (d)
			diag_hint(p->diags, d, "a path begins with '/' or '$'");
		return false;
	}
	if (!all_operations(r, "exec", "map")) {
		d = parse_error_once(
			p, class->at, "'%s' goes with exec and map alone", class->text);
		if (d)
			diag_hint(p->diags, d,
				"write a rule for exec or map, and one for the others");
		return false;
	}
	if (word_is(class, "anonymous") && (r->objects.n || r->excepts.n)) {
		const struct word *path = r->objects.n ? &r->objects.v[0] : &r->excepts.v[0];

		parse_error_once(p, path->at, "an anonymous file has no path");
		return false;
	}
	return true;
}

static bool check_endpoint(struct parse *p, const struct word *w, bool local, const char *protocol)
{
	bool is_abstract = !strncmp(w->text, "abstract:", 9);
	bool is_local = w->kind == WORD_PATH || is_abstract;
	struct diag *d;

	if (is_local == local && !(w->kind == WORD_STRING && !is_abstract))
		return true;
	d = parse_error_once(p, w->at, "expected %s after '%s', found '%s'",
		local ? "a path or abstract:NAME" : "an address", protocol, parse_shown(p, w->at));
	if (!d)
		return false;
	if (local)
		diag_hint(p->diags, d, "a unix socket is named by its path, or by abstract:NAME");
	else if (w->kind == WORD_PATH && w->text[0] == '$')
		diag_hint(p->diags, d,
			"a set of addresses is a group: group cidr @name = ..., then @name");
	else
		diag_hint(p->diags, d,
			"write ADDRESS:PORT as in 10.0.0.0/8:443, [fd00::/8]:53 or *:8080");
	return false;
}

static bool check_network(struct parse *p, struct ast_rule *r)
{
	uint32_t n_local = 0;
	struct diag *d;

	for (uint32_t i = 0; i < r->protocols.n; i++) {
		struct word *w = &r->protocols.v[i];

		if (!parse_choice(p, w, "protocol", parse_protocols))
			return false;
		n_local += word_is(w, "unix");
		if (n_local && n_local <= i) {
			d = parse_error_once(p, w->at, "'%s' cannot share a rule with '%s'",
				w->text, r->protocols.v[i - 1].text);
			if (d)
				diag_hint(p->diags, d,
					"unix sockets have paths, the others addresses: write a "
					"rule for each");
			return false;
		}
	}
	for (uint32_t i = 0; i < r->objects.n; i++) {
		if (!check_endpoint(p, &r->objects.v[i], n_local, r->protocols.v[0].text))
			return false;
	}
	for (uint32_t i = 0; i < r->excepts.n; i++) {
		if (!check_endpoint(p, &r->excepts.v[i], n_local, "except"))
			return false;
	}
	return true;
}

/* `name=value` is for requests, where nothing else can be meant; a rule has a predicate. */
static bool check_calls(struct parse *p, const struct ast_calls *calls)
{
	struct diag *d;

	for (uint32_t i = 0; i < calls->n; i++) {
		const struct ast_call *c = &calls->v[i];
		const char *s = p->source->bytes + c->name.at.offset + c->name.at.len;

		while (*s == ' ' || *s == '\t')
			s++;
		if (c->n_predicates == 0 || *s == '(')
			continue;
		d = parse_error_once(p, c->predicates[0].at,
			"arguments stand in parentheses behind '%s'", c->name.text);
		if (d)
			diag_hint(p->diags, d, "write '%s(%s == VALUE)'", c->name.text,
				c->predicates[0].argument.text);
		return false;
	}
	return true;
}

static bool check_shape(struct parse *p, struct ast_rule *r)
{
	if (r->form == FORM_PATHS && r->has_class)
		return check_class(p, r);
	if (r->form == FORM_NETWORK)
		return check_network(p, r);
	return true;
}

static bool check_modifiers(struct parse *p, const struct parse_effect *e, const struct ast_rule *r,
	const struct parse_tail *t)
{
	struct diag *d = NULL;

	if (r->owner && r->form != FORM_PATHS) {
		d = parse_error_once(p, r->owner_at, "'owner' goes with rules about files alone");
	} else if (r->has_errno && r->effect != EFFECT_DENY) {
		d = parse_error_once(p, t->errno_at, "'errno' goes with deny alone");
		if (d)
			diag_hint(p->diags, d, "it is what a refused call returns; '%s' %s",
				e->name,
				r->effect == EFFECT_KILL ? "ends the process" : "refuses nothing");
	} else if (r->has_as && (r->form != FORM_PATHS || !all_operations(r, "exec", "exec"))) {
		d = parse_error_once(p, t->as_at, "'as' goes with exec alone");
		if (d)
			diag_hint(p->diags, d, "it names the sub-profile that a program starts in");
	} else if (r->has_as && r->effect != EFFECT_ALLOW && r->effect != EFFECT_AUDIT) {
		d = parse_error_once(p, t->as_at, "'as' goes with allow and audit alone");
		if (d)
			diag_hint(
				p->diags, d, "a program that may not start enters no sub-profile");
	} else if (r->has_in) {
		d = parse_error_once(p, t->in_at, "'in' goes with the lines of a test alone");
		if (d)
			diag_hint(p->diags, d, "a sub-profile's rules stand in its own block");
	} else {
		return true;
	}
	return false;
}

static void apply_tail(struct ast_rule *r, const struct parse_tail *t)
{
	r->owner = t->owner;
	r->owner_at = t->owner_at;
	r->has_errno = t->has_errno;
	r->errno_name = t->errno_name;
	r->has_as = t->has_as;
	r->as = t->as;
	r->has_in = t->has_in;
	r->in = t->in;
}

/* A request asks one question. */
static bool check_one(struct parse *p, const struct ast_rule *r)
{
	struct span at;
	struct diag *d;

	if (r->operations.n > 1) {
		d = parse_error_once(p, r->operations.v[1].at, "expected one operation, found %u",
			r->operations.n);
	} else if (r->protocols.n > 1) {
		d = parse_error_once(
			p, r->protocols.v[1].at, "expected one protocol, found %u", r->protocols.n);
	} else if (r->objects.n > 1) {
		d = parse_error_once(
			p, r->objects.v[1].at, "expected one object, found %u", r->objects.n);
	} else if (r->calls.n > 1) {
		d = parse_error_once(
			p, r->calls.v[1].at, "expected one object, found %u", r->calls.n);
	} else if (r->calls.n == 1 && r->calls.v[0].protocols.n > 1) {
		d = parse_error_once(p, r->calls.v[0].protocols.v[1].at,
			"expected one protocol, found %u", r->calls.v[0].protocols.n);
	} else if (r->form == FORM_SIGNAL && r->objects.n == 0) {
		at = r->operations.v[0].at;
		at.offset += at.len;
		at.len = 0;
		d = parse_error_once(p, at, "expected a signal's name after 'signal'");
		if (d)
			diag_hint(p->diags, d, "a test asks for one signal: signal TERM to %s",
				r->target.text);
		return false;
	} else {
		return true;
	}
	if (d)
		diag_hint(p->diags, d, "a test asks one thing a line: write a line for each");
	return false;
}

static bool check_question(struct parse *p, const struct ast_rule *r, const struct parse_tail *t)
{
	struct span at;
	const char *word;
	struct diag *d;

	if (r->excepts.n || r->except_calls.n) {
		at = r->excepts.n ? r->excepts.v[0].at : r->except_calls.v[0].at;
		word = "except";
	} else if (r->has_errno) {
		at = t->errno_at;
		word = "errno";
	} else if (r->has_as) {
		at = t->as_at;
		word = "as";
	} else {
		return check_one(p, r);
	}
	d = parse_error_once(p, at, "a test's line has no '%s'", word);
	if (d)
		diag_hint(p->diags, d,
			"it says allow or deny, an operation and an object, and may end "
			"with 'owner' and 'in SUBPROFILE'");
	return false;
}

struct ast_rule *parse_rule_finish(struct parse *p, const struct parse_effect *e,
	struct ast_rule *r, const struct parse_tail *tail, struct span at)
{
	const struct frame *f = &p->frames[p->depth];
	struct diag *d;

	r->at = at;
	r->effect = e->effect;
	r->effect_at = e->at;
	r->effect_name = e->name;
	r->quiet = e->quiet;
	r->only = e->only;
	r->block = f->block;
	apply_tail(r, tail);
	if (e->quiet && e->effect != EFFECT_DENY) {
		d = parse_error_once(p, e->at, "'quiet' goes with deny alone");
		if (d)
			diag_hint(p->diags, d, "only a refusal can go without its report");
		return NULL;
	}
	if (p->spoiled || !check_shape(p, r))
		return NULL;
	if (f->kind != FRAME_TEST)
		return check_calls(p, &r->calls) && check_calls(p, &r->except_calls) &&
				       check_modifiers(p, e, r, tail)
			       ? r
			       : NULL;
	if (e->quiet || (e->effect != EFFECT_ALLOW && e->effect != EFFECT_DENY)) {
		d = parse_error_once(p, e->at, "a test says allow or deny, not '%s'", e->name);
		if (d)
			diag_hint(
				p->diags, d, "deny covers kill and quiet deny, allow covers audit");
		return NULL;
	}
	return check_question(p, r, tail) ? r : NULL;
}

struct ast_rule *parse_request_finish(
	struct parse *p, struct ast_rule *r, const struct parse_tail *tail, struct span at)
{
	r->at = at;
	r->effect = EFFECT_ALLOW;
	r->effect_at = (struct span){ at.source, at.offset, 0 };
	r->effect_name = "";
	apply_tail(r, tail);
	return !p->spoiled && check_shape(p, r) && check_question(p, r, tail) ? r : NULL;
}
