/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/artefacts.h"
#include "compiler/base/cleanup.h"
#include "compiler/command_input.h"
#include "compiler/commands.h"

#include <string.h>

enum { OPT_INCLUDE, OPT_JSON, OPT_PROFILE, OPT_WHY, OPT_DERIVED };

static const struct option_spec options[] = {
	[OPT_INCLUDE] = OPTION_INCLUDE,
	[OPT_JSON] = OPTION_JSON,
	[OPT_PROFILE] = { "profile", 0, "NAME", .help = "only this profile" },
	[OPT_WHY] = { "why", .help = "say why a rule is not exact" },
	[OPT_DERIVED] = { "derived", .help = "show the derived syscalls too" },
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

static void print_row(const struct coverage *c, const struct rule *r, bool why)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_printf(&t, "%016llx %4u  ", (unsigned long long)r->id, r->lines[0].line);
	for (int m = 0; m < MECHANISM_COUNT; m++)
		text_printf(&t, "%-*s ", width_of(m),
			word_for(coverage_of_rule(c, r, 1u << m, NULL, NULL)));
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
	fputs(text_str(&t), stdout);
}

static void print_table(const struct policy *p, const struct coverage *c, bool why, bool derived)
{
	_cleanup_(text_release) struct text file = TEXT_INIT;

	text_escaped(&file, p->file, strlen(p->file));
	printf("profile %s  (%s, digest %.12s)\n%-16s %4s  ", p->name, text_str(&file), p->digest,
		"id", "line");
	for (int m = 0; m < MECHANISM_COUNT; m++)
		printf("%-*s ", width_of(m), mechanism_names[m]);
	printf("rule\n");
	for (uint32_t i = 0; i < p->n_rules; i++) {
		if (p->rules[i]->operations && (derived || !p->rules[i]->derived))
			print_row(c, p->rules[i], why);
	}
}

static int explain(const struct invocation *in)
{
	const char *wanted = option_argument(in, OPT_PROFILE);
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	json_t *all = option_given(in, OPT_JSON) ? json_object() : NULL;
	struct compilation c;
	int status = STATUS_OK;

	input_compile(&c, in, OPT_INCLUDE, in->operands[0]);
	if (!c.diags.n_errors)
		compilation_policy(&c, wanted);
	if (c.diags.n)
		input_diagnose(&c, option_given(in, OPT_JSON));
	if (c.diags.n_errors)
		status = STATUS_POLICY;
	for (uint32_t i = 0; i < c.n_policies && status == STATUS_OK; i++) {
		const struct policy *p = c.policies[i];
		struct artefacts made;

		if (wanted && strcmp(p->name, wanted) != 0)
			continue;
		if (artefacts_make(p, NULL, &made, &err) < 0) {
			input_failure(in, err);
			status = STATUS_POLICY;
		} else if (all) {
			json_object_set_new(all, p->name, coverage_json(made.coverage));
		} else {
			print_table(p, made.coverage, option_given(in, OPT_WHY),
				option_given(in, OPT_DERIVED));
		}
		artefacts_release(&made);
	}
	if (all && status == STATUS_OK)
		output_json(json_incref(all), stdout);
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
		       "operations shows the worst. The cgroup is taken to have every controller; "
		       "what this host lacks, 'pale run' tells.",
	.example = "pale explain --why web.pale",
	.options = options,
	.operands_min = 1,
	.operands_max = 1,
	.run = explain,
};
