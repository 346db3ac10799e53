/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/options.h"

#include "compiler/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { OPT_POLICY, OPT_AUDIT, OPT_PARTIAL, OPT_COLOUR };

static const char *colour(size_t i)
{
	static const char *const words[] = { "red", "dark-green", NULL };

	return words[i];
}

static const struct argument_kind colours = {
	.form = ARGUMENT_WORD,
	.noun = "colour",
	.word = colour,
};

static const struct option_spec options[] = {
	[OPT_POLICY] = { "policy", 'p', "FILE", .required = true, .help = "the policy" },
	[OPT_AUDIT] = { "audit", .help = "refuse nothing" },
	[OPT_PARTIAL] = { "allow-partial", 0, "ID,…", .argument_optional = true,
		.help = "start although some rules are not enforced exactly, all of them or those "
			"that are named" },
	[OPT_COLOUR] = { "colour", 0, "NAME", .help = "in this colour", .kind = &colours },
	OPTIONS_END,
};

static const struct operand_spec operands[] = {
	{ "COMMAND", &argument_command },
	{ "ARGUMENT", &argument_file },
	OPERANDS_END,
};

static int run(const struct invocation *in)
{
	return 40 + (int)in->n_operands;
}

static const struct command cmd_run = {
	.name = "run",
	.summary = "confine a command",
	.usage = "-p FILE -- COMMAND…",
	.description = "First.\n\nSecond.",
	.example = "  pale run -p a.pale -- true",
	.options = options,
	.operands = operands,
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.operands_end_options = true,
	.run = run,
};

static const struct command cmd_show = { .name = "show", .operands_max = 1 };
static const struct operand_spec any_operands[] = { { "FILE", &argument_dir }, OPERANDS_END };
static const struct command *const commands[] = { &cmd_run, NULL };
static const struct program program = {
	.name = "pale", .summary = "Confines.", .commands = commands, .operands = any_operands
};

struct parsed {
	struct invocation in;
	bool ok;
	char *told;
	char *argv[16];
};

static void parsed_release(struct parsed *p)
{
	invocation_release(&p->in);
	free(p->told);
}

static void parse(struct parsed *p, const char *line)
{
	static char words[256];
	int argc = 0;
	size_t len;
	FILE *to = open_memstream(&p->told, &len);

	strcpy(words, line);
	for (char *w = strtok(words, " "); w; w = strtok(NULL, " "))
		p->argv[argc++] = w;
	p->argv[argc] = NULL;
	p->ok = command_parse(&program, &cmd_run, argc, p->argv, &p->in, to);
	fclose(to);
}

#define PARSE(line)                                                                                \
	_cleanup_(parsed_release) struct parsed p = { 0 };                                         \
	parse(&p, line)

static void takes_both_forms(void **state)
{
	PARSE("run --policy=a.pale -p b.pale --audit -- /bin/ls -l");
	assert_true(p.ok);
	assert_string_equal(option_argument(&p.in, OPT_POLICY), "b.pale");
	assert_int_equal(p.in.n_uses, 3);
	assert_true(option_given(&p.in, OPT_AUDIT));
	assert_false(option_given(&p.in, OPT_PARTIAL));
	assert_int_equal(p.in.n_operands, 2);
	assert_string_equal(p.in.operands[1], "-l");
}

static void first_operand_ends_options(void **state)
{
	PARSE("run -p a.pale ls --audit");
	assert_true(p.ok);
	assert_false(option_given(&p.in, OPT_AUDIT));
	assert_int_equal(p.in.n_operands, 2);
}

static void optional_argument_only_joined(void **state)
{
	PARSE("run -p a.pale --allow-partial=1,2 --allow-partial ls");
	assert_true(p.ok);
	assert_string_equal(p.in.uses[1].argument, "1,2");
	assert_null(p.in.uses[2].argument);
	assert_string_equal(p.in.operands[0], "ls");
}

static void tells_mistakes(void **state)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
		{ "run -p a --audti ls",
			"pale run: unknown option '--audti'\nhint: did you mean '--audit'?\n" },
		{ "run -p a --aud ls",
			"pale run: unknown option '--aud'\nhint: did you mean '--audit'?\n" },
		{ "run -p a --hel", "pale run: unknown option '--hel'\nhint: did you mean "
				    "'--help'?\n" },
		{ "run -p a --a ls",
			"pale run: unknown option '--a'\nhint: did you mean '--audit'?\n" },
		{ "run -p a -x ls", "pale run: unknown option '-x'\n" },
		{ "run -p a --audit=yes ls", "pale run: '--audit=yes' takes no argument\n" },
		{ "run --policy", "pale run: '--policy' needs an argument\n" },
		{ "run -p", "pale run: '-p' needs an argument\n" },
		{ "run -p a", "pale run: an argument is missing\n" },
		{ "run ls", "pale run: --policy FILE is missing\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		PARSE(cases[i].line);
		assert_false(p.ok);
		assert_string_equal(p.told, cases[i].text);
	}
}

static void help_comes_from_the_table(void **state)
{
	_cleanup_free_ char *s = NULL;
	size_t len;
	FILE *to = open_memstream(&s, &len);

	command_help(&program, &cmd_run, to);
	fclose(to);
	assert_string_equal(s,
		"usage: pale run -p FILE -- COMMAND…\n"
		"\n"
		"First.\n"
		"\n"
		"Second.\n"
		"\n"
		"options:\n"
		"  -p, --policy FILE           the policy\n"
		"      --audit                 refuse nothing\n"
		"      --allow-partial[=ID,…]  start although some rules are not enforced\n"
		"                              exactly, all of them or those that are named\n"
		"      --colour NAME           in this colour (red, dark-green)\n"
		"  -h, --help                  show this\n"
		"\n"
		"example:\n"
		"  pale run -p a.pale -- true\n");
}

static void knows_what_arguments_are(void **state)
{
	static const struct option_spec file = { .argument = "FILE" }, dir = { .argument = "DIR" };

	assert_ptr_equal(option_kind(&file), &argument_file);
	assert_ptr_equal(option_kind(&dir), &argument_dir);
	assert_ptr_equal(option_kind(&options[OPT_COLOUR]), &colours);
	assert_ptr_equal(option_kind(&options[OPT_AUDIT]), &argument_free);
	assert_ptr_equal(command_operand(&program, &cmd_run, 0), &operands[0]);
	assert_ptr_equal(command_operand(&program, &cmd_run, 1), &operands[1]);
	assert_ptr_equal(command_operand(&program, &cmd_run, 9), &operands[1]);
	assert_ptr_equal(command_operand(&program, &cmd_show, 0), &any_operands[0]);
	assert_null(command_operand(&program, &cmd_show, 1));
}

static void dispatches(void **state)
{
	char *argv[] = { (char[]){ "pale" }, (char[]){ "run" }, (char[]){ "-pa" }, (char[]){ "ls" },
		(char[]){ "x" }, NULL };

	assert_int_equal(program_main(&program, 5, argv), 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_both_forms),
		cmocka_unit_test(first_operand_ends_options),
		cmocka_unit_test(optional_argument_only_joined),
		cmocka_unit_test(tells_mistakes),
		cmocka_unit_test(help_comes_from_the_table),
		cmocka_unit_test(knows_what_arguments_are),
		cmocka_unit_test(dispatches),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
