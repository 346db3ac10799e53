/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_IMPORT_DRAFT_H
#define PALE_IMPORT_DRAFT_H

/*
 * A policy on its way from another tool's file into text: rules, each with the place that it came
 * from, and beside them what was left out. Other tools take rules that do nothing; a policy does
 * not. The compiler finds them, and they become comments.
 */

#include "compiler/base/diag.h"
#include "compiler/base/text.h"

enum draft_kind {
	DRAFT_RULE,
	DRAFT_ADDED,   /* a rule that no line of the file says, or a setting */
	DRAFT_HEADING, /* a comment before the rules that follow */
	DRAFT_LEFT_OUT,
};

struct draft_item {
	enum draft_kind kind;
	const char *text; /* one line of a policy, or of the file */
	const char *why;  /* DRAFT_LEFT_OUT: what no rule says */
	struct span at;
	bool wider;    /* DRAFT_LEFT_OUT: for lack of it the policy lets more through */
	bool idle;     /* the compiler found that it does nothing */
	uint32_t line; /* in the text written last */
};

struct draft_profile {
	const char *name;
	struct span at;
	struct draft_item *items;
	uint32_t n, cap;
	struct draft_profile **children;
	uint32_t n_children, cap_children;
};

struct draft {
	struct arena *arena;
	struct diag_list *diags;
	const struct source *source;
	const char **head; /* comments for the file's beginning */
	uint32_t n_head, cap_head;
	struct draft_profile **profiles;
	uint32_t n_profiles, cap_profiles;
};

void draft_init(
	struct draft *d, struct arena *a, struct diag_list *diags, const struct source *source);
void draft_head(struct draft *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* @up NULL: a profile of the file. The name is made one that a profile may have and no sibling has.
 */
struct draft_profile *draft_profile(
	struct draft *d, struct draft_profile *up, const char *name, struct span at);
/* A statement. The same statement a second time is not added. */
void draft_rule(struct draft *d, struct draft_profile *p, struct span at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* What no line of the file says: settings, and what the other tool does not control. */
void draft_added(struct draft *d, struct draft_profile *p, struct span at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void draft_heading(struct draft *d, struct draft_profile *p, const char *text);
/* @original: the file's own words, of any length and bytes. */
struct draft_item *draft_left_out(struct draft *d, struct draft_profile *p, struct span at,
	const char *original, const char *format, ...) __attribute__((format(printf, 5, 6)));

/*
 * The text of the policy, with a warning for each profile that left something out. false with
 * errors, at the places where the rules came from, when no policy can be made of it.
 */
bool draft_write(struct draft *d, struct text *to);

/* Up to @max bytes of words of a file, for messages; cut between characters. */
const char *draft_quoted(struct arena *a, const char *s, size_t len, size_t max);

#endif
