/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_IMPORT_SECCOMP_INTERNAL_H
#define PALE_IMPORT_SECCOMP_INTERNAL_H

/*
 * What the steps of import_seccomp_write() hand to each other. In this order:
 * - Entries are added to the calls that they name, their conditions as tests (calls, argument,
 *   width). Those that do not apply are told (notes).
 * - x86's calls that stand for many get what theirs have (multiplexed).
 * - Each call is settled: one answer, or alternatives that do not contradict each other (calls,
 *   cells).
 * - What the calls get becomes rules (rules, text).
 *
 * A mistake in the profile is an error in the list, and the step goes on to the next call; rules
 * are made only when there was none. All is allocated from the arena of the diagnostics.
 */

#include "compiler/import_seccomp.h"
#include "compiler/vocab.h"

/*
 * A condition at the width that the kernel reads. As values of the argument taken without a sign:
 * those in [lo, hi], or all others; or those that have @value in the bits of @mask.
 */
struct import_test {
	const struct vocab_argument *argument;
	uint8_t index, width;
	bool is_mask, negated;
	uint64_t lo, hi;
	uint64_t mask, value;
};

/* What an entry says of one call: all tests must hold. Ascending by index, one each. */
struct import_alternative {
	struct import_test tests[6];
	uint32_t n_tests;
	struct import_action action;
	const struct import_entry *entry;
};

struct import_call {
	const struct import_entry *whole; /* says it whatever the arguments; NULL: none does */
	struct import_alternative *v;
	uint32_t n, cap;
};

/* Rules of one effect and errno. */
struct import_bucket {
	struct import_action action;
	struct policy_words whole;
	/* One rule for each: the call, or "call(…), call(…)". */
	struct policy_words rules;
};

struct import_writing {
	struct arena *arena;
	struct diag_list *diags;
	const struct import_seccomp *model;
	const struct source *source;
	struct import_call *calls; /* by index into vocab_syscalls */
	struct policy_words unknown, absent;
	const struct json_path *unknown_at; /* the first entry that has one */
	struct policy_words comments;
	int32_t last[ABI_COUNT]; /* the greatest number that an entry names */
	struct import_bucket *buckets;
	uint32_t n_buckets, cap_buckets;
};

/* import_seccomp.c */

/* @s must live as long as the arena. */
void import_push(struct import_writing *w, struct policy_words *to, const char *s);
const char *import_path_text(const struct import_writing *w, const struct json_path *path);
/* Of a diagnostic. Reads the file from its beginning, as json_path_place() does. */
struct span import_place(const struct import_writing *w, const struct json_path *path);
bool import_same_action(struct import_action a, struct import_action b);

/* import_seccomp_argument.c */

/*
 * What @c compares of the call, an index into vocab_syscalls. @ret_width: the most bits of it that
 * a spoken ABI reads. NULL, with an error, when the condition cannot be had in a policy, or would
 * not mean the same on all spoken ABIs.
 */
const struct vocab_argument *import_argument(struct import_writing *w, uint32_t call,
	const struct import_condition *c, uint8_t *ret_width);

/* import_seccomp_width.c */

enum import_truth { IMPORT_SOMETIMES, IMPORT_ALWAYS, IMPORT_NEVER };

/* @t has its argument and width, and gets the rest. Not to be used unless it holds sometimes. */
enum import_truth import_test_lower(const struct import_condition *c, struct import_test *t);

/* import_seccomp_cells.c */

/* By what they are made of, not by what they match; tests of one call. */
bool import_same_tests(const struct import_alternative *a, const struct import_alternative *b);
/* Whether some arguments meet both. Taken to be so where there are too many to tell. */
bool import_overlap(const struct import_alternative *a, const struct import_alternative *b);
/* Whether the call's alternatives tell apart no more than CELLS_MAX cells, with CELL_MASKS_MAX
 * masks: what import_has_rest() and the compiler can look at. */
bool import_few_cells(const struct import_call *call);
/* Whether some arguments are left that no alternative matches. For calls of few cells. */
bool import_has_rest(const struct import_call *call);

/* import_seccomp_calls.c */

/* Whether a spoken ABI has it. */
bool import_has_call(const struct import_writing *w, uint32_t call);
/* To what each call that @e names gets. For entries that apply, in the order of the file. */
void import_calls_add(struct import_writing *w, const struct import_entry *e);
/* What @e says of one call where these @n conditions hold; no two of them on one argument. */
void import_add_alternative(struct import_writing *w, uint32_t syscall,
	const struct import_entry *e, const struct import_condition *conditions, uint32_t n);
/* Leaves of each call either @whole or alternatives of few cells of which no two say different
 * things. */
void import_calls_settle(struct import_writing *w);

/* import_seccomp_multiplexed.c */

/* Between the last entry and import_calls_settle(). Does nothing unless x86 is spoken. */
void import_multiplexed(struct import_writing *w);

/* import_seccomp_text.c */

/* The alternatives of one action, or of any when @action is NULL: "personality(personality in {0,
 * 8})". Those that compare one argument with one value are one word. */
struct policy_words import_alternatives_text(struct import_writing *w,
	const struct import_call *call, const char *name, const struct import_action *action);

/* import_seccomp_rules.c */

#define IMPORT_RULE_INDENT (2 * POLICY_TEXT_INDENT)

/* By enum import_verdict: what a rule begins with. */
extern const char *const import_effects[];
/* What follows a rule's objects, or NULL. */
const char *import_tail(struct import_writing *w, struct import_action action);
/* From settled calls to buckets, in the order in which they are written. false with an error. */
bool import_rules(struct import_writing *w);

/* import_seccomp_notes.c */

/* Both tell: the terminal now, the policy for good. */
void import_without_effect(
	struct import_writing *w, const struct json_path *path, const char *call, const char *why);
void import_tell_left_out(struct import_writing *w, const struct import_entry *e);
/* Calls that are not in the tables, and conditions on those that no spoken ABI has. Once, after
 * all entries: it sorts them. */
void import_tell_names(struct import_writing *w);

#endif
