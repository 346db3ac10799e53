/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_GLOB_H
#define PALE_GLOB_H

/*
 * Globs over bytes. A glob matches a whole string. It is parsed from the text of a path word after
 * its variables were put in.
 *
 *	?  [a-f]  [!a]	one byte, never '/'
 *	*		any run without '/'
 *	**		any run, '/' included (so are three stars and more)
 *	{a,b,}		alternatives, nested
 *	\c  \xHH	that byte, literally; only glob characters, '$', '\', '"' may follow '\'
 *
 * The rest of this comment is what stars mean in their place.
 */
// A glob with braces matches what one of its expansions matches (the stars of {*,a}* stay two '*',
// they do not become a '**'). In an expansion, a component is what lies between a '/' and the next,
// or the end. A component that has more than stars is read star by star, and each may be empty. One
// of stars alone:
//
//	only '*'		is not empty
//	a '**', then '/'	with that '/' is nothing, or any run and '/'
//	a '**', then the end	is any run, not empty
//
// so that
//
//	/a/*		is all directly below /a but directories; not /a/
//	/a/{*,b}/c	has something between its last two '/'
//	/a/x*		/a/x, /a/xy
//	/**/		every directory, the root too
//	/a/**/		the directories at or below /a: /a/, /a/x/, /a/x/y/
//	/a/**/b		/a/b, /a/x/b, /a/x/y/b
//	/a/**		everything below /a; neither /a nor /a/
//	/a/**/*		everything below /a but directories
//	/**		everything but the root
//	/a**		/a, /ab, /a/, /a/x/y: all that begins with these bytes
//	/a/**b		/a/b, /a/xb, /a/x/b, /a/x/yb; not /ab
//	/a/b**		/a/b, /a/bx, /a/b/, /a/b/x
//
// Where a name (GLOB_NAME) begins no component begins: stars there may be empty, and '*' is every
// name without '/'. Strings with '//' are no paths; what a glob says of them follows from the above
// ("any run" may begin with '/') and means nothing.

#include "compiler/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The syntax as written; what a star means in its place is for compiler/nfa.h. */
enum glob_node_kind {
	GLOB_LITERAL,	   /* @n bytes; literals may follow each other */
	GLOB_SET,	   /* one byte of @set; '/' is never in it */
	GLOB_STAR,	   /* * */
	GLOB_ANY,	   /* ** */
	GLOB_ALTERNATIVES, /* @n of them */
};

struct glob_node {
	enum glob_node_kind kind;
	/* Offset into the text. Byte i of a literal stands at @at + i (not glob_literal()'s). */
	uint32_t at;
	uint32_t n;
	union {
		const char *bytes;
		const uint64_t *set; /* [4]: bit b is byte b */
		struct glob_seq *alternatives;
	};
};

struct glob_seq {
	struct glob_node *v;
	uint32_t n, cap;
};

struct glob {
	struct glob_seq seq;
	const char *text; /* as parsed, for messages and artefacts; NUL-terminated */
	uint32_t len;
	/* The bytes before the first glob form, unescaped; NUL-terminated. */
	const char *prefix;
	uint32_t prefix_len;
	bool literal; /* prefix is the one string that it matches */
};

struct globs {
	struct glob **v;
	uint32_t n, cap;
};

struct glob_error {
	uint32_t offset; /* into the text, of the byte that is rejected */
	uint32_t len;
	const char *message; /* static, or in the arena */
	const char *hint;    /* or NULL */
};

#define GLOB_NESTING_MAX 64
#define GLOB_BYTES_MAX	 4096

/* What glob_parse() checks beside the syntax. */
enum glob_kind {
	GLOB_PATH, /* begins with '/'; '//' and the components '.' and '..' are errors, also where
		      alternatives make them */
	GLOB_NAME, /* an abstract socket's name: none of these, and \x00 may stand in it */
	GLOB_MADE, /* as GLOB_NAME, of any length: escaping may take what was read beyond it */
};

/*
 * false and *@ret_error when @text (@len bytes) is no glob. The result lives in @a; @text is
 * copied.
 *
 * Errors: an empty text, more than GLOB_BYTES_MAX bytes, NUL; unclosed or unopened brackets; '{}';
 * nesting above GLOB_NESTING_MAX; '\' before an ordinary character or at the end; a bare '$' or
 * '"'. In a class: none or backwards, a '/' that is written out (a range just leaves it out), '^'
 * in front, a bare '[', '-' beside a range, a character of more than one byte.
 */
bool glob_parse(struct arena *a, const char *text, size_t len, enum glob_kind kind,
	struct glob **ret, struct glob_error *ret_error);

/* A glob that matches exactly @bytes, whatever they are. Its text parses to the same. */
struct glob *glob_literal(struct arena *a, const char *bytes, size_t len);

/* Whether every match of @g ends in '/': it names directories only. */
bool glob_names_directories(const struct glob *g);

#endif
