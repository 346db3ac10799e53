/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/partial.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define ID_DIGITS     16
#define ID_DIGITS_MIN 4

static bool id_begins(uint64_t id, const char *digits, size_t len)
{
	char whole[ID_DIGITS + 1];

	snprintf(whole, sizeof(whole), "%016" PRIx64, id);
	return !strncasecmp(whole, digits, len);
}

/* The one rule identifier that begins so; false with a mistake. */
static bool find_id(struct partial *p, const char *digits, size_t len, uint64_t *ret)
{
	const struct policy *policy = p->coverage->policy;
	bool found = false;

	for (uint32_t i = 0; i < policy->n_rules; i++) {
		uint64_t id = policy->rules[i]->id;

		if (!id_begins(id, digits, len) || (found && id == *ret))
			continue;
		if (found) {
			p->mistake = arena_printf(policy->arena,
				"'%.*s' begins the identifiers of several rules", (int)len, digits);
			return false;
		}
		found = true;
		*ret = id;
	}
	if (!found)
		p->mistake = arena_printf(
			policy->arena, "no rule has the identifier '%.*s'", (int)len, digits);
	return found;
}

static int parse_ids(struct partial *p, const char *ids, uint64_t *ret, uint32_t *ret_n)
{
	for (const char *s = ids; s; s = *s ? s + 1 : NULL) {
		size_t len = strcspn(s, ","), digits = strspn(s, "0123456789abcdefABCDEF");

		if (digits != len || len < ID_DIGITS_MIN || len > ID_DIGITS) {
			p->mistake = arena_printf(p->coverage->policy->arena,
				"'%.*s' is no rule's identifier", (int)len, s);
			return -EINVAL;
		}
		if (!find_id(p, s, len, &ret[*ret_n]))
			return -EINVAL;
		++*ret_n;
		s += len;
	}
	return 0;
}

int partial_init(
	struct partial *p, const struct coverage *c, mechanisms used, bool accept, const char *ids)
{
	const struct policy *policy = c->policy;
	uint32_t n_ids = 0;
	uint64_t *accepted;
	int r;

	*p = (struct partial){ .coverage = c, .used = used };
	accepted = arena_array(policy->arena, ids ? strlen(ids) + 1 : 1, sizeof(*accepted));
	r = accept ? parse_ids(p, ids, accepted, &n_ids) : 0;
	if (r < 0)
		return r;
	p->refused = arena_array(policy->arena, policy->n_rules, sizeof(struct rule *));
	for (uint32_t i = 0; i < policy->n_rules; i++) {
		bool is_accepted = accept && !ids;

		if (coverage_of_rule(c, policy->rules[i], used, NULL, NULL) == COVERAGE_EXACT)
			continue;
		for (uint32_t k = 0; k < n_ids; k++)
			is_accepted |= accepted[k] == policy->rules[i]->id;
		if (is_accepted)
			p->n_accepted++;
		else
			p->refused[p->n_refused++] = policy->rules[i];
	}
	return 0;
}

static void add_rule(struct text *t, const struct partial *p, const struct rule *rule, bool colour)
{
	const struct rule_line *line =
		rule->n_lines ? &rule->lines[0] : &p->coverage->policy->domains[rule->domain]->line;
	enum operation op;
	const char *why = NULL;
	enum coverage_verdict verdict = coverage_of_rule(p->coverage, rule, p->used, &op, &why);

	text_puts(t, colour ? "\033[1m" : "");
	text_escaped(t, line->file, strlen(line->file));
	text_printf(t, ":%" PRIu32 ":%" PRIu32 ": ", line->line, line->column);
	text_puts(t, colour ? "\033[0m" : "");
	text_escaped(t, rule->text, strlen(rule->text));
	text_printf(t, ": %s%s%s for %s", colour ? "\033[1;31m" : "", coverage_names[verdict],
		colour ? "\033[0m" : "", vocab_operations[op].name);
	if (why) {
		text_puts(t, ": ");
		text_escaped(t, why, strlen(why));
	}
	text_printf(t, " (%016" PRIx64 ")\n", rule->id);
}

void partial_print(const struct partial *p, FILE *to, bool colour)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	bool first = true;

	for (uint32_t i = 0; i < p->n_refused; i++)
		add_rule(&t, p, p->refused[i], colour);
	text_printf(&t, "pale run: %" PRIu32 " rule%s cannot be enforced exactly here by ",
		p->n_refused, p->n_refused == 1 ? "" : "s");
	for (int m = 0; m < MECHANISM_COUNT; m++) {
		if (!(p->used & (1u << m)))
			continue;
		text_printf(&t, "%s%s", first ? "" : ", ", mechanism_names[m]);
		first = false;
	}
	text_puts(&t, "; nothing was started\n"
		      "hint: --allow-partial accepts them all, --allow-partial=ID,… those named\n");
	fwrite(t.s, 1, t.len, to);
}
