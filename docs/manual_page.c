/* SPDX-License-Identifier: Apache-2.0 */
#include "docs/manual_page.h"

#include <ctype.h>
#include <string.h>

/*
 * scdoc reads a line's first character as the start of a heading, list, table or comment, and a
 * backslash takes that away. Not from '.' and '\'', which would then begin a request of roff: '\''
 * it guards itself while it is not escaped, and '.' stands behind an empty bold word.
 */
static void put_char(FILE *to, char c, bool starts_line)
{
	if (strchr("\\*_+", c) || (starts_line && strchr("#-|[];<>`", c)))
		fputc('\\', to);
	else if (starts_line && c == '.')
		fputs("**", to);
	fputc(c, to);
}

static void put_text(FILE *to, const char *s, size_t len, bool starts_line)
{
	for (size_t i = 0; i < len; i++)
		put_char(to, s[i], starts_line && i == 0);
}

/* Paragraphs, each on a line of its own behind @indent. */
static void put_paragraphs(FILE *to, const char *s, const char *indent)
{
	while (*s) {
		const char *end = strstr(s, "\n\n");
		size_t len = end ? (size_t)(end - s) : strlen(s);

		fputs(indent, to);
		for (size_t i = 0; i < len; i++)
			put_char(to, s[i] == '\n' ? ' ' : s[i], i == 0);
		fputs("\n\n", to);
		s += len;
		s += strspn(s, "\n");
	}
}

static size_t option_length(const char *s)
{
	size_t len = strspn(s, "-");

	while (len && (isalnum((unsigned char)s[len]) || s[len] == '-'))
		len++;
	return len;
}

/* "-p FILE[:PROFILE]": options bold, what is to be replaced underlined. */
static void put_usage(FILE *to, const char *s)
{
	bool in_word = false;

	while (*s) {
		size_t option = in_word ? 0 : option_length(s);
		size_t capitals = in_word ? 0 : strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
		size_t len = option ? option : capitals;

		if (len) {
			fputc(option ? '*' : '_', to);
			put_text(to, s, len, false);
			fputc(option ? '*' : '_', to);
			s += len;
		} else {
			in_word = isalnum((unsigned char)*s);
			put_char(to, *s++, false);
		}
	}
}

static void put_words(FILE *to, const struct argument_kind *kind)
{
	fprintf(to, "\t%s: ", kind->list ? "Any of" : "One of");
	for (size_t i = 0; kind->word(i); i++) {
		if (i)
			fputs(", ", to);
		fputc('*', to);
		put_text(to, kind->word(i), strlen(kind->word(i)), false);
		fputc('*', to);
	}
	fputs(".\n\n", to);
}

static void put_option(FILE *to, const struct option_spec *o)
{
	if (o->short_name)
		fprintf(to, "*-%c*, ", o->short_name);
	fputs("*--", to);
	put_text(to, o->name, strlen(o->name), false);
	fputc('*', to);
	if (o->argument) {
		fputs(o->argument_optional ? "[=" : " ", to);
		put_usage(to, o->argument);
		if (o->argument_optional)
			fputc(']', to);
	}
	fputc('\n', to);
	put_paragraphs(to, o->help, "\t");
	if (option_kind(o)->form == ARGUMENT_WORD)
		put_words(to, option_kind(o));
}

/* The vocabulary of an operand. */
static void put_operand(FILE *to, const struct operand_spec *o)
{
	put_usage(to, o->name);
	fputs(" is one of:\n\n", to);
	for (size_t i = 0; o->kind->word(i); i++) {
		const char *summary = o->kind->summary ? o->kind->summary(i) : NULL;

		fputc('*', to);
		put_text(to, o->kind->word(i), strlen(o->kind->word(i)), false);
		fputs("*\n", to);
		if (summary)
			put_paragraphs(to, summary, "\t");
		else
			fputc('\n', to);
	}
}

static void put_operands(FILE *to, const struct program *program, const struct command *command)
{
	const struct operand_spec *o, *last = NULL;
	bool any = false;

	for (size_t i = 0; (o = command_operand(program, command, i)) && o != last; i++) {
		last = o;
		if (o->kind->form != ARGUMENT_WORD)
			continue;
		if (!any)
			fputs("# OPERANDS\n\n", to);
		any = true;
		put_operand(to, o);
	}
}

static void put_exit_status(FILE *to)
{
	fputs("# EXIT STATUS\n\n", to);
	for (int i = 0; i < STATUS_COUNT; i++) {
		fprintf(to, "*%d*\n", i);
		put_paragraphs(to, exit_status_texts[i], "\t");
	}
}

/* A literal block; a backslash escapes there, too. */
static void put_example(FILE *to, const char *s)
{
	bool starts_line = true;

	fputs("# EXAMPLES\n\n```\n", to);
	for (; *s; s++) {
		if (*s == '\\' || (starts_line && *s == '`'))
			fputc('\\', to);
		fputc(*s, to);
		starts_line = *s == '\n';
	}
	fputs(starts_line ? "```\n\n" : "\n```\n\n", to);
}

static void put_title(
	FILE *to, const struct program *program, const char *command, const char *summary)
{
	const char *dash = *command ? "-" : "";

	/* A name is one of letters, digits and dashes. */
	fprintf(to, "%s%s%s(%d) \"%s %s\"\n\n# NAME\n\n%s%s%s - ", program->name, dash, command,
		program->section, program->name, PALE_VERSION, program->name, dash, command);
	put_text(to, summary, strlen(summary), false);
	fputs("\n\n", to);
}

void manual_page_program(const struct program *program, FILE *to)
{
	put_title(to, program, "", program->tagline);
	fprintf(to,
		"# SYNOPSIS\n\n*%s* _COMMAND_ [_OPTION_…] [_ARGUMENT_…]++\n"
		"*%s help* [_COMMAND_]++\n*%s --version*\n\n# DESCRIPTION\n\n",
		program->name, program->name, program->name);
	put_paragraphs(to, program->summary, "");
	fputs("# COMMANDS\n\n", to);
	for (const struct command *const *c = program->commands; *c; c++) {
		fprintf(to, "*%s-%s*(%d)\n", program->name, (*c)->name, program->section);
		put_paragraphs(to, (*c)->summary, "\t");
	}
	put_exit_status(to);
}

void manual_page_command(const struct program *program, const struct command *command, FILE *to)
{
	put_title(to, program, command->name, command->summary);
	fprintf(to, "# SYNOPSIS\n\n*%s %s* ", program->name, command->name);
	put_usage(to, command->usage);
	fputs("\n\n# DESCRIPTION\n\n", to);
	put_paragraphs(to, command->description, "");
	put_operands(to, program, command);
	fputs("# OPTIONS\n\n", to);
	for (const struct option_spec *o = command->options; o && o->name; o++)
		put_option(to, o);
	put_option(to, &help_option);
	if (command->exit_status) {
		fputs("# EXIT STATUS\n\n", to);
		put_paragraphs(to, command->exit_status, "");
	} else {
		put_exit_status(to);
	}
	if (command->example)
		put_example(to, command->example);
	fprintf(to, "# SEE ALSO\n\n*%s*(%d)", program->name, program->section);
	if (program->see_also)
		fprintf(to, ", %s", program->see_also);
	for (const struct command *const *c = program->commands; *c; c++) {
		if (*c != command)
			fprintf(to, ", *%s-%s*(%d)", program->name, (*c)->name, program->section);
	}
	fputc('\n', to);
}
