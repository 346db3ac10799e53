/* SPDX-License-Identifier: Apache-2.0 */
/* Manual pages and completions of a table that is not pale's, with what shells and roff read as
 * theirs in every text. */
#include "docs/docs.h"

#define ODD "it's \"odd\": [a] $HOME `id` $(id) %s \\n *b* _c_ ~ ^ # ; | & < > {d,e} …"

static const char *colour(size_t i)
{
	static const char *const words[] = { "red", "dark-green", "blue", NULL };

	return words[i];
}

static const char *colour_summary(size_t i)
{
	return ODD;
}

static const struct argument_kind one_colour = {
	.form = ARGUMENT_WORD,
	.noun = "colour",
	.word = colour,
	.summary = colour_summary,
};

static const struct argument_kind colours = {
	.form = ARGUMENT_WORD,
	.noun = "colour",
	.word = colour,
	.summary = colour_summary,
	.list = true,
};

static const struct argument_kind picture = { .form = ARGUMENT_FILE, .suffix = ".png" };

static const struct option_spec options[] = {
	{ "brush", 'b', "FILE", .help = ODD, .kind = &picture },
	{ "colours", 'c', "LIST", .help = ODD, .kind = &colours },
	{ "dry-run", .help = ODD },
	{ "only", 0, "COLOUR", .argument_optional = true, .help = ODD, .kind = &one_colour },
	{ "room", 0, "[A:B]'S", .help = ODD },
	OPTIONS_END,
};

static const struct operand_spec operands[] = {
	{ "WALL:[SIDE]'S", &argument_dir },
	{ "COLOUR", &one_colour },
	OPERANDS_END,
};

static const struct command paint = {
	.name = "paint",
	.summary = ODD,
	.usage = "[OPTION…] WALL:[SIDE]'S COLOUR…",
	.description = ODD "\n\n.TH of roff\n\n- a dash\n\n'br\n\n| a table",
	.example = "pale paint\n.TH of roff\n```\n\\n 'x'",
	.options = options,
	.operands = operands,
	.operands_min = 2,
	.operands_max = OPERANDS_ANY,
};

/* All that says nothing: no options, the program's operands. */
static const struct command bare = {
	.name = "bare",
	.summary = "none",
	.usage = "",
	.description = "None.",
	.operands_max = 1,
};

static const struct operand_spec any_operands[] = { { "PICTURE", &picture }, OPERANDS_END };
static const struct command *const commands[] = { &paint, &bare, NULL };
static const struct program odd = {
	.name = "pale",
	.tagline = ODD,
	.summary = ODD,
	.commands = commands,
	.operands = any_operands,
	.section = 1,
	.see_also = "*pale*(5)",
};

int main(int argc, char **argv)
{
	return docs_main(&odd, argc, argv);
}
