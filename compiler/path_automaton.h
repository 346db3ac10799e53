/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PATH_AUTOMATON_H
#define PALE_PATH_AUTOMATON_H

/*
 * Builds policy->dfa, rows and pathless from rules whose by_operation lists are sorted. Others (the
 * coverage of path mechanisms) may build an automaton with the tags that rules have here and more
 * of their own and fold them with path_fold().
 */

#include "compiler/base/diag.h"
#include "compiler/policy.h"

enum path_tag {
	PATH_TAG_OBJECT,
	PATH_TAG_EXCEPT,
	/* An object, too, and a literal path of an exec rule: it says before globs which
	 * sub-profile is entered. */
	PATH_TAG_LITERAL,
	PATH_TAGS
};

#define PATH_TAG(rule, kind)  (PATH_TAGS * (rule)->index + (kind))
#define PATH_TAG_RULE(p, tag) ((p)->rules[(tag) / PATH_TAGS])
#define PATH_TAG_KIND(tag)    ((enum path_tag)((tag) % PATH_TAGS))
/* The first tag that no rule of @p uses. */
#define PATH_TAG_END(p) (PATH_TAGS * (p)->n_rules)

/* false, with a diagnostic that names the costly rule, when the automaton exceeds its budget. */
bool path_automaton_build(struct policy *p, struct diag_list *diags);

/* Adds the globs of every rule of @domain: entries DFA_ENTRY_PATHS and DFA_ENTRY_NAMES by @names.
 */
void path_automaton_add(const struct policy *p, struct dfa_builder *b, uint32_t domain, bool names);

/* The row for a set of tags below PATH_TAG_END: which rule decides each operation and variant. */
void path_fold(const struct policy *p, uint32_t domain, const uint32_t *tags, uint32_t n,
	struct path_row *ret);

#endif
