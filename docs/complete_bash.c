/* SPDX-License-Identifier: Apache-2.0 */
#include "docs/completions.h"
#include "docs/shell_name.h"

/*
 * Associative arrays, which docs/complete/pale.bash reads:
 *
 *	_pale_commands       the names
 *	_pale_options        by command: all options, with their dashes
 *	_pale_arguments      what an argument is: by "COMMAND --option", by "COMMAND =--option"
 * where it may only be joined, by "COMMAND N" for operands from 0, "COMMAND *" for all that follow
 *	_pale_ends_options   by command: set where the first operand ends the options
 *
 * An argument is "free", "file [SUFFIX]", "dir", "command", "word WORD…" or "list WORD…".
 */

static void put_kind(FILE *to, const struct argument_kind *kind)
{
	static const char *const forms[] = {
		[ARGUMENT_FREE] = "free",
		[ARGUMENT_FILE] = "file",
		[ARGUMENT_DIR] = "dir",
		[ARGUMENT_COMMAND] = "command",
		[ARGUMENT_WORD] = "word",
	};

	fprintf(to, "'%s", kind->list ? "list" : forms[kind->form]);
	if (kind->suffix)
		fprintf(to, " %s", kind->suffix);
	for (size_t i = 0; kind->form == ARGUMENT_WORD && kind->word(i); i++)
		fprintf(to, " %s", kind->word(i));
	fputs("'\n", to);
}

static void put_names(FILE *to, const struct option_spec *o)
{
	fprintf(to, "--%s", o->name);
	if (o->short_name)
		fprintf(to, " -%c", o->short_name);
}

static void put_options(const struct program *program, FILE *to)
{
	char name[SHELL_NAME_BYTES];

	fprintf(to, "declare -gA _%s_options=(\n", shell_name(program, name));
	for (const struct command *const *c = program->commands; *c; c++) {
		fprintf(to, "\t[%s]='", (*c)->name);
		for (const struct option_spec *o = (*c)->options; o && o->name; o++) {
			put_names(to, o);
			fputc(' ', to);
		}
		put_names(to, &help_option);
		fputs("'\n", to);
	}
	fputs(")\n", to);
}

static void put_arguments(const struct program *program, const struct command *c, FILE *to)
{
	const struct operand_spec *operand;

	for (const struct option_spec *o = c->options; o && o->name; o++) {
		if (!o->argument)
			continue;
		fprintf(to, "\t['%s %s--%s']=", c->name, o->argument_optional ? "=" : "", o->name);
		put_kind(to, option_kind(o));
		if (!o->short_name || o->argument_optional)
			continue;
		fprintf(to, "\t['%s -%c']=", c->name, o->short_name);
		put_kind(to, option_kind(o));
	}
	for (size_t i = 0; (operand = command_operand(program, c, i)); i++) {
		bool is_command = operand->kind->form == ARGUMENT_COMMAND;
		bool rest = !is_command && command_operand(program, c, i + 1) == operand;

		if (rest)
			fprintf(to, "\t['%s *']=", c->name);
		else
			fprintf(to, "\t['%s %zu']=", c->name, i);
		put_kind(to, operand->kind);
		if (is_command)
			fprintf(to, "\t['%s *']='file'\n", c->name);
		if (rest || is_command)
			break;
	}
}

void complete_bash(const struct program *program, FILE *to)
{
	char name[SHELL_NAME_BYTES];

	fprintf(to, "declare -g _%s_commands='", shell_name(program, name));
	for (const struct command *const *c = program->commands; *c; c++)
		fprintf(to, "%s%s", c == program->commands ? "" : " ", (*c)->name);
	fputs("'\n", to);
	put_options(program, to);
	fprintf(to, "declare -gA _%s_arguments=(\n", name);
	for (const struct command *const *c = program->commands; *c; c++)
		put_arguments(program, *c, to);
	fprintf(to, ")\ndeclare -gA _%s_ends_options=(\n", name);
	for (const struct command *const *c = program->commands; *c; c++) {
		if ((*c)->operands_end_options)
			fprintf(to, "\t[%s]=1\n", (*c)->name);
	}
	fputs(")\n", to);
}
