/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_IMPORT_APPARMOR_PARSER_H
#define PALE_IMPORT_APPARMOR_PARSER_H

/*
 * What the parts of aa_parse() share: import_apparmor_parse.c has profiles, variables and
 * conditions, import_apparmor_include.c other files, import_apparmor_statement.c rules. Each
 * function that parses takes up what begins at the parser's token and leaves the one behind it
 * there. The first error is told, and then all of them give false.
 */

#include "compiler/import_apparmor.h"

/* Of included files, and of blocks and profiles inside each other. */
#define AA_DEEP_MAX 32

/* One file that is being read, and those that include it. */
struct aa_reading {
	struct aa_reading *up;
	struct aa_scanner scanner;
	const char *heading;
	struct span included_at;
	unsigned int depth;
};

struct aa_parser {
	struct aa_file *file;
	struct aa_reading *reading;
	struct aa_token token;
	struct aa_profile *profile; /* NULL: outside */
	const char **included;	    /* in this profile */
	uint32_t n_included, cap_included;
	unsigned int deep, conditions;
	bool failed;
};

bool aa_wrong(struct aa_parser *p, struct span at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* "expected WHAT, found …" at the token. */
bool aa_expected(struct aa_parser *p, const char *what);
/* A token in quotes, for messages; the arena's. */
const char *aa_shown(struct aa_parser *p, const struct aa_token *t);

/* @options: the next word may hold what only rules with options have; see aa_next(). */
void aa_advance(struct aa_parser *p, bool options);
bool aa_is_word(const struct aa_token *t, const char *s);
bool aa_is_text(const struct aa_token *t);

/* What is not followed, from the one to the other, for the report of what the import left out. */
void aa_note_missing(struct aa_parser *p, struct span from, struct span to, const char *why);

/* Everything up to a token of the kind @end, which is left. */
bool aa_parse_body(struct aa_parser *p, enum aa_token_kind end);
bool aa_parse_include(struct aa_parser *p);
/* @s: what is known of it from what it stands in. */
bool aa_parse_statement(struct aa_parser *p, struct aa_statement s);
bool aa_end_of_rule(struct aa_parser *p);

#endif
