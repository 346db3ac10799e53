/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PARSE_ROLE_H
#define PALE_PARSE_ROLE_H

/*
 * For editors: what each word of a file is, and what could stand at a place in it. Asked of the
 * parser itself, while it reads: no word is reserved, so that only its place in the statement tells
 * `read` the operation from `read` the system call.
 */

#include "compiler/ast.h"

enum word_role {
	ROLE_NONE,	/* punctuation, a number, what was rejected */
	ROLE_STATEMENT, /* what begins a statement that is no rule: use, profile, file, limit */
	ROLE_EFFECT,	/* allow, deny; quiet and only too */
	ROLE_CLAUSE,	/* except, as, in */
	ROLE_OPERATION,
	ROLE_PATH,
	ROLE_ADDRESS,
	ROLE_TITLE,
	ROLE_PROTOCOL,
	ROLE_FAMILY,
	ROLE_NETLINK,
	ROLE_CLASS,
	ROLE_SIGNAL,
	ROLE_TARGET, /* self, any or a profile */
	ROLE_FSTYPE,
	ROLE_OPTION, /* of a mount */
	ROLE_CALL,
	ROLE_ARGUMENT, /* of the call that is the subject */
	ROLE_VALUE,    /* that such an argument is compared with */
	ROLE_CAPABILITY,
	ROLE_ERRNO,
	ROLE_SUBPROFILE, /* behind `as` and `in` */
	ROLE_PROFILE,	 /* behind `extends` */
	ROLE_TESTED,	 /* behind `for`: a profile or sub-profile by its full name */
	ROLE_FRAGMENT,
	ROLE_FILE,
	ROLE_DECLARED, /* the name that a declaration gives */
	ROLE_GROUP,    /* @name; in a declaration too */
	ROLE_GROUP_KIND,
	ROLE_MEMBER, /* of a group of addresses or ports */
	ROLE_MODE,
	ROLE_VIOLATION, /* what follows `on`, and what follows that */
	ROLE_ABI,
	ROLE_LIMIT,
	ROLE_COUNT,
};

struct role_word {
	struct word word;
	enum word_role role;
	/* ARGUMENT, VALUE: the call's name. GROUP in a declaration: its kind. Otherwise NULL. */
	const char *subject;
};

struct role_words {
	struct role_word *v;
	uint32_t n, cap;
};

/* Every word that the grammar took, in the order of the text. What is wrong goes to @diags again.
 */
void parse_roles(struct source *source, struct diag_list *diags, struct arena *arena,
	struct role_words *ret);

struct expected_words {
	bool known;   /* false: nothing can be said, as inside a comment or a rejected statement */
	bool quoted;  /* inside quotes */
	bool starts;  /* a statement begins here */
	bool operand; /* a word of @role may stand here */
	bool group;   /* a group may stand here */
	bool path;    /* a path, so also a variable */
	struct span prefix; /* the beginning of the word, as far as it is written */
	enum word_role role;
	const char *subject; /* as in role_word; for groups the kind that may stand here, too */
	bool in_test;
	const char **words; /* keywords and operations */
	uint32_t n_words, cap_words;
};

/* What may stand at the end of @source, which is a file cut off at the cursor. */
void parse_expected(struct source *source, struct diag_list *diags, struct arena *arena,
	struct expected_words *ret);

#endif
