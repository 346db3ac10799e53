/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_COMMAND_INPUT_H
#define PALE_COMMAND_INPUT_H

/* What the commands share: reading a policy file as their options say, and printing what is wrong
 * with it. */

#include "compiler/base/text.h"
#include "compiler/compile.h"
#include "compiler/options.h"

#include <stdio.h>

/* FILE and FILE[:PROFILE]; an operation that can be asked for; lists of capabilities and of ABIs.
 */
extern const struct argument_kind argument_policy, argument_operation, argument_capabilities,
	argument_abis;

/* SGR colours: only on a terminal that has them, and not when NO_COLOR is set (no-color.org). */
bool colour_wanted(FILE *to);

/* Gives @to the folders of every -I (option @include of @in; SIZE_MAX: none). What is returned is
 * to be freed when nothing is compiled with them any more. */
const char **input_include_dirs(
	const struct invocation *in, size_t include, struct compile_options *to);
/* compile_file() with the folders of every -I (option @include of @in; SIZE_MAX: none). */
void input_compile(
	struct compilation *c, const struct invocation *in, size_t include, const char *path);
/*
 * input_compile() of the file of FILE[:PROFILE]. The policy that the profile stands in, the file's
 * first where none is named; NULL with errors in the diagnostics, which are not printed.
 * @ret_domain: the profile in it, -1 where none is named. @c is to be released either way.
 */
struct policy *input_profile(struct compilation *c, const struct invocation *in, size_t include,
	const char *argument, int32_t *ret_domain);
/* A runtime failure on stderr: "pale build: TEXT", and its hint. */
void input_failure(const struct invocation *in, const struct pale_err *err);
/* To the file @path in one step; NULL: to stdout. The command's exit status; a failure is printed.
 */
int output_text(const struct invocation *in, const char *path, const struct text *t);
/* Indented, with a newline at the end. Takes over @o. */
void output_json(json_t *o, FILE *to);
/* Diagnostics to stderr, as JSON when @json. */
void input_diagnose(const struct compilation *c, bool json);

#define OPTION_INCLUDE                                                                             \
	{                                                                                          \
		"include", 'I', "DIR", .help = "search DIR for what the policy uses"               \
	}
#define OPTION_JSON                                                                                \
	{                                                                                          \
		"json", .help = "print JSON"                                                       \
	}

#endif
