/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_APPARMOR_LINKS_H
#define PALE_APPARMOR_LINKS_H

// The link lines of a profile. A policy wants `link` on both paths; AppArmor has pairs of patterns,
// and a pair without a target is another one: the new name may then have no more permissions than
// what it is linked to. So all new names of a profile stand in one line with all that may be linked
// to, which are the same:
//
//	link "/{a/?*,b}" -> "/{a/?*,b}",
//
// What is denied stands in lines of its own, for either side: `deny "P" l` and `deny link "/**" ->
// "P"`. Of rules with `owner` security/apparmor/file.c asks both sides about the owner of the file
// that is linked to (aa_path_link()), so an owner's line has all patterns, on both sides, and the
// other only those without. Rules that audit have lines apart.
//
// Where there are more patterns than the parser reads at once, some hundreds, what is linked to is
// not asked, the rule is `-> "/**"`, and the coverage says so.

#include "compiler/apparmor_rules.h"

struct apparmor_link {
	bool owner, audit;
	const char *names, *targets;
};

struct apparmor_links {
	struct apparmor_link *v;
	uint32_t n, cap;
};

/* Adds a rule that allows links to anything, when the patterns are too many for a line. */
void apparmor_limit_links(struct arena *a, struct apparmor_rules *rules);
/* Did it? */
bool apparmor_links_any(const struct apparmor_rules *rules);

/*
 * The lines that the allowing rules come to. Patterns mean the same in braces: each closes its own,
 * has its commas in classes, and its stars so that they mean the same anywhere.
 */
void apparmor_links(
	struct arena *a, const struct apparmor_rules *rules, struct apparmor_links *ret);

/* The lines, each indented with a tab and ended. */
void apparmor_write_links(struct text *to, const struct apparmor_links *links);

#endif
