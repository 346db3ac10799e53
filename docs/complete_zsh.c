/* SPDX-License-Identifier: Apache-2.0 */
#include "docs/completions.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "docs/shell_name.h"
#include "docs/shell_quote.h"

#include <string.h>

/*
 * A function _pale_commands, and _pale_arguments, which calls _arguments with the options and
 * operands of the command in $words[1]. zshcompsys(1) has the syntax of their words.
 */

/* Takes the meaning of @special away, for _arguments and _values. */
static void add_guarded(struct text *t, const char *s, const char *special)
{
	for (; *s; s++) {
		if (strchr(special, *s))
			text_putc(t, '\\');
		text_putc(t, *s);
	}
}

/*
 * "[CLAUSE]": only a ']' ends it. A backslash at its end would guard that one; another is shown by
 * _arguments, and by _values when it is doubled (@special holds it).
 */
static void add_clause(struct text *t, const char *s, const char *special)
{
	size_t len = strlen(s);

	text_putc(t, '[');
	add_guarded(t, s, special);
	text_puts(t, len && s[len - 1] == '\\' ? " ]" : "]");
}

static void add_sh_quoted(struct text *t, const char *s)
{
	_cleanup_free_ char *quoted = NULL;
	size_t len;
	FILE *to = open_memstream(&quoted, &len);

	if (!to)
		abort();
	quote_sh(to, s);
	fclose(to);
	text_add(t, quoted, len);
}

/* `_values -s , mechanism 'seccomp' …`, evaluated by _arguments. */
static void add_words(struct text *action, const struct argument_kind *kind)
{
	text_puts(action, kind->list ? "_values -s , " : "_values ");
	add_sh_quoted(action, kind->noun);
	for (size_t i = 0; kind->word(i); i++) {
		_cleanup_(text_release) struct text word = TEXT_INIT;

		text_puts(&word, kind->word(i));
		if (kind->summary && kind->summary(i))
			add_clause(&word, kind->summary(i), "]\\");
		text_putc(action, ' ');
		add_sh_quoted(action, text_str(&word));
	}
}

/* ":MESSAGE:ACTION" */
static void add_argument(struct text *t, const char *name, const struct argument_kind *kind)
{
	_cleanup_(text_release) struct text action = TEXT_INIT;

	switch (kind->form) {
	case ARGUMENT_FREE:
		text_putc(&action, ' '); /* the message, and no candidates */
		break;
	case ARGUMENT_FILE:
		text_puts(&action, "_files");
		if (kind->suffix)
			text_printf(&action, " -g \"*%s\"", kind->suffix);
		break;
	case ARGUMENT_DIR:
		text_puts(&action, "_files -/");
		break;
	case ARGUMENT_COMMAND:
		text_puts(&action, "_command_names -e");
		break;
	case ARGUMENT_WORD:
		add_words(&action, kind);
		break;
	}
	text_putc(t, ':');
	add_guarded(t, name, ":");
	text_putc(t, ':');
	add_guarded(t, text_str(&action), ":");
}

static void put_word(FILE *to, const struct text *t)
{
	fputs(" \\\n\t\t\t", to);
	quote_sh(to, text_str(t));
}

static void put_option(FILE *to, const struct option_spec *o)
{
	/* Both of its names; the last of several counts, so that none excludes another. */
	for (int is_short = 0; is_short < 2; is_short++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;

		if (is_short && !o->short_name)
			continue;
		text_puts(&t, o == &help_option ? "(- *)" : "*");
		if (is_short)
			text_printf(&t, "-%c", o->short_name);
		else
			text_printf(&t, "--%s", o->name);
		if (o->argument)
			text_puts(&t, o->argument_optional ? "=-" : is_short ? "+" : "=");
		add_clause(&t, o->help, "]");
		if (o->argument && o->argument_optional)
			text_putc(&t, ':');
		if (o->argument)
			add_argument(&t, o->argument, option_kind(o));
		put_word(to, &t);
	}
}

static void put_operands(FILE *to, const struct program *program, const struct command *command)
{
	const struct operand_spec *o;

	for (size_t i = 0; (o = command_operand(program, command, i)); i++) {
		bool rest = command_operand(program, command, i + 1) == o;
		_cleanup_(text_release) struct text t = TEXT_INIT;

		if (rest && o->kind->form != ARGUMENT_COMMAND)
			text_putc(&t, '*');
		else
			text_printf(&t, "%zu", i + 1);
		add_argument(&t, o->name, o->kind);
		put_word(to, &t);
		if (o->kind->form == ARGUMENT_COMMAND)
			fputs(" \\\n\t\t\t'*::ARGUMENT:_normal'", to);
		if (rest)
			return;
	}
}

void complete_zsh(const struct program *program, FILE *to)
{
	char name[SHELL_NAME_BYTES];

	fprintf(to, "_%s_commands() {\n\tlocal -a commands=(", shell_name(program, name));
	for (const struct command *const *c = program->commands; *c; c++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;

		text_printf(&t, "%s:", (*c)->name);
		add_guarded(&t, (*c)->summary, ":\\");
		fputs("\n\t\t", to);
		quote_sh(to, text_str(&t));
	}
	fprintf(to,
		"\n\t)\n\t_describe -t commands command commands \"$@\"\n}\n\n"
		"_%s_arguments() {\n\tcase $words[1] in\n",
		name);
	for (const struct command *const *c = program->commands; *c; c++) {
		fprintf(to, "\t%s)\n\t\t_arguments -S -s%s", (*c)->name,
			(*c)->operands_end_options ? " -A '-*'" : "");
		for (const struct option_spec *o = (*c)->options; o && o->name; o++)
			put_option(to, o);
		put_option(to, &help_option);
		put_operands(to, program, *c);
		fputs("\n\t\t;;\n", to);
	}
	fputs("\tesac\n}\n", to);
}
