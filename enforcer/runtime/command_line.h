/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RUNTIME_COMMAND_LINE_H
#define PALE_RUNTIME_COMMAND_LINE_H

#include "compiler/base/error.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The command lines of runc and crun, read exactly: which words are options, which of them take an
 * argument, and so where the verb and the operands are. What pale-runtime acts on it writes anew,
 * as --name=value and with "--" before the operands, so that the real runtime cannot read it
 * otherwise. Of the other verbs the line goes on as it came.
 *
 * runc reads options as Go's flag package does: one dash or two, whatever the name's length.
 * crun reads them as argp does; its abbreviations of long names are not taken. Both take options
 * behind operands, but for exec, whose command's options are its own.
 */

enum real_kind { REAL_RUNC, REAL_CRUN };

enum verb {
	VERB_NONE,  /* --help, --version, or nothing */
	VERB_OTHER, /* goes on as it came */
	VERB_CREATE,
	VERB_RUN,
	VERB_EXEC,
	VERB_UPDATE,
	VERB_DELETE,
	VERB_RESTORE,
};

/* Those that pale-runtime looks at; OPTION_OTHER are all others. */
enum real_option_id {
	OPTION_OTHER,
	OPTION_HELP,
	/* Global ones. */
	OPTION_ROOT,
	OPTION_LOG,
	OPTION_LOG_FORMAT,
	/* create, run, exec */
	OPTION_BUNDLE,
	OPTION_CONFIG,
	OPTION_PID_FILE,
	OPTION_PROCESS,
	OPTION_CAP,
	OPTION_APPARMOR,
	OPTION_NO_NEW_PRIVS,
	/* update */
	OPTION_RESOURCES,
	OPTION_MEMORY,
	OPTION_MEMORY_SWAP,
	OPTION_PIDS_LIMIT,
	OPTION_CPU_QUOTA,
	OPTION_CPU_PERIOD,
	/* delete */
	OPTION_REGEX,
	/* pale-runtime's own, among the global ones; they are not handed on. */
	OPTION_PALE_RUNTIME,
	OPTION_PALE_SOCKET,
	OPTION_PALE_CONFIG,
};

struct real_option {
	const char *name;
	char short_name; /* 0: none */
	enum { ARGUMENT_NONE, ARGUMENT_NEEDED, ARGUMENT_OPTIONAL } argument;
	unsigned int kinds; /* bits: 1 << enum real_kind */
	unsigned int verbs; /* bits: 1 << enum verb; VERB_NONE: global */
	enum real_option_id id;
};

extern const struct real_option real_options[];
extern const size_t n_real_options;

struct given_option {
	const struct real_option *option;
	const char *value; /* NULL: none; otherwise argv's, or the caller's */
};

struct given_options {
	struct given_option *v;
	size_t n, cap;
};

struct command_line {
	enum real_kind kind;
	enum verb verb;
	const char *verb_name;
	struct given_options globals, options;
	const char **operands;
	size_t n_operands;
	bool wants_help; /* goes on as it came, whatever the verb */
	char **argv;	 /* all as it came, without pale-runtime's own options; NULL-terminated */
	size_t n_argv;
};

/*
 * @kind is what runs when no --pale-runtime says otherwise. Strings are argv's. -EINVAL: an option
 * that is in no table, with a verb that pale-runtime acts on; then, too, the global options before
 * it are there, for the log. @cl is to be released either way.
 */
int command_line_read(
	struct command_line *cl, enum real_kind kind, char **argv, struct pale_err **err);
void command_line_release(struct command_line *cl);

/* By its name: crun's has "crun" in its last component. */
enum real_kind real_kind_of(const char *path);

/* The last one counts. NULL: not given. */
const struct given_option *option_of(const struct given_options *given, enum real_option_id id);
/* Its value, or @otherwise. */
const char *option_value(
	const struct given_options *given, enum real_option_id id, const char *otherwise);
/* Whether a flag was given and not turned off (--flag=false, of runc). */
bool option_flag(const struct given_options *given, enum real_option_id id);
/* In place of all that were given. @id must be one of @cl's verb; @value stays the caller's. */
void option_set(struct command_line *cl, enum real_option_id id, const char *value);

/* For execve(2): argv[0] is @path. free() each but the first, and the array. */
char **command_line_argv(const struct command_line *cl, const char *path);
/* The same global options with another verb and its words, NULL-terminated. */
char **command_line_other(
	const struct command_line *cl, const char *path, const char *const *words);
void argv_freep(char ***argv);

#endif
