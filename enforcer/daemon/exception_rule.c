/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/exception_rule.h"

#include "compiler/base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void exception_free(struct exception *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->n_places; i++)
		free(e->places[i].file);
	free(e->places);
	free(e->profile);
	free(e->text);
	free(e->rule);
	free(e);
}

void exception_freep(struct exception **e)
{
	exception_free(*e);
}

void exception_add_place(struct exception *e, const char *file, uint32_t line, uint32_t column)
{
	e->places = reallocarray(e->places, e->n_places + 1, sizeof(*e->places));
	if (!e->places)
		abort();
	e->places[e->n_places++] = (struct place){ strdup(file), line, column };
}

static bool has_place(const struct exception *e, const struct rule_line *l)
{
	for (size_t i = 0; i < e->n_places; i++) {
		const struct place *at = &e->places[i];

		if (at->line == l->line && at->column == l->column &&
			strcmp(at->file, l->file) == 0)
			return true;
	}
	return false;
}

/* All the places where an equal rule stands: each would refuse by itself. Several profiles have the
 * rule of a fragment, at one place. */
static void add_places(struct exception *e, const struct rule *rule)
{
	for (uint32_t i = 0; i < rule->n_lines; i++) {
		const struct rule_line *l = &rule->lines[i];

		if (!has_place(e, l))
			exception_add_place(e, l->file, l->line, l->column);
	}
}

static bool refuses(const struct rule *r)
{
	return !r->is_default && !r->derived &&
	       (r->effect == EFFECT_DENY || r->effect == EFFECT_KILL) &&
	       !(r->operations & OP_BIT(OP_LIMIT));
}

/* "web.pale:7" in *@file, malloc-ed, and *@line. Rules' texts have blanks. */
static bool split_place(const char *rule, char **file, uint32_t *line)
{
	const char *colon = strrchr(rule, ':');
	char *end;
	unsigned long n =
		colon && isdigit((unsigned char)colon[1]) ? strtoul(colon + 1, &end, 10) : 0;

	if (!n || *end || n > UINT32_MAX || colon == rule || strpbrk(rule, " \t"))
		return false;
	*file = strndup(rule, (size_t)(colon - rule));
	*line = (uint32_t)n;
	return true;
}

static bool stands_at(const struct rule *rule, const char *file, uint32_t line)
{
	for (uint32_t i = 0; i < rule->n_lines; i++) {
		if (rule->lines[i].line == line && strcmp(rule->lines[i].file, file) == 0)
			return true;
	}
	return false;
}

static const char *domain_name(const struct policy *p, int32_t domain)
{
	return domain < 0 ? p->name : p->domains[domain]->name;
}

static bool is_in(const struct rule *r, int32_t domain)
{
	return domain < 0 || r->domain == (uint32_t)domain;
}

static int find_by_place(struct exception *e, const struct node_policy *p, const char *file,
	uint32_t line, int32_t domain, struct pale_err **err)
{
	const struct policy *policy = p->policy;
	const struct rule *found = NULL;
	bool other = false;

	if (strcmp(file, policy->name) == 0)
		file = p->main;
	for (uint32_t i = 0; i < policy->n_rules; i++) {
		const struct rule *r = policy->rules[i];

		if (!is_in(r, domain) || !stands_at(r, file, line))
			continue;
		if (!refuses(r)) {
			other = true;
		} else if (found && strcmp(found->text, r->text) != 0) {
			return pale_err_plain(err, EINVAL,
				"several rules refuse at %s:%u: name one by its text", file, line);
		} else {
			found = r;
			add_places(e, r);
		}
	}
	if (found)
		return 0;
	if (other)
		return pale_err_plain(
			err, EINVAL, "what stands at %s:%u is no rule that refuses", file, line);
	return pale_err_plain(err, EINVAL, "profile '%s' has no rule at %s:%u",
		domain_name(policy, domain), file, line);
}

static int find_by_text(struct exception *e, const struct node_policy *p, const char *text,
	int32_t domain, struct pale_err **err)
{
	for (uint32_t i = 0; i < p->policy->n_rules; i++) {
		const struct rule *r = p->policy->rules[i];

		if (refuses(r) && strcmp(r->text, text) == 0 && is_in(r, domain))
			add_places(e, r);
	}
	if (e->n_places)
		return 0;
	return pale_err_plain(
		err, EINVAL, "profile '%s' has no rule '%s'", domain_name(p->policy, domain), text);
}

/* What is changed is the text: where several profiles have it, as of a fragment, all would let pass
 * what one was asked for. */
static int check_others(
	const struct exception *e, const struct policy *p, int32_t domain, struct pale_err **err)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *r = p->rules[i];

		for (uint32_t k = 0; !is_in(r, domain) && k < r->n_lines; k++) {
			const struct rule_line *l = &r->lines[k];

			if (has_place(e, l))
				return pale_err_plain(err, EINVAL,
					"what stands at %s:%u is a rule of profile '%s', too",
					l->file, l->line, p->domains[r->domain]->name);
		}
	}
	return 0;
}

char *exception_squeezed(const char *s)
{
	struct text t = TEXT_INIT;

	for (s += strspn(s, " \t"); *s;) {
		size_t n = strcspn(s, " \t");

		text_add(&t, s, n);
		s += n;
		s += strspn(s, " \t");
		if (*s)
			text_putc(&t, ' ');
	}
	return text_take(&t);
}

static bool begins_with_refusal(const char *s)
{
	static const char *const words[] = { "deny ", "kill ", "quiet deny " };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strncmp(s, words[i], strlen(words[i])) == 0)
			return true;
	}
	return false;
}

static int find_domain(
	const struct policy *p, const char *name, int32_t *ret, struct pale_err **err)
{
	*ret = name ? policy_domain_from(p, 0, name) : -1;
	return name && *ret < 0 ? pale_err_plain(err, EINVAL,
					  "profile '%s' has no sub-profile '%s'", p->name, name)
				: 0;
}

int exception_understand(struct exception *e, const struct node_policy *p,
	const struct exception_request *request, struct pale_err **err)
{
	_cleanup_free_ char *text = exception_squeezed(request->rule), *file = NULL;
	uint32_t line;
	int32_t domain;
	int r;

	for (const char *s = request->rule; *s; s++) {
		if (iscntrl((unsigned char)*s) && *s != '\t')
			return pale_err_plain(err, EINVAL, "the rule has a control character");
	}
	r = find_domain(p->policy, request->in, &domain, err);
	if (r < 0)
		return r;
	if (split_place(request->rule, &file, &line))
		r = find_by_place(e, p, file, line, domain, err);
	else if (begins_with_refusal(text))
		r = find_by_text(e, p, text, domain, err);
	if (r < 0 || e->n_places)
		return r < 0 ? r : check_others(e, p->policy, domain, err);
	e->text = strdup(request->rule);
	e->profile = strdup(p->policy->domains[domain < 0 ? 0 : domain]->name);
	return 0;
}
