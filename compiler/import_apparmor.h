/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_IMPORT_APPARMOR_H
#define PALE_IMPORT_APPARMOR_H

/*
 * AppArmor profiles, as apparmor.d(5) of 3.0 and 4.x describes them and apparmor_parser reads them.
 * Text becomes statements (import_apparmor_scan.c, _parse.c), statements become rules of a draft
 * (_files.c, _network.c, _other.c). What no rule says is left out of the policy, and listed there.
 *
 * Includes are looked for in the folder of the options; one that is not there is listed. Within one
 * profile a file is included once: the second time would say the same.
 */

#include "compiler/import.h"
#include "compiler/import_draft.h"
#include "compiler/policy_text.h"

enum aa_token_kind {
	AA_END,
	AA_WORD,
	AA_QUOTED, /* a word that was in double quotes; its escapes are still there */
	AA_COMMA,
	AA_OPEN,   /* { alone */
	AA_CLOSE,  /* } alone */
	AA_LPAREN, /* ( ) = += <= only where asked for: see aa_next() */
	AA_RPAREN,
	AA_EQUALS,
	AA_ARROW,
	AA_INCLUDE, /* include, #include */
	AA_WRONG,   /* an error was told */
};

struct aa_token {
	enum aa_token_kind kind;
	const char *text; /* NUL-terminated */
	uint32_t len;
	struct span at;
};

struct aa_tokens {
	struct aa_token *v;
	uint32_t n, cap;
};

struct aa_scanner {
	struct arena *arena;
	struct diag_list *diags;
	const struct source *source;
	uint32_t at, end;
};

/* @options: '(' ')' '=' end a word and are tokens, as in "set=(term, kill)". */
struct aa_token aa_next(struct aa_scanner *s, bool options);

enum aa_exec {
	AA_EXEC_NONE,
	AA_EXEC_PLAIN,
	AA_EXEC_INHERIT,
	AA_EXEC_PROFILE,
	AA_EXEC_CHILD,
	AA_EXEC_UNCONFINED
};

#define AA_READ	  1u
#define AA_WRITE  2u
#define AA_APPEND 4u
#define AA_LINK	  8u
#define AA_LOCK	  16u
#define AA_MAP	  32u

struct aa_permissions {
	uint32_t bits;
	enum aa_exec exec, otherwise; /* `pix`: PROFILE, otherwise INHERIT */
};

struct aa_statement {
	struct span at;	     /* its first word */
	struct span whole;   /* up to its comma */
	const char *heading; /* the file that included it, or NULL */
	bool audit, deny, owner, other;
	const char *keyword;	/* "signal"; "" for a rule about a file */
	struct aa_tokens words; /* behind the keyword */
	/* of a file */
	struct aa_token path; /* len 0: all files */
	bool all_files;
	struct aa_permissions permissions;
	const char *target;   /* behind ->, or NULL */
	const char *left_out; /* NULL, or why the parser of statements leaves it out */
};

struct aa_variable {
	const char *name;    /* "HOME" */
	bool boolean, value; /* of $NAME */
	struct aa_tokens values;
	struct span at;
	bool busy; /* being put in: it names itself */
};

struct aa_alias {
	const char *from, *to;
};

struct aa_profile {
	const char *name;
	const struct aa_token *attachment; /* NULL: none */
	struct span at;
	bool complain, hat;
	struct aa_statement *v;
	uint32_t n, cap;
	struct aa_profile **children;
	uint32_t n_children, cap_children;
	struct draft_profile *draft;
};

struct aa_file {
	struct arena *arena;
	struct diag_list *diags;
	const struct import_options *options;
	const struct source *source;
	struct draft *draft;
	struct aa_profile **profiles;
	uint32_t n_profiles, cap_profiles;
	struct aa_variable *variables;
	uint32_t n_variables, cap_variables;
	struct aa_alias *aliases;
	uint32_t n_aliases, cap_aliases;
	/* Includes outside of profiles that are not there: variables may be missing. */
	struct aa_statement *missing;
	uint32_t n_missing, cap_missing;
	uint64_t included_bytes;
};

/* false with errors. */
bool aa_parse(struct aa_file *f);

/*
 * The values of @text with its variables put in. false: left out for @ret_why, or (NULL there) an
 * error was told.
 */
bool aa_expand(struct aa_file *f, struct span at, const char *text, uint32_t len,
	struct policy_words *to, const char **ret_why);
struct aa_variable *aa_variable_find(struct aa_file *f, const char *name, size_t len, bool boolean);

/* The rules of @p for its draft. */
void aa_draft_files(struct aa_file *f, struct aa_profile *p);
void aa_draft_network(struct aa_file *f, struct aa_profile *p);
void aa_draft_other(struct aa_file *f, struct aa_profile *p, const struct aa_profile *outer,
	const struct aa_statement *s);
void aa_leave_out(struct aa_file *f, struct aa_profile *p, const struct aa_statement *s,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
/* "allow", "audit", "deny", "quiet deny" */
const char *aa_effect(const struct aa_statement *s);
/* Globs of a pattern with variables and aliases. false: an error or left out; as aa_expand(). */
bool aa_globs(struct aa_file *f, struct span at, const char *text, uint32_t len,
	struct policy_words *to, const char **ret_why);

bool import_apparmor_recognises(const struct source *s);
bool import_apparmor(const struct source *s, const struct import_options *options,
	struct diag_list *diags, struct text *to);

#endif
