/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PARSE_H
#define PALE_PARSE_H

/*
 * The front end's own parts; everyone else includes ast.h.
 *
 *	bytes → pale.l (scan) → parse_tokens.c (words get their role) → pale.y → parse_rule.c
 *(shape)
 *
 * The scanner knows words, not keywords: no word is reserved. parse_tokens.c decides from a word's
 * place in its statement whether it is a keyword, ends statements, balances blocks and, after an
 * error, skips to the next statement, so that the grammar always sees balanced blocks.
 */

#include "compiler/ast.h"
#include "compiler/parse_trace.h"

/* The innermost may still be opened; one more is refused. */
#define PARSE_NESTING_MAX 64
#define PARSE_WORDS_MAX	  (1 << 18)

/* Not a token of the grammar: line ends are turned into END or dropped. */
#define RAW_NEWLINE (-1)

/* @kind: enum pale_tokentype or a character. */
struct token {
	int kind;
	struct word word; /* every token has its span there, and words their text */
	bool first;	  /* on its line */
	enum effect effect;
};

enum scan_mode { SCAN_STATEMENT, SCAN_CALL };

/* What pale.l keeps between tokens. */
struct scan {
	struct parse *parse;
	char *bytes;	 /* the source's, with rejected bytes replaced; two NULs at the end */
	uint32_t offset; /* of the next byte */
	uint32_t start;	 /* of the current word */
	uint32_t depth;	 /* of { } within a path word */
	bool quoted;
	bool first;
	bool rejected; /* a word of this line */
};

enum frame_kind {
	FRAME_FILE,
	FRAME_PROFILE,
	FRAME_FRAGMENT,
	FRAME_BLOCK,
	FRAME_LIMIT,
	FRAME_TEST,
	FRAME_REQUEST
};

struct frame {
	enum frame_kind kind;
	enum ast_block block;
	struct token opener; /* the word that names it: "profile", "file" */
};

/* Where in its statement the next word stands. */
enum place { PLACE_START, PLACE_QUIET, PLACE_OPERATION, PLACE_AFTER_OPERATION, PLACE_REST };

struct parse {
	struct source *source;
	struct diag_list *diags;
	struct arena *arena;
	struct ast_file *file;
	struct ast_rule *request;
	struct parse_trace *trace; /* or NULL */

	void *scanner; /* yyscan_t */
	struct scan scan;
	struct token back[4]; /* read ahead and put back, last first */
	unsigned n_back;

	struct token queue[PARSE_NESTING_MAX + 8]; /* made, not yet taken by the grammar */
	unsigned queue_at, n_queue;
	bool started;

	struct frame frames[PARSE_NESTING_MAX + 2];
	unsigned depth; /* frames[depth] is the innermost */

	enum place place;
	bool opening; /* the statement opens a block and its '{' has not come yet */
	struct token opener;
	bool in_call; /* between ( and ) */
	struct token call_open;
	struct token operation; /* the rule's first; kind 0 before it */
	struct token head;	/* the last word that is not an operand: it says what must follow */
	struct token subject;	/* the call whose arguments follow, or the kind of the group */
	struct token previous;	/* taken by the grammar */
	struct token latest;	/* the same, or what the grammar has just rejected */
	/* @operation, @head and @in_call as they were before @latest, for the message that rejects
	 * it. */
	struct {
		struct token operation, head;
		bool in_call;
	} before;

	uint32_t n_words; /* of the statement */
	bool spoiled;	  /* it has a part that no tree may hold: its rule is dropped */
	bool failed;	  /* the statement has had its error */
	bool recovering;  /* the grammar rejected a token: skip */
	bool finished;	  /* FRAME_REQUEST: its one statement was read */
	bool eof_reported;
	bool outside; /* a statement outside any profile was reported, the next ones go quietly */
	bool stray_closed;	  /* the same for '}' */
	struct token last_closed; /* '}' of the last declaration */

	/* For parse_role.c; NULL in a compilation. */
	struct parse_watch *watch;

	uint32_t *bad_lines; /* numbers of the lines with bytes that are no text, ascending */
	uint32_t n_bad_lines, cap_bad_lines;
};

/*
 * NULL where the error would only repeat another one: on a line whose bytes were already rejected,
 * or beyond DIAG_MAX (then it is counted). Marks the statement as failed.
 */
struct diag *parse_error(struct parse *p, struct span at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* As parse_error(), and NULL too where the statement has failed before. */
struct diag *parse_error_once(struct parse *p, struct span at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As parse_error(), for a word or character that is none: once a line. */
struct diag *parse_word_error(struct parse *p, struct span at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What is written at @at, for a message: cut to a readable length. In the arena. */
const char *parse_shown(struct parse *p, struct span at);

/* pale.l */
void parse_scan_start(struct parse *p);
void parse_scan_end(struct parse *p);
void parse_scan_mode(struct parse *p, enum scan_mode mode);
struct token parse_scan_token(struct parse *p);

/* parse_word.c: the kind of a word and what is wrong with it by itself. */
void parse_word(struct parse *p, struct token *t);
/* Of a number that stands where a name does, or of a group that is declared. */
bool parse_check_name(struct parse *p, const struct word *w);
/* Brackets, `$n` and `${n}` of a path or an abstract socket's name, quotes taken off. */
bool parse_check_path(struct parse *p, const struct token *t);

/* parse_operation.c */
struct parse_operation {
	const char *name;
	enum ast_block block; /* BLOCK_NONE: stands outside blocks */
	int token;
};
const struct parse_operation *parse_operation_find(const char *name);
const struct parse_operation *parse_operation_of(const struct token *t);
/* The nearest in @block, or of all for BLOCK_NONE; or NULL. */
const char *parse_operation_suggest(const char *name, enum ast_block block);
/* "exec, signal, … or userns" */
const char *parse_operations_of(struct parse *p, enum ast_block block);
const char *parse_block_name(enum ast_block block);

/* Each word that a statement may begin with in @frame and @block, or go on with; in the order of
 * their tables. */
void parse_each_statement_word(enum frame_kind frame, enum ast_block block,
	void (*each)(void *ctx, const char *name), void *ctx);
void parse_each_clause_word(void (*each)(void *ctx, const char *name), void *ctx);
/* The operations of @block, or of all for BLOCK_NONE. */
void parse_each_operation(
	enum ast_block block, void (*each)(void *ctx, const char *name), void *ctx);

/* The grammar's scanner (parse_tokens.h has its parts), and what explains an error. */
struct token parse_next(struct parse *p);
/* The next token that is no line end, left to be read again. */
struct token parse_peek(struct parse *p);
/* The span of a place right after @t, where something is missing. */
struct span parse_after(const struct token *t);
/* A word that names something, or the end of such: a statement may end or go on behind it. */
bool parse_is_operand(const struct token *t);
uint32_t parse_column(const struct parse *p, struct span at);

/* A declaration was given up; @name NULL: with no name read. */
void parse_lost(struct parse *p, enum ast_decl_kind kind, const struct word *name);

/* parse_expect.c: a syntax error at p->latest; @expected holds the names that pale.y gives tokens.
 */
void parse_unexpected(struct parse *p, const char *const *expected, int n);
/* Whether a rule like the one that is read may go on with "except", "owner", "errno", "as", "in".
 */
bool parse_clause_fits(const struct parse *p, const char *clause);

/*
 * parse_role.c: looks on while a file is read. @word: a token that the grammar takes. @ahead: one
 * that was read and that nothing has looked at; true when it is where the cursor stands, and
 * reading ends there. @expected: what could stand in its place.
 */
struct parse_watch {
	void (*word)(struct parse *p, const struct token *t);
	bool (*ahead)(struct parse *p, const struct token *t);
	void (*expected)(struct parse *p, const char *const *names, int n);
	bool ended;
	bool ended_in_comment; /* one that nothing follows */
};
void parse_watched(
	struct source *source, struct diag_list *diags, struct arena *arena, struct parse_watch *w);

/* parse_rule.c */
struct parse_effect {
	enum effect effect;
	struct span at;
	bool quiet, only;
	const char *name;
};

struct parse_tail {
	struct word errno_name, as, in;
	struct span owner_at, errno_at, as_at, in_at;
	bool has_errno, has_as, has_in, owner;
};

struct ast_rule *parse_rule_new(struct parse *p, enum ast_form form);
bool parse_tail_once(struct parse *p, bool seen, struct span at, const char *word);
/* NULL where a rule of its form cannot be so; then the error was reported. */
struct ast_rule *parse_rule_finish(struct parse *p, const struct parse_effect *effect,
	struct ast_rule *rule, const struct parse_tail *tail, struct span at);
struct ast_rule *parse_request_finish(
	struct parse *p, struct ast_rule *rule, const struct parse_tail *tail, struct span at);
/* One of @choices (ended by NULL): corrects @w to the nearest one. false: reported, none is near.
 */
bool parse_choice(struct parse *p, struct word *w, const char *what, const char *const *choices);

/* false, and reported, for a range where one number is meant. */
bool parse_single_number(struct parse *p, const struct word *w);

extern const char *const parse_group_kinds[],
	*const parse_modes[], *const parse_violations[], *const parse_limits[],
								 *const parse_protocols[],
									 *const parse_classes[];

#endif
