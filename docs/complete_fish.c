/* SPDX-License-Identifier: Apache-2.0 */
#include "docs/completions.h"
#include "docs/shell_name.h"
#include "docs/shell_quote.h"

/*
 * A function __pale_specs that gives a command's options as fish's argparse takes them, and a
 * `complete` for each candidate; __pale_in, __pale_at and what gives files and lists are in
 * docs/complete/pale.fish.
 */

static void put_spec(FILE *to, const struct option_spec *o)
{
	fputs(" '", to);
	if (o->short_name)
		fprintf(to, "%c/", o->short_name);
	fputs(o->name, to);
	if (o->argument)
		fputs(o->argument_optional ? "=?" : "=", to);
	fputc('\'', to);
}

static void put_specs(const struct program *program, FILE *to)
{
	char name[SHELL_NAME_BYTES];

	fprintf(to, "function __%s_specs\n\tswitch $argv[1]\n", shell_name(program, name));
	for (const struct command *const *c = program->commands; *c; c++) {
		fprintf(to, "\t\tcase %s\n\t\t\tprintf '%%s\\n'%s", (*c)->name,
			(*c)->operands_end_options ? " --stop-nonopt" : "");
		for (const struct option_spec *o = (*c)->options; o && o->name; o++)
			put_spec(to, o);
		put_spec(to, &help_option);
		fputc('\n', to);
	}
	fputs("\tend\nend\n", to);
}

/* What follows -a where one `complete` gives all. */
static void put_candidates(
	const struct program *program, const struct argument_kind *kind, size_t place, FILE *to)
{
	char name[SHELL_NAME_BYTES];

	shell_name(program, name);
	switch (kind->form) {
	case ARGUMENT_FREE:
	case ARGUMENT_FILE:
		if (kind->suffix)
			fprintf(to, " -a '(__%s_files %s)'", name, kind->suffix);
		break;
	case ARGUMENT_DIR:
		fputs(" -a '(__fish_complete_directories)'", to);
		break;
	case ARGUMENT_COMMAND:
		fprintf(to, " -a '(__%s_command_line %zu)'", name, place);
		break;
	case ARGUMENT_WORD:
		fprintf(to, " -a '%s", kind->list ? "(__" : "");
		if (kind->list)
			fprintf(to, "%s_list", name);
		for (size_t i = 0; kind->word(i); i++)
			fprintf(to, "%s%s", i || kind->list ? " " : "", kind->word(i));
		fputs(kind->list ? ")'" : "'", to);
		break;
	}
}

static bool any_file(const struct argument_kind *kind)
{
	return kind->form == ARGUMENT_FILE && !kind->suffix;
}

static void put_option(const struct program *program, const struct command *command,
	const struct option_spec *o, FILE *to)
{
	const struct argument_kind *kind = option_kind(o);
	char name[SHELL_NAME_BYTES];

	fprintf(to, "complete -c %s -n '__%s_in %s' -l %s", program->name,
		shell_name(program, name), command->name, o->name);
	if (o->short_name)
		fprintf(to, " -s %c", o->short_name);
	if (o->argument) {
		/* Joined only: fish is not told that an argument must follow. */
		if (!o->argument_optional)
			fputs(" -r", to);
		fputs(any_file(kind) ? " -F" : " -f", to);
		put_candidates(program, kind, 0, to);
	}
	fputs(" -d ", to);
	quote_fish(to, o->help);
	fputc('\n', to);
}

static void put_operand(const struct program *program, const struct command *command, size_t place,
	const struct operand_spec *o, bool rest, FILE *to)
{
	const struct argument_kind *kind = o->kind;
	bool each = kind->form == ARGUMENT_WORD && kind->summary && !kind->list;
	char name[SHELL_NAME_BYTES];

	shell_name(program, name);
	for (size_t i = 0; !each || kind->word(i); i++) {
		fprintf(to, "complete -c %s -n '__%s_at %s %zu%s'", program->name, name,
			command->name, place, rest ? " +" : "");
		fputs(any_file(kind) ? " -F" : " -f", to);
		if (!each) {
			put_candidates(program, kind, place, to);
			fputc('\n', to);
			return;
		}
		fprintf(to, " -a %s -d ", kind->word(i));
		quote_fish(to, kind->summary(i));
		fputc('\n', to);
	}
}

static void put_command(const struct program *program, const struct command *command, FILE *to)
{
	const struct operand_spec *operand;

	for (const struct option_spec *o = command->options; o && o->name; o++)
		put_option(program, command, o, to);
	put_option(program, command, &help_option, to);
	for (size_t i = 0; (operand = command_operand(program, command, i)); i++) {
		bool rest = command_operand(program, command, i + 1) == operand;

		put_operand(program, command, i, operand, rest, to);
		if (rest)
			return;
	}
}

void complete_fish(const struct program *program, FILE *to)
{
	char name[SHELL_NAME_BYTES];

	put_specs(program, to);
	for (const struct command *const *c = program->commands; *c; c++) {
		for (int help = 0; help < 2; help++) {
			fprintf(to, "complete -c %s -n __%s_%s -a %s -d ", program->name,
				shell_name(program, name), help ? "in_help" : "begins", (*c)->name);
			quote_fish(to, (*c)->summary);
			fputc('\n', to);
		}
		put_command(program, *c, to);
	}
}
