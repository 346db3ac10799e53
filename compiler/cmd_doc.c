/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/command_input.h"
#include "compiler/commands.h"
#include "compiler/doc.h"

#include <string.h>

enum { OPT_INCLUDE, OPT_JSON };

static const struct option_spec options[] = {
	[OPT_INCLUDE] = OPTION_INCLUDE,
	[OPT_JSON] = OPTION_JSON,
	OPTIONS_END,
};

static const struct operand_spec operands[] = {
	{ "FILE[:PROFILE]", &argument_policy },
	OPERANDS_END,
};

/* A whole file has at least one; a profile that was named stands in the first @n = 1. */
static void print(struct policy *const *policies, uint32_t n, uint32_t domain, bool json)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	json_t *all = json_array();

	for (uint32_t i = 0; i < n; i++) {
		if (json) {
			json_array_append_new(all, doc_json(policies[i], domain));
			continue;
		}
		if (i)
			text_putc(&t, '\n');
		doc_text(&t, policies[i], domain);
	}
	if (json)
		output_json(json_incref(all), stdout);
	else
		fputs(text_str(&t), stdout);
	json_decref(all);
}

static int doc(const struct invocation *in)
{
	bool json = option_given(in, OPT_JSON);
	struct compilation c;
	struct policy *p;
	int32_t domain;

	p = input_profile(&c, in, OPT_INCLUDE, in->operands[0], &domain);
	if (!p)
		input_diagnose(&c, json);
	else if (domain >= 0)
		print(&p, 1, (uint32_t)domain, json);
	else
		print(c.policies, c.n_policies, 0, json);
	compilation_release(&c);
	return p ? STATUS_OK : STATUS_POLICY;
}

const struct command cmd_doc = {
	.name = "doc",
	.summary = "say in plain sentences what a policy allows",
	.usage = "[OPTION…] FILE[:PROFILE]",
	.description = "Prints for each profile what it may do and what it may not, by subjects, "
		       "each sentence with its rule's line: for who decides on a policy and writes "
		       "none. Variables, groups and fragments are put in; how many system calls "
		       "the rules need is counted.",
	.example = "pale doc web.pale\n"
		   "pale doc --json web.pale:web/thumbnailer",
	.options = options,
	.operands = operands,
	.operands_min = 1,
	.operands_max = 1,
	.run = doc,
};
