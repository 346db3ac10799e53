/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LEARN_INTERNAL_H
#define PALE_LEARN_INTERNAL_H

/* What the parts of learning share; the way through them is learn.c's. */

#include "compiler/base/hash_index.h"
#include "compiler/compile.h"
#include "compiler/learn.h"
#include "compiler/learn_object.h"
#include "compiler/policy_text.h"

/* ---- learn_items.c: what was seen, over all runs */

struct learn_item {
	struct learn_observation o; /* counts added up, first and last over all runs */
	uint64_t *runs;		    /* bit (index into the runs by time) */
	uint32_t n_runs;
};

struct learn_work {
	struct arena *arena;
	const struct learn_options *options;
	struct learn_result *result;
	struct diag_list *diags;
	struct learn_run **by_time; /* the order of bits */
	uint32_t n_runs, run_words;
	struct learn_item *items;
	uint32_t n_items, cap_items;
	const char *program; /* what was started; NULL: not known, or not always the same */
	uint32_t program_len;
	struct learn_domain *domains; /* [0] is the profile */
	uint32_t n_domains, cap_domains;
	const char *name;      /* of the profile */
	const char *file_name; /* as what `use` is looked up from */
	uint32_t abis;	       /* bits of those that were seen */
	uint32_t n_missing;    /* things that were seen and that the policy does not allow */
	bool has_abi;	       /* a hand-written setting says which pass */
	struct learn_fragment {
		const char *names;
		struct compilation *c;
	} * fragments;
	uint32_t n_fragments, cap_fragments;
	/* What is hand-written, with nothing between the marks; NULL without any. */
	struct compilation *hand;
	const struct policy *hand_policy;
};

void learn_items_make(struct learn_work *w, struct learn_runs *runs);
bool learn_item_in_run(const struct learn_item *item, uint32_t run);
void learn_note(struct learn_work *w, enum learn_note_kind kind, const char *what, const char *why);
/* With the question as what. */
void learn_note_item(struct learn_work *w, enum learn_note_kind kind, const struct learn_item *item,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* ---- rules */

enum learn_block {
	LEARN_PROCESS,
	LEARN_FILE,
	LEARN_NETWORK,
	LEARN_MOUNT,
	LEARN_SYSCALL,
	LEARN_CAPABILITY,
	LEARN_BLOCKS,
};

/* When something was seen. */
struct learn_seen {
	uint64_t *runs;
	uint32_t n_items;
	uint64_t first, last;
};
void learn_seen_join(struct learn_work *w, struct learn_seen *s, const struct learn_item *item);
/* "3 of 4 runs, 2026-11-01 to 2026-11-26" */
const char *learn_seen_text(struct learn_work *w, const struct learn_seen *s);

struct learn_rule {
	enum learn_block block;
	uint64_t operations;   /* of files: OP_BIT()s; rules of other blocks: */
	const char *operation; /* "connect tcp", "exec drift"; "" in syscall and capability */
	const char *object;    /* as written; "": none */
	const char *tail;      /* "to self", "as x"; "": none */
	const char *why;       /* NULL: literal */
	struct learn_seen seen;
	bool dropped; /* the compiler refused it */
	bool is_glob;
	struct policy_words excepts; /* they are in the tail */
	uint32_t line;		     /* in the draft written last */
};

struct learn_include {
	const char *name, *use; /* "libc", "base/libc" */
	const char *why;
	bool dropped;
	uint32_t line;
};

struct learn_domain {
	const char *name;	/* "web", "thumb": as its parent calls it */
	const char *executable; /* what is executed to get there; NULL: the profile */
	uint32_t executable_len;
	struct learn_part_of {
		uint32_t item;	  /* index */
		bool done;	  /* something is for it, or it was told why nothing is */
		bool told;	  /* there is a note */
		bool refused;	  /* by a hand-written rule */
		bool state;	  /* a rule for its folder is meant for it */
		const char *look; /* why people should look at it, once it is allowed; or NULL */
	} * items;
	uint32_t n_items, cap_items;
	struct learn_include *includes;
	uint32_t n_includes, cap_includes;
	struct learn_rule *rules;
	uint32_t n_rules, cap_rules;
	struct hash_index rule_index;
};

/* Valid until the next one is added. */
struct learn_rule *learn_rule_add(struct learn_domain *d, struct learn_work *w,
	enum learn_block block, const char *operation, const char *object);
/* The one that there is with this block, operation and object, or a new one. */
struct learn_rule *learn_rule_for(struct learn_domain *d, struct learn_work *w,
	enum learn_block block, const char *operation, const char *object);

/* ---- learn_domains.c: which executable runs in which profile */

/* Fills w->domains, and notes what could be a sub-profile. */
void learn_domains_make(struct learn_work *w);

/* ---- learn_fragments.c */

void learn_fragments_choose(struct learn_work *w, struct learn_domain *d);
/* Those that are about calls alone, for what @p does not allow in @domain. */
void learn_fragments_for_calls(
	struct learn_work *w, struct learn_domain *d, const struct policy *p, uint32_t domain);
/* A policy that includes @names alone; NULL when the library has not all of them. Kept until
 * learn_fragments_release(). */
struct compilation *learn_fragment_compile(
	struct learn_work *w, const char *names, const char *uses);
void learn_fragments_release(struct learn_work *w);

/* ---- learn_secret.c */

/* Passwords, keys, tokens, the memory of other processes, sockets that give power over the host. */
bool learn_is_secret(const char *path, uint32_t len);
/* Of /proc/PID of another process, what shows or changes its memory or reaches through it. */
bool learn_is_foreign_memory(const char *path, uint32_t len);
/* Paths that no learned glob may match; ends with NULL. */
extern const char *const learn_secret_samples[];

/* ---- learn_token.c: kinds of names of which the next one differs */

enum learn_token_kind {
	TOKEN_NONE,
	TOKEN_PID, /* these four whenever they are met */
	TOKEN_TID,
	TOKEN_UID,
	TOKEN_TERMINAL,
	TOKEN_VERSION, /* of a library that is mapped */
	TOKEN_UUID,    /* these where the program made the file, or they differed */
	TOKEN_HASH,
	TOKEN_TIME,
	TOKEN_NUMBER, /* of the last component alone */
	TOKEN_RANDOM, /* the program made the file */
};
extern const char *const learn_token_names[];

struct learn_token {
	enum learn_token_kind kind;
	uint32_t at, len; /* in the component */
	const char *glob; /* what stands for it */
	bool weak;	  /* it may be a word as well: there must be several */
};

/*
 * The first token of the component that is the @index-th of @path (from 1) and begins at @at.
 * @mapped: the file is mapped as code; @words: also a number behind a word, as in names that the
 * program gave.
 */
struct learn_token learn_token_find(struct arena *a, const char *path, uint32_t len, uint32_t at,
	uint32_t component_len, unsigned int index, bool mapped, bool words);

/* ---- learn_vary.c: sets of runs, bits as in struct learn_item */

void learn_runs_join(const struct learn_work *w, uint64_t *to, const uint64_t *runs);
uint32_t learn_runs_count(const struct learn_work *w, const uint64_t *runs);

/*
 * Whether @n names or addresses, each by the runs that had it, are ones that vary: @at_least of
 * them, and two runs at least that both had some, and not the same ones. Names that come and go
 * together are one thing, which a run does or not.
 */
bool learn_names_vary(
	const struct learn_work *w, const uint64_t *const *names, uint32_t n, uint32_t at_least);

/* ---- learn_state.c */

/* What is done to a file that changes it, its name or its mode. */
#define LEARN_CHANGES                                                                              \
	(OP_BIT(OP_WRITE) | OP_BIT(OP_APPEND) | OP_BIT(OP_CREATE) | OP_BIT(OP_DELETE) |            \
		OP_BIT(OP_RENAME) | OP_BIT(OP_LINK) | OP_BIT(OP_SETATTR))

/* Rules for folders that a program keeps its state in. */
void learn_state(struct learn_work *w, struct learn_domain *d);

/* ---- learn_paths.c, learn_network.c, learn_others.c, learn_calls.c: rules for a domain's items */

/* In a folder whose files an image brings, or the kernel: not /var, /srv and the like. */
bool learn_is_system(const char *path, uint32_t len);
/* Globs alone; what they do not match is for learn_paths_literal(). */
void learn_paths_globs(struct learn_work *w, struct learn_domain *d);
/* Items that the draft does not allow. */
void learn_paths_literal(struct learn_work *w, struct learn_domain *d);
void learn_network(struct learn_work *w, struct learn_domain *d);
/* exec, signals, tracing, families, mounts, capabilities. */
void learn_others(struct learn_work *w, struct learn_domain *d);
/* Calls that @p, which has all other rules, does not allow in @domain. */
void learn_calls(
	struct learn_work *w, struct learn_domain *d, const struct policy *p, uint32_t domain);
/* The C library tries it first, and falls back on ENOSYS as from an older kernel. */
bool learn_is_fallback(const struct learn_item *item, const struct decision *v);
void learn_weights(struct learn_work *w, struct text *to);

/* ---- learn_write.c */

/* The parts of the file between the marks, without these. */
void learn_write_uses(struct learn_work *w, struct text *to);
void learn_write_rules(struct learn_work *w, struct text *to);
/* The rules one in each line, and which: for the compiler. */
void learn_write_draft(struct learn_work *w, struct text *to);
/* The rule that stands in that line of the draft, as words; NULL: none does. Drops it with @drop.
 */
const char *learn_draft_line(struct learn_work *w, uint32_t line, bool drop, bool *ret_is_glob);
/*
 * Has the glob that stands there not reach @path; drops it where that would be too long a list.
 * false: it does not already.
 */
bool learn_draft_except(struct learn_work *w, uint32_t line, const char *path, uint32_t len);
/* Drops the include that brought what stands in @file; NULL: none did. */
const char *learn_draft_drop_include(struct learn_work *w, const char *file);

/* ---- learn_narrow.c */

/*
 * Has no learned glob of @domain of @p, which the draft was compiled to, reach secrets or code:
 * drops it, or excepts what was seen. The draft's first line is the file's @first_line + 1. Whether
 * the draft is another one now.
 */
bool learn_narrow(
	struct learn_work *w, const struct policy *p, uint32_t domain, uint32_t first_line);

/* ---- learn_merge.c */

/* Where the parts are in a file. */
struct learn_part {
	bool there;	     /* between marks */
	uint32_t begin, end; /* of what is put in its place, marks included; equal: put in there */
	uint32_t indent;     /* of its marks, where they are there */
};
enum { PART_USES, PART_RULES, PART_TESTS, PARTS };

/* false with errors in @diags: marks without a partner, no such profile. */
bool learn_parts_find(const struct source *hand, const char *profile, struct diag_list *diags,
	struct arena *a, struct learn_part parts[PARTS], const char **ret_profile,
	bool *ret_has_abi);
/*
 * The file with @texts between its marks, which end in a newline each, or are empty: the marks
 * stand there then, too, so that what was merged has no part in where they are.
 * @ret_lines: the number of lines before each text, from 0.
 */
void learn_parts_put(const struct source *hand, const struct learn_part parts[PARTS],
	const char *const texts[PARTS], struct text *to, uint32_t ret_lines[PARTS]);
/* What stands between the marks of a file. */
bool learn_parts_texts(
	const struct source *s, struct diag_list *diags, struct arena *a, const char *texts[PARTS]);
/* A new file, without rules: what learn_parts_find() then finds its places in. */
void learn_parts_new(struct learn_work *w, struct text *to);

/* ---- learn_tests.c */
void learn_tests_write(
	struct learn_work *w, struct compilation *c, const struct policy *p, struct text *to);

/* ---- learn_ready.c */
void learn_ready(struct learn_work *w, const struct policy *p);

/* What @p says to it in @domain. Of a folded directory: to a name in it that nobody saw. */
struct decision learn_decide(
	const struct policy *p, uint32_t domain, const struct learn_item *item);

/* Which profile of @p the domain is. */
uint32_t learn_domain_index(
	const struct learn_work *w, const struct policy *p, const struct learn_domain *d);

#endif
