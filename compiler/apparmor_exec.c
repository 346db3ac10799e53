/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/apparmor_exec.h"

#include <string.h>

/* As the parser sees it: escapes are bytes, and a class of one byte is a form. */
static bool has_forms(const char *pattern)
{
	for (const char *s = pattern; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		else if (strchr("*?[{", *s))
			return true;
	}
	return false;
}

static bool counts(const struct apparmor_rule *r, bool owner)
{
	return !r->deny && r->permissions & AA_X && (owner || !r->owner);
}

struct settling {
	uint32_t domain;
	struct apparmor_rules *rules;
	const struct path_grants *grants;
	const uint32_t *rule_of;
	bool any;
};

static struct apparmor_rule *rule_at(const struct apparmor_rules *rules,
	const struct path_grants *grants, const uint32_t *rule_of, const struct path_case *c,
	uint32_t i)
{
	return &rules->v[rule_of[c->grants[i] - grants->v]];
}

/* Whether a rule without forms decides. */
static bool exact_decides(const struct apparmor_rules *rules, const struct path_grants *grants,
	const uint32_t *rule_of, const struct path_case *c, bool owner)
{
	for (uint32_t i = 0; i < c->n_grants; i++) {
		const struct apparmor_rule *r = rule_at(rules, grants, rule_of, c, i);

		if (counts(r, owner) && !has_forms(r->pattern))
			return true;
	}
	return false;
}

int32_t apparmor_entered(const struct apparmor_rules *rules, const struct path_grants *grants,
	const uint32_t *rule_of, const struct path_case *c, bool owner)
{
	bool exact = exact_decides(rules, grants, rule_of, c, owner);

	for (uint32_t i = 0; i < c->n_grants; i++) {
		const struct apparmor_rule *r = rule_at(rules, grants, rule_of, c, i);

		if (counts(r, owner) && !(exact && has_forms(r->pattern)))
			return r->transition;
	}
	return APPARMOR_ENTERS_NOTHING;
}

/* Where decide() leads; APPARMOR_ENTERS_NOTHING when it leads nowhere. */
static int32_t wanted(const struct path_row *row, bool owner)
{
	static const enum object_class classes[] = { CLASS_PLAIN, CLASS_DRIFT };

	for (int i = 0; i < 2; i++) {
		const struct rule *r = row->by[OP_EXEC][PATH_VARIANT(owner, classes[i])];

		if (rule_allows(r, OP_EXEC))
			return r->operations & OP_BIT(OP_EXEC) ? r->transition : -1;
	}
	return APPARMOR_ENTERS_NOTHING;
}

/* false: nothing was taken. */
static bool take_astray(struct settling *k, const struct path_case *c, bool owner)
{
	bool exact = exact_decides(k->rules, k->grants, k->rule_of, c, owner), taken = false;
	int32_t to = wanted(c->rows[k->domain], owner);

	if (to == APPARMOR_ENTERS_NOTHING)
		to = apparmor_entered(k->rules, k->grants, k->rule_of, c, owner);
	for (uint32_t i = 0; i < c->n_grants; i++) {
		struct apparmor_rule *r = rule_at(k->rules, k->grants, k->rule_of, c, i);

		if (!counts(r, owner) || (exact && has_forms(r->pattern)) || r->transition == to)
			continue;
		r->permissions &= ~AA_X;
		taken = true;
	}
	k->any |= taken;
	return taken;
}

static void settle_case(void *ctx, const struct path_case *c)
{
	for (int owner = 0; owner < 2; owner++) {
		/* Behind a rule without forms there may be others. */
		while (take_astray(ctx, c, owner))
			;
	}
}

static bool leads_out(const struct apparmor_rules *rules)
{
	for (uint32_t i = 0; i < rules->n; i++) {
		if (counts(&rules->v[i], true) && rules->v[i].transition >= 0)
			return true;
	}
	return false;
}

int apparmor_settle_exec(const struct policy *p, uint32_t domain, struct apparmor_rules *rules,
	bool *ret_any, struct pale_err **err)
{
	struct path_grants grants;
	struct settling k = { .domain = domain, .rules = rules, .grants = &grants };
	uint32_t *rule_of;
	int r = 0;

	*ret_any = false;
	if (!leads_out(rules))
		return 0;
	do {
		/* What one case lost, another, seen before, may have rested on. */
		k.any = false;
		r = apparmor_grants(p, rules, &grants, &rule_of, err);
		k.rule_of = rule_of;
		if (r == 0)
			r = coverage_walk_paths(p, domain, 1, &grants, settle_case, &k, err);
		*ret_any |= k.any;
	} while (r == 0 && k.any);
	return r;
}
