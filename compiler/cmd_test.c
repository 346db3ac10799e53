/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/command_input.h"
#include "compiler/commands.h"
#include "compiler/expect.h"

#include <string.h>

enum { OPT_INCLUDE };

static const struct option_spec options[] = {
	[OPT_INCLUDE] = OPTION_INCLUDE,
	OPTIONS_END,
};

struct tap {
	uint32_t n, failed;
};

/* A '#' would begin a directive: a test that is named "# skip" must not count as one. */
static void describe(struct text *t, const char *s)
{
	for (size_t n; *s; s += n) {
		n = strcspn(s, "#");
		text_escaped(t, s, n);
		if (s[n] == '#') {
			text_puts(t, "\\#");
			n++;
		}
	}
}

static void result(void *ctx, const struct expectation *e)
{
	struct tap *tap = ctx;
	const struct rule *rule = e->decision.rule;
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_printf(&t, "%sok %u - ", e->holds ? "" : "not ", ++tap->n);
	describe(&t, e->test);
	text_puts(&t, ": ");
	describe(&t, e->question.text);
	if (!e->holds) {
		tap->failed++;
		text_printf(&t, "\n# expected %s, the policy says %s\n# ",
			e->expects_allow ? "allow" : "deny", verdict_word(&e->decision));
		text_escaped(&t, rule->lines[0].file, strlen(rule->lines[0].file));
		text_printf(&t, ":%u:%u: ", rule->lines[0].line, rule->lines[0].column);
		text_escaped(&t, rule->text, strlen(rule->text));
	}
	puts(text_str(&t));
}

static int test(const struct invocation *in)
{
	struct tap tap = { 0 };
	int status = STATUS_OK;

	for (size_t i = 0; i < in->n_operands; i++) {
		struct compilation c;

		input_compile(&c, in, OPT_INCLUDE, in->operands[i]);
		if (!c.diags.n_errors)
			expectations_run(&c, result, &tap);
		if (c.diags.n)
			input_diagnose(&c, false);
		if (c.diags.n_errors) {
			_cleanup_(text_release) struct text name = TEXT_INIT;

			describe(&name, in->operands[i]);
			printf("not ok %u - %s\n", ++tap.n, text_str(&name));
			status = STATUS_POLICY;
		}
		compilation_release(&c);
	}
	printf("1..%u\n", tap.n);
	return tap.failed ? STATUS_POLICY : status;
}

const struct command cmd_test = {
	.name = "test",
	.summary = "run the tests of policies, as TAP",
	.usage = "[OPTION…] FILE…",
	.description = "Runs the tests that stand in each file against its policy's meaning, "
		       "without a kernel, and prints one TAP line for each "
		       "expectation.\n\nExits with 1 when one does not hold.",
	.example = "pale test web.pale",
	.options = options,
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.run = test,
};
