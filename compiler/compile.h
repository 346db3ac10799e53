/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_COMPILE_H
#define PALE_COMPILE_H

/*
 * From a policy file to resolved policies: what every command begins with. Shows neither grammar
 * nor AST, so that the enforcer may use it.
 */

#include "compiler/base/diag.h"
#include "compiler/decide.h"
#include "compiler/policy.h"

struct ast_file;

/* What a policy is to let pass and report although its text refuses it: exception.h. */
struct compile_exception {
	uint32_t number; /* which exception it belongs to, from 1; struct rule has it */
	/* A rule with deny or kill, by the place where it begins: its file as artefacts call it,
	 * its line and column. */
	const char *file;
	uint32_t line, column;
	/* Or a rule with allow or audit that is added to the profile or sub-profile of this name.
	 */
	const char *text, *profile;
};

struct compile_options {
	/* Searched after the file's own folder, before $PALE_PATH and the installed library. */
	const char *const *include_dirs;
	uint32_t n_include_dirs;
	/* For who asks for names alone: no rule is looked at, and all policies are outlines. */
	bool outlines_only;
	const struct compile_exception *exceptions;
	uint32_t n_exceptions;
	/*
	 * For sources of strangers, with compile_bytes(): `use` finds these, as if all lay in one
	 * folder with the file, and what is in $PALE_PATH and the installed library. No other file
	 * of this machine is looked at, whatever the sources say.
	 */
	bool from_memory;
	const struct memory_file *files;
	uint32_t n_files;
};

struct compilation {
	struct arena *arena;
	struct source_set sources;
	struct diag_list diags;
	struct policy **policies; /* the file's own outermost profiles, in source order; whole only
				     without errors */
	uint32_t n_policies, cap_policies;
	struct policy **outlines; /* those with errors: fit for looking up sub-profiles' names */
	uint32_t n_outlines, cap_outlines;
	struct resolution *resolution; /* resolve.h; for tests and queries */
};

/*
 * Reads, parses, resolves and checks @path with everything that it uses. Always leaves a
 * compilation to free; errors are in diags (n_errors > 0: the policies must not be used). Does not
 * run tests: expect.h does.
 */
void compile_file(struct compilation *c, const char *path, const struct compile_options *options);
/* As compile_file(), from memory: tests and fuzzers. `use` is resolved from the current directory.
 */
void compile_bytes(struct compilation *c, const char *name, const void *bytes, size_t len,
	const struct compile_options *options);
void compilation_release(struct compilation *c);

/* By name, or the first when @name is NULL. NULL with an error in diags when there is none. */
struct policy *compilation_policy(struct compilation *c, const char *name);

/*
 * Splits "FILE[:PROFILE]". The last ':' divides when what follows looks like a profile's name
 * ("web", "web/thumbnailer") and no file has the whole argument as its name. @ret_file is
 * malloc-ed; *@ret_profile points into it, or is NULL.
 */
void compile_split_argument(const char *argument, char **ret_file, const char **ret_profile);

#endif
