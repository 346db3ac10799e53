/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_OPTIONS_H
#define PALE_OPTIONS_H

/*
 * One table per command: parsing, --help, completions and manual pages all come from it.
 *
 *	enum { OPT_POLICY, OPT_AUDIT };
 *	static const struct option_spec options[] = {
 *		[OPT_POLICY] = { "policy", 'p', "FILE[:PROFILE]", .help = "the policy" },
 *		[OPT_AUDIT] = { "audit", .help = "refuse nothing, report everything" },
 *		OPTIONS_END,
 *	};
 *	static int run(const struct invocation *in)
 *	{
 *		const char *file = option_argument(in, OPT_POLICY);
 *		bool audit = option_given(in, OPT_AUDIT);
 *		... in->operands[0 .. in->n_operands - 1]
 *	}
 *	const struct command cmd_run = { "run", "confine a command", ..., options, .run = run };
 *
 * --help (-h) is every command's and stands in no table.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#ifndef PALE_VERSION
#define PALE_VERSION "0.1"
#endif

/* What the programs exit with. `pale run` passes its command's own status on instead. */
enum exit_status {
	STATUS_OK = 0,
	STATUS_POLICY = 1, /* the policy is wrong, a test fails, a diff widens */
	STATUS_USAGE = 2,
	STATUS_HOST = 3, /* this host cannot do it */
	STATUS_COUNT,
};

/* What may stand in an argument's place: shells complete it, messages offer what is near. */
enum argument_form {
	ARGUMENT_FREE, /* anything */
	ARGUMENT_FILE,
	ARGUMENT_DIR,
	ARGUMENT_COMMAND, /* a program in $PATH, and the operands behind it its arguments */
	ARGUMENT_WORD,	  /* one of a closed vocabulary */
};

struct argument_kind {
	enum argument_form form;
	const char *suffix; /* of files: ".pale"; NULL: any */
	const char *noun;   /* of words: "mechanism" */
	/* The i-th word, NULL behind the last; and one clause on it, or NULL. Words hold no blanks,
	 * commas or colons, which shells would take apart. */
	const char *(*word)(size_t i);
	const char *(*summary)(size_t i);
	bool list; /* several words, separated by commas */
};

extern const struct argument_kind argument_free, argument_file, argument_dir, argument_command;

struct option_spec {
	const char *name;	/* "report", without the dashes */
	char short_name;	/* 0: none */
	const char *argument;	/* its name in usages, "FILE"; NULL: a flag */
	bool argument_optional; /* then only as --name=ARGUMENT */
	bool required;
	const char *help;		  /* one clause; wrapped when shown */
	const struct argument_kind *kind; /* NULL: what the argument's name says */
};

/* clang-format off */
#define OPTIONS_END { .name = NULL }
/* clang-format on */

/* A place among the operands. The last one of a table stands for all that follow, too. */
struct operand_spec {
	const char *name; /* as in the command's usage, without "…" */
	const struct argument_kind *kind;
};

/* clang-format off */
#define OPERANDS_END { .name = NULL }
/* clang-format on */

struct option_use {
	size_t option;	      /* index in the command's table */
	const char *argument; /* NULL: none was given */
};

/* A command line that fits the table. Strings are argv's. */
struct invocation {
	const struct command *command;
	char **operands; /* NULL-terminated */
	size_t n_operands;
	struct option_use *uses; /* in the order given */
	size_t n_uses;
};

struct command {
	const char *name;    /* "run" */
	const char *summary; /* one line of the list of commands */
	const char *usage; /* what follows the name: "-p FILE[:PROFILE] [OPTION…] -- COMMAND…" */
	const char *description; /* paragraphs, parted by "\n\n"; wrapped when shown */
	/* A paragraph on what the command exits with, where that is not what all do. */
	const char *exit_status;
	const char *example;		     /* lines, shown as they are */
	const struct option_spec *options;   /* ends with OPTIONS_END; NULL: none */
	const struct operand_spec *operands; /* ends with OPERANDS_END; NULL: the program's */
	size_t operands_min, operands_max;   /* OPERANDS_ANY: no bound */
	bool operands_end_options; /* the first operand ends the options, as a command line does */
	int (*run)(const struct invocation *in); /* gives the exit status */
};

#define OPERANDS_ANY ((size_t)-1)

struct program {
	const char *name;		       /* "pale" */
	const char *tagline;		       /* what it is, as in a list of programs */
	const char *summary;		       /* one sentence */
	const struct command *const *commands; /* ends with NULL; shown in this order */
	/* A program that is one command has this instead: its options stand at once. */
	const struct command *only;
	/* Of commands that say nothing else of their operands; ends with OPERANDS_END. */
	const struct operand_spec *operands;
	int section;	      /* of its manual pages */
	const char *see_also; /* pages beside its own, as they end: "*pale*(1), *pale*(5)" */
};

bool option_given(const struct invocation *in, size_t option);
/* The last one's argument; NULL when the option was not given or had none. */
const char *option_argument(const struct invocation *in, size_t option);

/*
 * A main(): finds the command, parses, runs. `--help`, `help`, `help CMD` and `CMD --help` print to
 * stdout and give 0; `--version` too. A mistake prints what is wrong, a near name where there is
 * one, and the usage to stderr and gives STATUS_USAGE.
 */
int program_main(const struct program *program, int argc, char **argv);

/* For a mistake that the table cannot see. "pale run: TEXT", then how to get help; STATUS_USAGE. */
int usage_error(const struct invocation *in, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same for a @word that @kind does not have: "unknown mechanism 'lanlock'", and a near one. */
int unknown_word(const struct invocation *in, const struct argument_kind *kind, const char *word);

/* What the option's argument is: its own kind, or what an argument called FILE or DIR is. */
const struct argument_kind *option_kind(const struct option_spec *option);
/* What the n-th operand (from 0) is; NULL where the command takes none. */
const struct operand_spec *command_operand(
	const struct program *program, const struct command *command, size_t n);
/* Every command's, in no table. */
extern const struct option_spec help_option;
/* What programs exit with, in the order of enum exit_status; one clause each. */
extern const char *const exit_status_texts[STATUS_COUNT];

/* The command of this name, or NULL. */
const struct command *program_command(const struct program *program, const char *name);
void program_help(const struct program *program, FILE *to);
void command_help(const struct program *program, const struct command *command, FILE *to);

/*
 * Parses argv[1…] against the table; argv[0] is skipped and argv may be permuted. On a mistake
 * prints to @to and gives false. @in is to be released either way.
 */
bool command_parse(const struct program *program, const struct command *command, int argc,
	char **argv, struct invocation *in, FILE *to);
void invocation_release(struct invocation *in);

#endif
