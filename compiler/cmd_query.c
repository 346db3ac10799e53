/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "compiler/base/text.h"
#include "compiler/command_input.h"
#include "compiler/commands.h"
#include "compiler/expect.h"

#include <string.h>

enum { OPT_INCLUDE, OPT_JSON };

static const struct option_spec options[] = {
	[OPT_INCLUDE] = OPTION_INCLUDE,
	[OPT_JSON] = OPTION_JSON,
	OPTIONS_END,
};

static const struct operand_spec operands[] = {
	{ "FILE[:PROFILE]", &argument_policy },
	{ "OPERATION", &argument_operation },
	{ "OBJECT", &argument_free },
	OPERANDS_END,
};

static void print_text(struct compilation *c, const struct question *q, const struct decision *d)
{
	const struct rule_line *line = &d->rule->lines[0];
	_cleanup_(text_release) struct text t = TEXT_INIT, at = TEXT_INIT;

	text_puts(&t, verdict_word(d));
	if (d->verdict == VERDICT_KILL && !d->depends)
		text_puts(&t, " and kill");
	if (d->verdict == VERDICT_ALLOW && d->reported)
		text_puts(&t, " and report");
	if (d->depends) {
		const struct request *r = &q->request;
		int call = vocab_syscall_by_number(r->abi, r->number);

		text_printf(&t, " on its arguments\n  allowed: %s\n  refused: %s\n",
			witness_text(c->arena, call, r->abi, d->allowed_witness, d->denied_witness),
			witness_text(
				c->arena, call, r->abi, d->denied_witness, d->allowed_witness));
	} else {
		text_puts(&t, "  ");
		if (!d->rule->derived)
			text_printf(&at, "%s:%u:%u: ", line->file, line->line, line->column);
		text_escaped(&t, text_str(&at), at.len);
		text_escaped(&t, d->rule->text, strlen(d->rule->text));
		if (d->transition >= 0)
			text_printf(&t, "  (enters %s)", q->policy->domains[d->transition]->name);
		text_putc(&t, '\n');
	}
	if (!d->rule->derived) {
		text_printf(&t, "%5u | ", line->line);
		text_escaped(&t, line->text, strlen(line->text));
		text_putc(&t, '\n');
	}
	fputs(text_str(&t), stdout);
}

static void print_decision(
	struct compilation *c, const struct question *q, const struct decision *d)
{
	const struct rule_line *line = &d->rule->lines[0];
	json_t *o = json_object();
	char id[17];

	snprintf(id, sizeof(id), "%016llx", (unsigned long long)d->rule->id);
	json_object_set_new(o, "verdict", json_string(verdict_word(d)));
	json_object_set_new(o, "kill", json_boolean(d->verdict == VERDICT_KILL));
	json_object_set_new(o, "reported", json_boolean(d->reported));
	json_object_set_new(o, "profile", json_text(q->policy->domains[q->domain]->name));
	json_object_set_new(o, "question", json_text(q->text));
	json_object_set_new(o, "rule", json_text(d->rule->text));
	json_object_set_new(o, "rule_id", json_string(id));
	json_object_set_new(o, "file", json_text(line->file));
	json_object_set_new(o, "line", json_integer(line->line));
	json_object_set_new(o, "column", json_integer(line->column));
	if (d->transition >= 0)
		json_object_set_new(
			o, "enters", json_text(q->policy->domains[d->transition]->name));
	if (d->depends) {
		const struct request *r = &q->request;
		int call = vocab_syscall_by_number(r->abi, r->number);

		json_object_set_new(o, "allowed_with",
			json_text(witness_text(
				c->arena, call, r->abi, d->allowed_witness, d->denied_witness)));
		json_object_set_new(o, "refused_with",
			json_text(witness_text(
				c->arena, call, r->abi, d->denied_witness, d->allowed_witness)));
	}
	output_json(o, stdout);
}

static int query(const struct invocation *in)
{
	struct compilation c;
	struct policy *p;
	struct question q;
	struct decision d;
	int32_t domain;

	p = input_profile(&c, in, OPT_INCLUDE, in->operands[0], &domain);
	if (!p || !question_parse(&c, p, domain < 0 ? 0 : (uint32_t)domain, (int)in->n_operands - 1,
			  in->operands + 1, &q)) {
		input_diagnose(&c, option_given(in, OPT_JSON));
		compilation_release(&c);
		return STATUS_POLICY;
	}
	d = decide(p, q.domain, &q.request);
	if (option_given(in, OPT_JSON))
		print_decision(&c, &q, &d);
	else
		print_text(&c, &q, &d);
	compilation_release(&c);
	return STATUS_OK;
}

const struct command cmd_query = {
	.name = "query",
	.summary = "ask what a policy says of one operation",
	.usage = "[OPTION…] FILE[:PROFILE] OPERATION OBJECT…",
	.description = "Prints the verdict (its first word is allow, deny or depends) and the rule "
		       "that decides, with its line. A sub-profile is "
		       "parent/child; without :PROFILE the file's first profile is asked. What the "
		       "shell hands over is taken literally: a '*' in a path is "
		       "a '*'.\n\n"
		       "Exits with 0 whatever the verdict, and with 1 when the policy or the "
		       "question is wrong.",
	.example = "pale query web.pale write /etc/passwd\n"
		   "pale query web.pale connect tcp 10.0.0.1:443\n"
		   "pale query web.pale:web/thumbnailer signal TERM to self\n"
		   "pale query web.pale syscall ioctl cmd=0x5421",
	.options = options,
	.operands = operands,
	.operands_min = 2,
	.operands_max = OPERANDS_ANY,
	.operands_end_options = true,
	.run = query,
};
