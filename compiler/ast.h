/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_AST_H
#define PALE_AST_H

/*
 * A policy file as it was written. Every node has its span. Nothing is looked up here: names stay
 * words, a path keeps its variables, escapes and globs, a number its suffix. resolve.h gives words
 * their meaning.
 *
 * Everything lives in the compilation's arena. Lists are arrays in source order.
 */

#include "compiler/base/arena.h"
#include "compiler/base/diag.h"
#include "compiler/base/source.h"
#include "compiler/effect.h"

#include <stdbool.h>
#include <stdint.h>

enum word_kind {
	WORD_NAME,   /* letters, digits, '_', '-'; in `use` and profile names with '/' */
	WORD_PATH,   /* begins with '/' or '$', quoted or not; its brackets are closed and each '$'
			has its name: $n or ${n} */
	WORD_NUMBER, /* decimal (no leading 0, '-' before it possible), 0x, with or without a suffix
			(K M G % ms s m h) or, in let and group, a range LO-HI, LO..HI */
	WORD_ADDRESS, /* an address, network, endpoint or port: has '.', ':', '*' or '['; also
			 abstract:NAME */
	WORD_GROUP,   /* @name, also @name:PORT */
	WORD_STRING,  /* quoted and not a path; also "abstract:NAME" */
};

/*
 * @text: quotes taken off, escapes kept, '@' and '$' too. NUL-terminated; NUL bytes were errors and
 * read as '_'. A misspelt word that was reported with its nearest match has that as its text, so
 * that the mistake is told once; its span is what was written.
 */
struct word {
	struct span at; /* quotes included */
	const char *text;
	uint32_t len;
	enum word_kind kind;
	bool quoted;
};

struct words {
	struct word *v;
	uint32_t n, cap;
};

/* A or A|B|C: numbers, constants, $variables. */
struct ast_value {
	struct span at;
	struct words terms; /* or-ed */
};

struct ast_values {
	struct ast_value *v;
	uint32_t n, cap;
};

enum ast_comparison {
	CMP_EQ,
	CMP_NE,
	CMP_LT,
	CMP_LE,
	CMP_GT,
	CMP_GE,
	CMP_IN, /* in {A, B} */
	CMP_NOT_IN,
	CMP_RANGE, /* in LO..HI, both ends included */
	CMP_NOT_RANGE,
	CMP_MASK_EQ, /* arg & MASK == V */
	CMP_MASK_NE,
};

struct ast_predicate {
	struct span at;
	struct word argument;
	enum ast_comparison comparison;
	struct ast_value mask; /* CMP_MASK_* */
	struct ast_values
		values; /* one; several for IN, NOT_IN; exactly LO and HI for RANGE, NOT_RANGE */
};

/* ioctl(cmd == X and fd == 2), @group, mount; also a socket family: netlink(ROUTE, AUDIT). */
struct ast_call {
	struct span at;
	struct word name; /* WORD_NAME or WORD_GROUP */
	struct ast_predicate *predicates;
	uint32_t n_predicates, cap_predicates;
	struct words protocols; /* FORM_SOCKET only */
};

struct ast_calls {
	struct ast_call *v;
	uint32_t n, cap;
};

/* What the grammar saw; which words a rule of that form has. */
enum ast_form {
	FORM_PATHS,	 /* operations, [class (exec and map alone)], objects, excepts: exec and
			    everything in file; a class may stand alone */
	FORM_SIGNAL,	 /* [objects: names or groups], target, excepts */
	FORM_PTRACE,	 /* target */
	FORM_BARE,	 /* fork, userns, pivot: the operations are all */
	FORM_NETWORK,	 /* operations connect, listen; protocols: unix alone, or of the others;
			    objects, excepts: for unix paths and abstract:NAME, else endpoints and
			    groups */
	FORM_SOCKET,	 /* calls, except_calls: families with their protocols */
	FORM_MOUNT,	 /* fstype, [source], on, [options] */
	FORM_BIND,	 /* source, on */
	FORM_UMOUNT,	 /* objects, excepts: paths */
	FORM_SYSCALL,	 /* calls, except_calls */
	FORM_CAPABILITY, /* objects, excepts: names or groups */
};

enum ast_block {
	BLOCK_NONE,
	BLOCK_PROCESS,
	BLOCK_FILE,
	BLOCK_NETWORK,
	BLOCK_MOUNT,
	BLOCK_SYSCALL,
	BLOCK_CAPABILITY,
};

struct ast_rule {
	struct span at; /* from the effect's word to the end of the statement, without ';' */
	enum effect effect;
	struct span effect_at;
	bool quiet;
	bool only; /* syscall: `only CALLS`; effect is EFFECT_ALLOW */
	enum ast_block block;
	enum ast_form form;
	struct words operations; /* as written: "read", "connect", "exec"; empty inside a syscall or
				    capability block */
	struct words protocols;	 /* tcp udp sctp icmp unix */
	bool has_class;
	struct word object_class; /* drift, anonymous */
	struct words objects;
	struct words excepts;
	struct ast_calls calls;
	struct ast_calls except_calls;
	bool has_target, has_fstype, has_source, has_on, has_errno, has_as, has_in;
	struct word target; /* self, any or a profile's name */
	struct word fstype, source, on;
	struct words options; /* with ro, nosuid … */
	bool owner;
	struct span owner_at;
	struct word errno_name;
	struct word as;
	struct word in;		 /* expectations: the sub-profile that is asked */
	const char *effect_name; /* as written, with "quiet " where it stands: for messages */
	uint32_t exception;	 /* not written so, but by exceptions_apply(): its number; 0 */
};

enum ast_setting_kind { SETTING_MODE, SETTING_LIMIT, SETTING_ABI, SETTING_ON_VIOLATION };

/* @name: one that there is; @value: a number. */
struct ast_limit {
	struct word name, value;
};

struct ast_setting {
	struct span at;
	enum ast_setting_kind kind;
	struct words values; /* MODE: audit|enforce; ABI: names; ON_VIOLATION: deny|kill. Known
				words, but for the ABIs. */
	struct ast_limit *limits;
	uint32_t n_limits, cap_limits;
};

enum ast_item_kind { ITEM_RULE, ITEM_INCLUDE, ITEM_SETTING, ITEM_PROFILE };

struct ast_decl;

struct ast_item {
	enum ast_item_kind kind;
	struct span at;
	struct ast_rule *rule;
	struct words includes; /* include a, b */
	struct ast_setting *setting;
	struct ast_decl *profile; /* a sub-profile */
};

struct ast_body {
	struct ast_item *v;
	uint32_t n, cap;
};

enum ast_decl_kind { DECL_USE, DECL_LET, DECL_GROUP, DECL_FRAGMENT, DECL_PROFILE, DECL_TEST };

struct ast_decl {
	enum ast_decl_kind kind;
	struct span at;		/* the whole declaration */
	struct word name;	/* TEST: its title; USE: unset */
	struct words values;	/* USE: names; LET, GROUP: values */
	struct word group_kind; /* GROUP: syscall, capability, cidr, port, signal */
	bool has_extends;
	struct word extends;	       /* PROFILE */
	struct ast_body body;	       /* FRAGMENT, PROFILE */
	struct word for_profile;       /* TEST */
	struct ast_rule *expectations; /* TEST */
	uint32_t n_expectations, cap_expectations;
};

/*
 * A declaration with a syntax error, reported and not in the tree: a name that it may have declared
 * is not an unknown one. @name.text NULL: it could not be read. DECL_USE: any name of any kind.
 */
struct ast_lost {
	enum ast_decl_kind kind;
	struct word name;
};

struct ast_file {
	struct source *source;
	struct ast_decl **v;
	uint32_t n, cap;
	struct ast_lost *lost;
	uint32_t n_lost, cap_lost;
};

/*
 * Parses @source. Never NULL; with errors in @diags the tree holds what could be read around them
 * (error recovery at statement ends), fit for finding further errors but not for making a policy.
 * Checks what can be told without names: UTF-8, control characters, comments, brackets, quotes,
 * nesting (64 blocks), length (2^18 words a statement), the shape of rules. What is in the tree has
 * its form's shape:
 *
 *	- operations are known; those of a rule share one form, and belong to the rule's block
 *	  unless that was reported
 *	- `quiet` and `errno` stand only with deny, `owner` only in FORM_PATHS, `as` only with
 * allowed or audited exec, `only` only in a syscall block
 *	- an expectation is allow or deny and has one operation, one object (protocol, family, call,
 *	  signal) and none of except, errno, as; it alone may have `in`
 *	- group kinds, protocols, object classes, limits, modes are ones that there are
 *
 * Left to the resolver: names of everything else, what lies inside a path, an address or a number,
 * where settings may stand, and duplicates.
 */
struct ast_file *parse_file(struct source *source, struct diag_list *diags, struct arena *arena);

/*
 * One operation and object, as `pale query` has them on its command line and as the lines of a test
 * have them after their effect: "write /etc/passwd", "syscall ioctl cmd=0x5421", "signal TERM to
 * self". An `in SUBPROFILE` may follow here, too. NULL with an error in @diags.
 */
struct ast_rule *parse_request(struct source *source, struct diag_list *diags, struct arena *arena);

#endif
