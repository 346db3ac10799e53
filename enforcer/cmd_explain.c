/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/artefacts.h"
#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "compiler/command_input.h"
#include "enforcer/apply.h"
#include "enforcer/commands.h"
#include "enforcer/explain_html.h"
#include "enforcer/host.h"

#include <string.h>

enum { OPT_INCLUDE, OPT_JSON, OPT_PROFILE, OPT_WHY, OPT_DERIVED, OPT_HOST, OPT_HTML };

static const struct option_spec options[] = {
	[OPT_INCLUDE] = OPTION_INCLUDE,
	[OPT_JSON] = OPTION_JSON,
	[OPT_PROFILE] = { "profile", 0, "NAME", .help = "only this profile" },
	[OPT_WHY] = { "why", .help = "say why a rule is not exact" },
	[OPT_DERIVED] = { "derived", .help = "show the derived syscalls too" },
	[OPT_HOST] = { "host", .help = "what the mechanisms of this host make of it together, as "
				       "'pale run' would use "
				       "them" },
	[OPT_HTML] = { "html", .help = "print a page for reviewers: sentences, a graph of the "
				       "profiles, and the table" },
	OPTIONS_END,
};

static int width_of(int mechanism)
{
	int len = (int)strlen(mechanism_names[mechanism]);

	return len > 8 ? len : 8;
}

/* A mechanism that has no say in a rule says nothing: most have none in most. */
static const char *word_for(enum coverage_verdict verdict)
{
	return verdict == COVERAGE_UNENFORCED ? "-" : coverage_names[verdict];
}

/* A policy, what each mechanism makes of it, and what those of this host do together. */
struct explanation {
	const struct policy *policy;
	const struct coverage *coverage;
	const struct coverage *here; /* NULL: not asked for */
	mechanisms used;
};

static void print_row(const struct explanation *x, const struct rule *r, bool why)
{
	const struct coverage *c = x->coverage;
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_printf(&t, "%016llx %4u  ", (unsigned long long)r->id, r->lines[0].line);
	for (int m = 0; m < MECHANISM_COUNT; m++)
		text_printf(&t, "%-*s ", width_of(m),
			word_for(coverage_of_rule(c, r, 1u << m, NULL, NULL)));
	if (x->here)
		text_printf(&t, "%-10s ",
			coverage_names[coverage_of_rule(x->here, r, x->used, NULL, NULL)]);
	text_escaped(&t, r->text, strlen(r->text));
	text_putc(&t, '\n');
	for (int m = 0; why && m < MECHANISM_COUNT; m++) {
		enum operation op;
		const char *reason;
		enum coverage_verdict v = coverage_of_rule(c, r, 1u << m, &op, &reason);

		if (v == COVERAGE_EXACT || !reason)
			continue;
		text_printf(&t, "%22s %s: %s: ", "", mechanism_names[m], vocab_operations[op].name);
		text_escaped(&t, reason, strlen(reason));
		text_putc(&t, '\n');
	}
	if (why && x->here) {
		enum operation op;
		const char *reason;

		if (coverage_of_rule(x->here, r, x->used, &op, &reason) != COVERAGE_EXACT &&
			reason) {
			text_printf(&t, "%22s here: %s: ", "", vocab_operations[op].name);
			text_escaped(&t, reason, strlen(reason));
			text_putc(&t, '\n');
		}
	}
	fputs(text_str(&t), stdout);
}

static void print_table(const struct explanation *x, bool why, bool derived)
{
	_cleanup_(text_release) struct text file = TEXT_INIT;
	const struct policy *p = x->policy;

	text_escaped(&file, p->file, strlen(p->file));
	printf("profile %s  (%s, digest %.12s)\n%-16s %4s  ", p->name, text_str(&file), p->digest,
		"id", "line");
	for (int m = 0; m < MECHANISM_COUNT; m++)
		printf("%-*s ", width_of(m), mechanism_names[m]);
	printf(x->here ? "here       rule\n" : "rule\n");
	for (uint32_t i = 0; i < p->n_rules; i++) {
		if (p->rules[i]->operations && (derived || !p->rules[i]->derived))
			print_row(x, p->rules[i], why);
	}
}

static void print_host(const struct explanation *x, const struct host *h)
{
	printf("here:");
	for (int m = 0; m < MECHANISM_COUNT; m++) {
		if (x->used & (1u << m))
			printf(" %s", mechanism_names[m]);
	}
	putchar('\n');
	for (int m = 0; m < MECHANISM_COUNT; m++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;

		if (!h->why_not[m])
			continue;
		text_escaped(
			&t, pale_err_text(h->why_not[m]), strlen(pale_err_text(h->why_not[m])));
		printf("  not %s: %s\n", mechanism_names[m], text_str(&t));
	}
}

static json_t *here_json(const struct explanation *x)
{
	json_t *o = json_object(), *names = json_array(), *rules = json_object();

	for (int m = 0; m < MECHANISM_COUNT; m++) {
		if (x->used & (1u << m))
			json_array_append_new(names, json_string(mechanism_names[m]));
	}
	for (uint32_t i = 0; i < x->policy->n_rules; i++) {
		const struct rule *r = x->policy->rules[i];
		const char *why = NULL;
		enum operation op;
		enum coverage_verdict v;
		json_t *rule;
		char id[17];

		if (!r->operations || r->derived)
			continue;
		v = coverage_of_rule(x->here, r, x->used, &op, &why);
		rule = json_object();
		json_object_set_new(rule, "verdict", json_string(coverage_names[v]));
		if (v != COVERAGE_EXACT) {
			json_object_set_new(
				rule, "operation", json_string(vocab_operations[op].name));
			json_object_set_new(rule, "why", why ? json_text(why) : json_null());
		}
		snprintf(id, sizeof(id), "%016llx", (unsigned long long)r->id);
		json_object_set_new(rules, id, rule);
	}
	json_object_set_new(o, "mechanisms", names);
	json_object_set_new(o, "rules", rules);
	return o;
}

/* One profile, to stdout, or into @all or @page. */
static int explain_policy(const struct invocation *in, const struct policy *p,
	const struct host *host, json_t *all, struct text *page, struct pale_err **err)
{
	_cleanup_(enforcement_freep) struct enforcement *e = NULL;
	struct explanation x = { .policy = p };
	struct artefacts made;
	int r = artefacts_make(p, NULL, &made, err);

	if (r >= 0 && host)
		r = enforcement_new(p, host, host_default(host, p), &e, err);
	if (r >= 0) {
		x.coverage = made.coverage;
		x.here = e ? e->coverage : NULL;
		x.used = e ? e->used : 0;
	}
	if (r >= 0 && all) {
		json_t *o = coverage_json(made.coverage);

		if (x.here)
			json_object_set_new(o, "here", here_json(&x));
		json_object_set_new(all, p->name, o);
	} else if (r >= 0 && page) {
		explain_html_policy(page, p, made.coverage);
	} else if (r >= 0) {
		print_table(&x, option_given(in, OPT_WHY), option_given(in, OPT_DERIVED));
		if (x.here)
			print_host(&x, host);
	}
	artefacts_release(&made);
	return r;
}

static int explain(const struct invocation *in)
{
	const char *wanted = option_argument(in, OPT_PROFILE);
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(host_release) struct host host = { 0 };
	json_t *all = option_given(in, OPT_JSON) ? json_object() : NULL;
	_cleanup_(text_release) struct text page = TEXT_INIT;
	bool html = option_given(in, OPT_HTML);
	struct compilation c;
	int status = STATUS_OK;

	if (html && (all || option_given(in, OPT_HOST))) {
		json_decref(all);
		return usage_error(in, "'--html' goes with neither '--json' nor '--host'");
	}
	explain_html_begin(&page, in->operands[0]);

	input_compile(&c, in, OPT_INCLUDE, in->operands[0]);
	if (!c.diags.n_errors)
		compilation_policy(&c, wanted);
	if (c.diags.n)
		input_diagnose(&c, option_given(in, OPT_JSON));
	if (c.diags.n_errors)
		status = STATUS_POLICY;
	if (status == STATUS_OK && option_given(in, OPT_HOST))
		host_probe(&host);
	for (uint32_t i = 0; i < c.n_policies && status == STATUS_OK; i++) {
		const struct policy *p = c.policies[i];

		if (wanted && strcmp(p->name, wanted) != 0)
			continue;
		if (explain_policy(in, p, option_given(in, OPT_HOST) ? &host : NULL, all,
			    html ? &page : NULL, &err) < 0) {
			input_failure(in, err);
			status = STATUS_POLICY;
		}
	}
	if (all && status == STATUS_OK)
		output_json(json_incref(all), stdout);
	explain_html_end(&page);
	if (html && status == STATUS_OK)
		status = output_text(in, NULL, &page);
	json_decref(all);
	compilation_release(&c);
	return status;
}

const struct command cmd_explain = {
	.name = "explain",
	.summary = "what each mechanism makes of each rule",
	.usage = "[OPTION…] FILE",
	.description = "A table with a line for each rule, the defaults too: its id, its line, and "
		       "for each mechanism exact, wider (lets more through), narrower "
		       "(refuses what the policy allows) or -, unenforced. A rule with several "
		       "operations shows the worst. The cgroup is taken to have every controller, "
		       "and Landlock to be the newest.\n\n"
		       "With --host a column more: what the mechanisms that this host has make of "
		       "the rule together, used as 'pale run' uses them, which starts only what is "
		       "exact here. Below it, what the host lacks, and why.",
	.example = "pale explain --why web.pale\npale explain --host web.pale\n"
		   "pale explain --html web.pale >web.html",
	.options = options,
	.operands_min = 1,
	.operands_max = 1,
	.run = explain,
};
