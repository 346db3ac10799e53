/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_COVERAGE_NOTES_H
#define PALE_COVERAGE_NOTES_H

/*
 * One mechanism's coverage, gathered case by case. A rule is exact when each case that it decides
 * was answered as it says; one case answered otherwise is what the rule's verdict and reason speak
 * of.
 */

#include "compiler/coverage.h"

struct coverage_notes;

struct coverage_notes *coverage_notes_new(const struct policy *p);
/* Where reasons live. */
struct arena *coverage_notes_arena(const struct coverage_notes *n);

/*
 * One case. UNENFORCED beside other notes of the same rule and operation counts as WIDER: the
 * mechanism has a say in part of it. The first reason given for the worst verdict stays.
 */
void coverage_note(struct coverage_notes *n, const struct rule *rule, enum operation op,
	enum coverage_verdict verdict, const char *why);

/* As coverage_note(), for what @rule decides: @some: the mechanism lets a form of it pass, @all: it
 * lets every form pass. @object goes into the reason, after @because when that is not NULL. */
void coverage_note_answer(struct coverage_notes *n, const struct rule *rule, enum operation op,
	bool some, bool all, const char *because, const char *object);

/*
 * Writes @m's column. A rule with no note for an operation decides nothing there, so nothing can be
 * wrong with it: exact. A rule that kills and is exact becomes wider: these mechanisms refuse, and
 * the process lives on.
 */
void coverage_notes_flush(const struct coverage_notes *n, struct coverage *c, enum mechanism m);

/* Whether what @rule decides for @op passes. */
bool rule_allows(const struct rule *rule, enum operation op);

#endif
