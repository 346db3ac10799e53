/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RESOLVE_H
#define PALE_RESOLVE_H

/*
 * Gives words their meaning: loads what a file uses, knows variables, groups, fragments and
 * profiles by name, and multiplies paths out. All names of all loaded files are one scope for each
 * kind.
 */

#include "compiler/ast.h"
#include "compiler/base/diag.h"
#include "compiler/glob.h"

enum symbol_kind {
	SYMBOL_VARIABLE,
	SYMBOL_GROUP,
	SYMBOL_FRAGMENT,
	SYMBOL_PROFILE,
	SYMBOL_KIND_COUNT
};

struct symbol {
	enum symbol_kind kind;
	const char *name;
	struct ast_decl *decl;
	bool busy;	     /* on the way to what is looked at: meeting it again is a cycle */
	bool checked;	     /* what it leads to was looked at */
	uint32_t level;	     /* how long a chain of names hangs on it */
	bool broken;	     /* an error was reported for it: what names it fails without another */
	bool used;	     /* FRAGMENT: a profile includes it */
	struct symbol *next; /* in its bucket */
};

#define SYMBOL_BUCKETS 1024

struct resolution {
	struct arena *arena;
	struct source_set *sources;
	struct diag_list *diags;
	const char *const *include_dirs; /* of the command line */
	uint32_t n_include_dirs;
	/* compile_options.from_memory */
	bool from_memory;
	const struct memory_file *memory;
	uint32_t n_memory;
	struct ast_file **files; /* [0] is the user's own */
	uint32_t n_files, cap_files;
	bool incomplete; /* a file that is used was not read: any name may be in it */
	struct symbol *buckets[SYMBOL_BUCKETS];
	struct symbol **symbols; /* in order of declaration */
	uint32_t n_symbols, cap_symbols;
	uint32_t n_expanded;	 /* paths that variables made, in all */
	uint64_t expanded_bytes; /* and their length */
	bool expanded_too_much;	 /* which was reported */
};

/* Loads all that @own uses, declares every name, and reports cycles and double declarations. */
void resolve_names(struct resolution *res, struct ast_file *own);

/* NULL when there is none; resolve_unknown() then says so. */
struct symbol *resolve_find(const struct resolution *res, enum symbol_kind kind, const char *name);
/*
 * An error at @word with did-you-mean over the names of that kind. Where a declaration that had a
 * syntax error, or a file that was not found, may have been the one, nothing is reported again, and
 * notes to the result are lost.
 */
struct diag *resolve_unknown(
	struct resolution *res, enum symbol_kind kind, const struct word *word);

/* library.c: finds and parses what @file uses, depth first; each file once. */
void library_load(struct resolution *res, struct ast_file *file);
/* The folders in which what @from uses is looked for, in that order; ends with NULL. "": the
 * current one. */
const char *const *library_folders(const struct resolution *res, const struct source *from);
/* Where `use NAME` would be found; NULL when nowhere. */
const char *library_find(const struct resolution *res, const char *name, const struct source *from);

/* How many paths one word may stand for, and all words of a policy together. */
#define EXPANSIONS_MAX	     20000
#define EXPANSIONS_MAX_ALL   500000
#define EXPANSIONS_MAX_BYTES (64u << 20)

/* How deep variables, groups, fragments, profiles and files may name each other. */
#define CHAIN_MAX 64

/*
 * expand.c: the globs that a path word stands for, its variables put in, added to @ret. false after
 * an error was reported. @kind: paths, or the names of abstract sockets (then @word's text from
 * @skip on is the name).
 */
bool expand_globs(struct resolution *res, const struct word *word, uint32_t skip,
	enum glob_kind kind, struct globs *ret);
/*
 * The values of a variable or of a plain word, variables followed: "$n" gives n's words, anything
 * else itself. false after an error was reported.
 */
bool expand_words(struct resolution *res, const struct word *word, struct words *ret);
/*
 * Looks at what a variable or group leads to, before anything uses it: unknown names, cycles,
 * depth. What is wrong is reported once, where it stands, and marks all that leads there as broken.
 */
void expand_check(struct resolution *res, struct symbol *s);
/* The members of group @word ("@name"), nested groups followed; the group must be of @kind
 * ("cidr"). */
bool expand_group(struct resolution *res, const struct word *word, const char *name,
	const char *kind, struct words *ret);

#endif
