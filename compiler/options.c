/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/options.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/formatted.h"
#include "compiler/base/suggest.h"
#include "compiler/base/text.h"
#include "compiler/base/wrapped.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>

/* getopt_long's values: one above any character, so that they meet no short name. */
#define LONG_BASE 0x100
#define LONG_HELP 0xff

/* Vocabularies up to here are shown with their option. */
#define SHORT_VOCABULARY 60

const struct argument_kind argument_free = { .form = ARGUMENT_FREE };
const struct argument_kind argument_file = { .form = ARGUMENT_FILE };
const struct argument_kind argument_dir = { .form = ARGUMENT_DIR };
const struct argument_kind argument_command = { .form = ARGUMENT_COMMAND };

static const struct {
	const char *argument;
	const struct argument_kind *kind;
} kinds_by_name[] = {
	{ "FILE", &argument_file },
	{ "DIR", &argument_dir },
};

const struct option_spec help_option = { "help", 'h', .help = "show this" };

const char *const exit_status_texts[STATUS_COUNT] = {
	[STATUS_OK] = "It is done, and nothing is wrong.",
	[STATUS_POLICY] = "A policy or another input is wrong, a test does not hold, or the output "
			  "could not be written.",
	[STATUS_USAGE] = "The command line is wrong.",
	[STATUS_HOST] = "This host cannot do it.",
};

/* For usage_error(), which commands call without knowing their program. */
static const struct program *running;

bool option_given(const struct invocation *in, size_t option)
{
	for (size_t i = 0; i < in->n_uses; i++)
		if (in->uses[i].option == option)
			return true;
	return false;
}

const char *option_argument(const struct invocation *in, size_t option)
{
	for (size_t i = in->n_uses; i-- > 0;)
		if (in->uses[i].option == option)
			return in->uses[i].argument;
	return NULL;
}

const struct command *program_command(const struct program *program, const char *name)
{
	for (const struct command *const *c = program->commands; *c; c++)
		if (!strcmp((*c)->name, name))
			return *c;
	return NULL;
}

const struct argument_kind *option_kind(const struct option_spec *option)
{
	if (option->kind)
		return option->kind;
	for (size_t i = 0; option->argument && i < sizeof(kinds_by_name) / sizeof(*kinds_by_name);
		i++) {
		if (!strcmp(option->argument, kinds_by_name[i].argument))
			return kinds_by_name[i].kind;
	}
	return &argument_free;
}

const struct operand_spec *command_operand(
	const struct program *program, const struct command *command, size_t n)
{
	const struct operand_spec *o = command->operands ? command->operands : program->operands;

	if (n >= command->operands_max || !o || !o->name)
		return NULL;
	while (n-- > 0 && o[1].name)
		o++;
	return o;
}

static void print_wrapped(FILE *to, const char *s, size_t at, size_t indent)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_wrapped(&t, s, at, indent);
	fputs(text_str(&t), to);
}

/* "HELP (seccomp, landlock, …)" */
static void add_help(struct text *t, const struct option_spec *o)
{
	const struct argument_kind *kind = option_kind(o);
	_cleanup_(text_release) struct text words = TEXT_INIT;

	for (size_t i = 0; kind->form == ARGUMENT_WORD && kind->word(i); i++)
		text_printf(&words, "%s%s", i ? ", " : "", kind->word(i));
	text_puts(t, o->help);
	if (words.len && words.len <= SHORT_VOCABULARY)
		text_printf(t, " (%s)", text_str(&words));
}

static void print_option(FILE *to, const struct option_spec *o)
{
	static const size_t indent = 30;
	_cleanup_(text_release) struct text t = TEXT_INIT, help = TEXT_INIT;
	size_t at;

	if (o->short_name)
		text_printf(&t, "  -%c, --%s", o->short_name, o->name);
	else
		text_printf(&t, "      --%s", o->name);
	if (o->argument && o->argument_optional)
		text_printf(&t, "[=%s]", o->argument);
	else if (o->argument)
		text_printf(&t, " %s", o->argument);
	fputs(text_str(&t), to);
	at = wrapped_columns(text_str(&t), t.len);
	if (at + 2 > indent) {
		fputc('\n', to);
		at = 0;
	}
	fprintf(to, "%*s", (int)(indent - at), "");
	add_help(&help, o);
	print_wrapped(to, text_str(&help), indent, indent);
}

/* What the command is called by: "pale run", "paled". */
static void put_words(
	const struct program *program, const struct command *command, const char *before, FILE *to)
{
	bool named = command && command != program->only;

	fprintf(to, "%s%s%s%s", before, program->name, named ? " " : "",
		named ? command->name : "");
}

static void print_usage(const struct program *program, const struct command *command, FILE *to)
{
	put_words(program, command, "usage: ", to);
	fprintf(to, "%s%s\n", *command->usage ? " " : "", command->usage);
}

void command_help(const struct program *program, const struct command *command, FILE *to)
{
	print_usage(program, command, to);
	fputc('\n', to);
	print_wrapped(to, command->description, 0, 0);
	if (command->exit_status) {
		fputc('\n', to);
		print_wrapped(to, command->exit_status, 0, 0);
	}
	fputs("\noptions:\n", to);
	for (const struct option_spec *o = command->options; o && o->name; o++)
		print_option(to, o);
	print_option(to, &help_option);
	if (command->example)
		fprintf(to, "\nexample:\n%s%s", command->example,
			command->example[strlen(command->example) - 1] == '\n' ? "" : "\n");
}

void program_help(const struct program *program, FILE *to)
{
	int width = 0;

	for (const struct command *const *c = program->commands; *c; c++) {
		int n = (int)strlen((*c)->name);

		width = n > width ? n : width;
	}
	fprintf(to, "usage: %s COMMAND [OPTION…] [ARGUMENT…]\n\n", program->name);
	print_wrapped(to, program->summary, 0, 0);
	fputs("\ncommands:\n", to);
	for (const struct command *const *c = program->commands; *c; c++)
		fprintf(to, "  %-*s  %s\n", width, (*c)->name, (*c)->summary);
	fprintf(to, "\n'%s help COMMAND' tells more about one.\n", program->name);
}

static void mistake(const struct program *program, const struct command *command, FILE *to,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
static void mistake(const struct program *program, const struct command *command, FILE *to,
	const char *format, ...)
{
	_cleanup_(text_release) struct text escaped = TEXT_INIT;
	_cleanup_free_ char *s = FORMATTED(format);

	text_escaped(&escaped, s, strlen(s));
	put_words(program, command, "", to);
	fprintf(to, ": %s\n", text_str(&escaped));
}

int usage_error(const struct invocation *in, const char *format, ...)
{
	_cleanup_(text_release) struct text escaped = TEXT_INIT;
	_cleanup_free_ char *s = FORMATTED(format);

	text_escaped(&escaped, s, strlen(s));
	put_words(running, in->command, "", stderr);
	fprintf(stderr, ": %s\n", text_str(&escaped));
	print_usage(running, in->command, stderr);
	return STATUS_USAGE;
}

int unknown_word(const struct invocation *in, const struct argument_kind *kind, const char *word)
{
	struct suggest near;
	const char *best;

	suggest_init(&near, word);
	for (size_t i = 0; kind->word(i); i++)
		suggest_offer(&near, kind->word(i));
	best = suggest_best(&near);
	return usage_error(in, "unknown %s '%s'%s%s%s", kind->noun, word,
		best ? ", did you mean '" : "", best ? best : "", best ? "'?" : "");
}

static void unknown_option(
	const struct program *program, const struct command *command, const char *word, FILE *to)
{
	_cleanup_(text_release) struct text name = TEXT_INIT;
	struct suggest s;
	const char *best;

	text_add(&name, word + 2, strcspn(word + 2, "="));
	mistake(program, command, to, "unknown option '--%s'", text_str(&name));
	suggest_init(&s, text_str(&name));
	for (const struct option_spec *o = command->options; o && o->name; o++)
		suggest_offer(&s, o->name);
	suggest_offer(&s, help_option.name);
	best = suggest_best(&s);
	for (const struct option_spec *o = command->options; !best && o && o->name; o++)
		if (name.len && !strncmp(o->name, name.s, name.len))
			best = o->name;
	if (best)
		fprintf(to, "hint: did you mean '--%s'?\n", best);
}

/* getopt_long takes `--au` for `--audit`. A new option would change what such a script means, so
 * only whole names count. */
static bool abbreviated(const char *word, const char *name)
{
	size_t len = strcspn(word + 2, "=");

	return strncmp(word, "--", 2) || strlen(name) != len || strncmp(word + 2, name, len);
}

struct getopt_tables {
	struct option *longs;
	char *shorts;
	size_t n;
};

static void getopt_tables_release(struct getopt_tables *t)
{
	free(t->longs);
	free(t->shorts);
}

static struct getopt_tables getopt_tables_new(const struct command *command)
{
	struct getopt_tables t = { 0 };
	char *s;

	while (command->options && command->options[t.n].name)
		t.n++;
	t.longs = calloc(t.n + 2, sizeof(*t.longs));
	t.shorts = s = calloc(2 * t.n + 4, 1);
	if (!t.longs || !t.shorts)
		abort();
	if (command->operands_end_options)
		*s++ = '+';
	*s++ = ':';
	*s++ = 'h';
	for (size_t i = 0; i < t.n; i++) {
		const struct option_spec *o = &command->options[i];

		t.longs[i].name = o->name;
		t.longs[i].has_arg = !o->argument	    ? no_argument
				     : o->argument_optional ? optional_argument
							    : required_argument;
		t.longs[i].val = LONG_BASE + (int)i;
		if (!o->short_name)
			continue;
		*s++ = o->short_name;
		if (o->argument)
			*s++ = ':';
	}
	*s = '\0';
	t.longs[t.n].name = help_option.name;
	t.longs[t.n].val = LONG_HELP;
	return t;
}

static bool check_operands(const struct program *program, const struct command *command,
	const struct invocation *in, FILE *to)
{
	if (in->n_operands < command->operands_min) {
		mistake(program, command, to, "%s",
			in->n_operands ? "too few arguments" : "an argument is missing");
		return false;
	}
	if (in->n_operands > command->operands_max) {
		mistake(program, command, to, "unexpected argument '%s'",
			in->operands[command->operands_max]);
		return false;
	}
	for (size_t i = 0; command->options && command->options[i].name; i++) {
		const struct option_spec *o = &command->options[i];

		if (o->required && !option_given(in, i)) {
			mistake(program, command, to, "--%s %s is missing", o->name, o->argument);
			return false;
		}
	}
	return true;
}

/* 1: --help was asked for; 0: parsed; -1: a mistake, told */
static int parse(const struct program *program, const struct command *command, int argc,
	char **argv, struct invocation *in, FILE *to)
{
	_cleanup_(getopt_tables_release) struct getopt_tables t = getopt_tables_new(command);
	int c;

	*in = (struct invocation){ .command = command };
	in->uses = calloc((size_t)argc + 1, sizeof(*in->uses));
	if (!in->uses)
		abort();
	opterr = 0;
	optind = 0; /* glibc: start anew */
	for (;;) {
		size_t option = t.n;
		const char *word;

		c = getopt_long(argc, argv, t.shorts, t.longs, NULL);
		if (c == -1)
			break;
		word = argv[optind - 1];
		if (optarg == word)
			word = argv[optind - 2];
		if (c == 'h')
			return 1;
		if (c == LONG_HELP) {
			if (!abbreviated(word, help_option.name))
				return 1;
			unknown_option(program, command, word, to);
			return -1;
		}
		if (c == '?' || c == ':') {
			if (optopt && optopt < LONG_BASE && c == '?' && optopt != LONG_HELP)
				mistake(program, command, to, "unknown option '-%c'", optopt);
			else if (optopt && c == '?')
				mistake(program, command, to, "'%s' takes no argument", word);
			else if (c == ':')
				mistake(program, command, to, "'%s' needs an argument", word);
			else
				unknown_option(program, command, word, to);
			return -1;
		}
		if (c >= LONG_BASE) {
			option = (size_t)(c - LONG_BASE);
			if (abbreviated(word, command->options[option].name)) {
				unknown_option(program, command, word, to);
				return -1;
			}
		} else {
			for (option = 0; command->options[option].short_name != c; option++)
				;
		}
		in->uses[in->n_uses++] =
			(struct option_use){ .option = option, .argument = optarg };
	}
	in->operands = argv + optind;
	in->n_operands = (size_t)(argc - optind);
	return check_operands(program, command, in, to) ? 0 : -1;
}

bool command_parse(const struct program *program, const struct command *command, int argc,
	char **argv, struct invocation *in, FILE *to)
{
	return parse(program, command, argc, argv, in, to) == 0;
}

void invocation_release(struct invocation *in)
{
	free(in->uses);
	*in = (struct invocation){ 0 };
}

/* What may stand in a command's place. */
static const char *const asks_help[] = { "--help", "-h", "help", NULL };
static const char version_option[] = "--version";

static bool is_help(const char *word)
{
	for (const char *const *s = asks_help; *s; s++)
		if (!strcmp(*s, word))
			return true;
	return false;
}

static int unknown_command(const struct program *program, const char *name)
{
	struct suggest s;
	const char *best;

	if (*name == '-') {
		mistake(program, NULL, stderr, "unknown option '%s'", name);
		suggest_init(&s, name);
		suggest_offer(&s, asks_help[0]);
		suggest_offer(&s, version_option);
		best = suggest_best(&s);
		if (best)
			fprintf(stderr, "hint: did you mean '%s'?\n", best);
		fprintf(stderr, "hint: options follow the command: '%s --help' lists them\n",
			program->name);
		return STATUS_USAGE;
	}
	mistake(program, NULL, stderr, "unknown command '%s'", name);
	suggest_init(&s, name);
	for (const struct command *const *c = program->commands; *c; c++)
		suggest_offer(&s, (*c)->name);
	best = suggest_best(&s);
	if (best)
		fprintf(stderr, "hint: did you mean '%s'?\n", best);
	fprintf(stderr, "hint: '%s --help' lists the commands\n", program->name);
	return STATUS_USAGE;
}

static int help(const struct program *program, const char *name)
{
	const struct command *command;

	if (!name || is_help(name)) {
		program_help(program, stdout);
		return STATUS_OK;
	}
	command = program_command(program, name);
	if (!command)
		return unknown_command(program, name);
	command_help(program, command, stdout);
	return STATUS_OK;
}

static int run_command(
	const struct program *program, const struct command *command, int argc, char **argv)
{
	_cleanup_(invocation_release) struct invocation in = { 0 };
	int r = parse(program, command, argc, argv, &in, stderr);

	if (r > 0) {
		command_help(program, command, stdout);
		return STATUS_OK;
	}
	if (r < 0) {
		print_usage(program, command, stderr);
		return STATUS_USAGE;
	}
	return command->run(&in);
}

static int run(const struct program *program, int argc, char **argv)
{
	const struct command *command;

	running = program;
	if (argc < 2 && !program->only) {
		program_help(program, stderr);
		return STATUS_USAGE;
	}
	if (argc > 1 && !strcmp(argv[1], version_option)) {
		printf("%s %s\n", program->name, PALE_VERSION);
		return STATUS_OK;
	}
	if (program->only)
		return run_command(program, program->only, argc, argv);
	if (is_help(argv[1]))
		return help(program, argv[2]);
	command = program_command(program, argv[1]);
	if (!command)
		return unknown_command(program, argv[1]);
	return run_command(program, command, argc - 1, argv + 1);
}

/*
 * Who starts us with one of them closed would have the next file that is opened take its number,
 * and be written into by what is said to the user. Writing to them fails as before, and what we
 * execute has them closed.
 */
static void reserve_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
			return;
}

int program_main(const struct program *program, int argc, char **argv)
{
	int status;

	reserve_standard_descriptors();
	status = run(program, argc, argv);

	/* A full disk must not look like an empty answer. */
	if (fflush(stdout) == EOF || ferror(stdout)) {
		fprintf(stderr, "%s: cannot write the output: %s\n", program->name,
			strerror(errno));
		return status ? status : STATUS_POLICY;
	}
	return status;
}
