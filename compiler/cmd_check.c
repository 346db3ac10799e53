/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/command_input.h"
#include "compiler/commands.h"
#include "compiler/expect.h"

#include <string.h>

enum { OPT_INCLUDE, OPT_JSON, OPT_QUIET };

static const struct option_spec options[] = {
	[OPT_INCLUDE] = OPTION_INCLUDE,
	[OPT_JSON] = { "json", .help = "print what is wrong on stderr as one JSON array, "
				       "and nothing else" },
	[OPT_QUIET] = { "quiet", 'q', .help = "say nothing of files that are right" },
	OPTIONS_END,
};

static void summary(const struct compilation *c, const char *path, uint32_t held)
{
	_cleanup_(text_release) struct text name = TEXT_INIT;
	uint32_t rules = 0;

	text_escaped(&name, path, strlen(path));
	for (uint32_t i = 0; i < c->n_policies; i++) {
		for (uint32_t k = 0; k < c->policies[i]->n_rules; k++) {
			const struct rule *r = c->policies[i]->rules[k];

			/* Written ones; what a rule only implies for another has no operations. */
			rules += r->operations && !r->is_default && !r->derived;
		}
	}
	if (c->n_policies)
		printf("%s: right: %u profile%s, %u rules, %u expectations hold\n", text_str(&name),
			c->n_policies, c->n_policies == 1 ? "" : "s", rules, held);
	else
		printf("%s: right: no profile, only what others use\n", text_str(&name));
}

static void add_diagnostics(json_t *all, const struct diag_list *diags)
{
	json_t *more = diag_json(diags);

	json_array_extend(all, more);
	json_decref(more);
}

static int check(const struct invocation *in)
{
	json_t *all = option_given(in, OPT_JSON) ? json_array() : NULL;
	int status = STATUS_OK;

	for (size_t i = 0; i < in->n_operands; i++) {
		struct compilation c;
		uint32_t held;

		input_compile(&c, in, OPT_INCLUDE, in->operands[i]);
		held = expectations_check(&c);
		if (c.diags.n_errors)
			status = STATUS_POLICY;
		if (all)
			add_diagnostics(all, &c.diags);
		else if (c.diags.n)
			input_diagnose(&c, false);
		if (!c.diags.n_errors && !all && !option_given(in, OPT_QUIET))
			summary(&c, in->operands[i], held);
		compilation_release(&c);
	}
	if (all)
		output_json(all, stderr);
	return status;
}

const struct command cmd_check = {
	.name = "check",
	.summary = "find what is wrong in a policy, and run its tests",
	.usage = "[OPTION…] FILE…",
	.description = "Parses and resolves each file with all that it uses, looks for rules that "
		       "can never take effect, and runs the tests "
		       "in it. Needs no kernel and no privilege.\n\n"
		       "Exits with 1 when anything is wrong.",
	.example = "pale check web.pale",
	.options = options,
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.run = check,
};
