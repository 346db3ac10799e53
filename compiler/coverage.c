/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/coverage.h"

#include "compiler/base/json_text.h"
#include "compiler/coverage_notes.h"

#include <errno.h>
#include <stdio.h>

const char *const mechanism_names[MECHANISM_COUNT] = {
	[MECHANISM_SECCOMP] = "seccomp",
	[MECHANISM_OCI] = "oci",
	[MECHANISM_APPARMOR] = "apparmor",
	[MECHANISM_BPF_LSM] = "bpf-lsm",
	[MECHANISM_LANDLOCK] = "landlock",
	[MECHANISM_CGROUP] = "cgroup",
	[MECHANISM_CAPABILITIES] = "capabilities",
};

const char *const coverage_names[4] = {
	[COVERAGE_UNENFORCED] = "unenforced",
	[COVERAGE_EXACT] = "exact",
	[COVERAGE_WIDER] = "wider",
	[COVERAGE_NARROWER] = "narrower",
};

struct coverage *coverage_new(const struct policy *p)
{
	struct coverage *c = arena_alloc(p->arena, sizeof(*c));

	_Static_assert(COVERAGE_UNENFORCED == 0, "what nobody mentions is unenforced");
	c->policy = p;
	c->v = arena_array(p->arena, p->n_rules, sizeof(*c->v));
	return c;
}

void coverage_set(struct coverage *c, const struct rule *rule, enum operation op, enum mechanism m,
	enum coverage_verdict verdict, const char *why)
{
	c->v[rule->index][op][m] = (struct coverage_entry){ .verdict = verdict, .why = why };
}

void coverage_set_all(struct coverage *c, const struct rule *rule, enum mechanism m,
	enum coverage_verdict verdict, const char *why)
{
	for (uint64_t rest = rule->operations; rest; rest &= rest - 1)
		coverage_set(c, rule, (enum operation)__builtin_ctzll(rest), m, verdict, why);
}

/* A thing must pass every mechanism: one that refuses too much settles it, then one that is right.
 */
static const uint8_t together[4] = {
	[COVERAGE_NARROWER] = 3,
	[COVERAGE_EXACT] = 2,
	[COVERAGE_WIDER] = 1,
	[COVERAGE_UNENFORCED] = 0,
};

static const uint8_t badness[4] = {
	[COVERAGE_NARROWER] = 3,
	[COVERAGE_UNENFORCED] = 2,
	[COVERAGE_WIDER] = 1,
	[COVERAGE_EXACT] = 0,
};

/* What refuses before BPF-LSM is asked: the security modules in the order of lsm=, behind commoncap
 * which is always the first. */
static const struct {
	enum mechanism mechanism;
	const char *does_not_kill, *has_its_errno;
	uint64_t operations; /* in which it has a say */
} earlier[] = {
	{ MECHANISM_CAPABILITIES, "capabilities refuses it first, and does not kill",
		"capabilities refuses it first, with EPERM", OP_BIT(OP_CAPABILITY) },
	{ MECHANISM_LANDLOCK, "landlock refuses it first, and does not kill",
		"landlock refuses it first, with an errno of its own",
		OPS_PATH & ~OP_BIT(OP_UMOUNT) },
	{ MECHANISM_APPARMOR, "apparmor refuses it first, and does not kill",
		"apparmor refuses it first, with an errno of its own",
		(OPS_PATH & ~OP_BIT(OP_IOCTL)) | OP_BIT(OP_SOCKET) | OP_BIT(OP_CAPABILITY) |
			OP_BIT(OP_SIGNAL) | OP_BIT(OP_PTRACE) | OP_BIT(OP_MOUNT) | OP_BIT(OP_BIND) |
			OP_BIT(OP_PIVOT) },
};
#define N_EARLIER (sizeof(earlier) / sizeof(*earlier))

/* Landlock answers EACCES, EXDEV or EPERM, by the operation and what it grants elsewhere. */
static bool refuses_with(enum mechanism m, enum operation op, int errnum)
{
	if (m == MECHANISM_LANDLOCK)
		return false;
	if (m == MECHANISM_SECCOMP)
		return errnum == EPERM;
	return errnum == (op == OP_CAPABILITY ? EPERM : EACCES);
}

static bool kills(const struct rule *rule, enum operation op)
{
	return !rule_allows(rule, op) && rule->effect == EFFECT_KILL;
}

static bool has_errno(const struct rule *rule, enum operation op, enum mechanism m)
{
	return !rule_allows(rule, op) && rule->errnum && !refuses_with(m, op, rule->errnum);
}

/* Why the refusal is not the rule's own; NULL when it is. */
static const char *preempted(
	const struct coverage *c, const struct rule *rule, enum operation op, mechanisms set)
{
	if (set & (1u << MECHANISM_SECCOMP) && c->settled_by_seccomp & OP_BIT(op)) {
		if (kills(rule, op))
			return "seccomp refuses every call that does it, and does not kill";
		if (has_errno(rule, op, MECHANISM_SECCOMP))
			return "seccomp refuses every call that does it, with EPERM";
	}
	for (size_t i = 0; i < N_EARLIER; i++) {
		enum mechanism m = earlier[i].mechanism;

		if (!(set & (1u << m)) || c->v[rule->index][op][m].verdict == COVERAGE_UNENFORCED)
			continue;
		if (kills(rule, op))
			return earlier[i].does_not_kill;
		if (has_errno(rule, op, m))
			return earlier[i].has_its_errno;
	}
	return NULL;
}

bool coverage_preempts(const struct policy *p, enum mechanism m)
{
	uint64_t operations = 0;

	for (size_t i = 0; i < N_EARLIER; i++)
		operations |= earlier[i].mechanism == m ? earlier[i].operations : 0;
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *rule = p->rules[i];

		for (uint64_t rest = rule->operations & operations; rest; rest &= rest - 1) {
			enum operation op = (enum operation)__builtin_ctzll(rest);

			if (kills(rule, op) || has_errno(rule, op, m))
				return true;
		}
	}
	return false;
}

enum coverage_verdict coverage_together(const struct coverage *c, const struct rule *rule,
	enum operation op, mechanisms set, const char **ret_why)
{
	const struct coverage_entry *best = NULL;
	const char *why;

	for (int m = 0; m < MECHANISM_COUNT; m++) {
		const struct coverage_entry *e = &c->v[rule->index][op][m];

		if (!(set & (1u << m)))
			continue;
		/* Among equals a reason is worth more than none. */
		if (!best || together[e->verdict] > together[best->verdict] ||
			(e->verdict == best->verdict && !best->why && e->why))
			best = e;
	}
	why = best && best->verdict == COVERAGE_EXACT ? preempted(c, rule, op, set) : NULL;
	if (ret_why)
		*ret_why = why ? why : best ? best->why : NULL;
	return why ? COVERAGE_WIDER : best ? best->verdict : COVERAGE_UNENFORCED;
}

enum coverage_verdict coverage_of_rule(const struct coverage *c, const struct rule *rule,
	mechanisms set, enum operation *ret_op, const char **ret_why)
{
	enum coverage_verdict worst = COVERAGE_EXACT;
	enum operation worst_op = 0;
	const char *worst_why = NULL;
	bool any = false;

	for (uint64_t rest = rule->operations ? rule->operations : rule->implied; rest;
		rest &= rest - 1) {
		enum operation op = (enum operation)__builtin_ctzll(rest);
		const char *why;
		enum coverage_verdict v = coverage_together(c, rule, op, set, &why);

		if (!any || badness[v] > badness[worst]) {
			worst = v;
			worst_op = op;
			worst_why = why;
		}
		any = true;
	}
	if (ret_op)
		*ret_op = worst_op;
	if (ret_why)
		*ret_why = worst_why;
	return any ? worst : COVERAGE_UNENFORCED;
}

static json_t *entry_json(const struct coverage_entry *e)
{
	json_t *o = json_object();

	json_object_set_new(o, "verdict", json_string(coverage_names[e->verdict]));
	if (e->why)
		json_object_set_new(o, "why", json_text(e->why));
	return o;
}

static json_t *lines_json(const struct policy *p, const struct rule *rule)
{
	json_t *lines = json_array();

	for (uint32_t i = 0; i < rule->n_lines; i++) {
		const struct rule_line *l = &rule->lines[i];
		const struct source *source = p->sources->v[l->at.source];
		json_t *o = json_object();

		json_object_set_new(o, "file", json_text(source->portable_name));
		json_object_set_new(o, "line", json_integer(l->line));
		json_object_set_new(o, "column", json_integer(l->column));
		json_array_append_new(lines, o);
	}
	return lines;
}

static json_t *rule_json(const struct coverage *c, const struct rule *rule)
{
	json_t *o = json_object(), *by_mechanism = json_object();
	char id[17];

	snprintf(id, sizeof(id), "%016llx", (unsigned long long)rule->id);
	json_object_set_new(o, "id", json_string(id));
	json_object_set_new(o, "profile", json_text(c->policy->domains[rule->domain]->name));
	json_object_set_new(o, "text", json_text(rule->text));
	json_object_set_new(o, "lines", lines_json(c->policy, rule));
	for (int m = 0; m < MECHANISM_COUNT; m++) {
		json_t *by_operation = json_object();

		for (uint64_t rest = rule->operations; rest; rest &= rest - 1) {
			int op = __builtin_ctzll(rest);

			json_object_set_new(by_operation, vocab_operations[op].name,
				entry_json(&c->v[rule->index][op][m]));
		}
		json_object_set_new(by_mechanism, mechanism_names[m], by_operation);
	}
	json_object_set_new(o, "coverage", by_mechanism);
	return o;
}

json_t *coverage_json(const struct coverage *c)
{
	json_t *o = json_object(), *rules = json_array();

	json_object_set_new(o, "profile", json_text(c->policy->name));
	json_object_set_new(o, "digest", json_string(c->policy->digest));
	for (uint32_t i = 0; i < c->policy->n_rules; i++)
		json_array_append_new(rules, rule_json(c, c->policy->rules[i]));
	json_object_set_new(o, "rules", rules);
	return o;
}
