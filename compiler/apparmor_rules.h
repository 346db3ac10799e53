/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_APPARMOR_RULES_H
#define PALE_APPARMOR_RULES_H

/*
 * The rules of a profile that a path alone decides, files and umount, between policy and text.
 */

#include "compiler/base/text.h"
#include "compiler/coverage_paths.h"

/* Permissions as the compiled automaton has them (the parser's immunix.h): seven bits a side. */
#define AA_X 0x01u
#define AA_W 0x02u
#define AA_R 0x04u
#define AA_L 0x10u
#define AA_K 0x20u
#define AA_M 0x40u
/*
 * Not in that automaton, where 0x08 is to append: what is linked to, asked as the second of a pair
 * whose first has AA_L; and umount's, which has a path and nothing else.
 */
#define AA_LINKED 0x08u
#define AA_UMOUNT 0x80u

/* The new names in a line that denies what is linked to. */
#define APPARMOR_ANY_NAME "/**"

struct apparmor_rule {
	const char *pattern;
	bool deny, owner, audit;
	uint32_t permissions;
	int32_t transition;	 /* with AA_X: the domain entered, or -1 */
	const struct rule *from; /* NULL: what every profile has */
};

struct apparmor_rules {
	struct apparmor_rule *v;
	uint32_t n, cap;
};

struct apparmor_patterns {
	const char **v;
	uint32_t n, cap;
};

/*
 * Appends patterns that match at least what @globs do, with @deny at most that. The caller's own
 * /proc/self/ is written as any number, and what would deny own and other numbers unlike the policy
 * is left out.
 */
void apparmor_patterns(
	struct arena *a, const struct globs *globs, bool deny, struct apparmor_patterns *ret);
/*
 * A pattern read back into globs over the policy's paths, where the caller's own /proc/PID/ is
 * /proc/self/; the second is NULL but for patterns of that. -EBADMSG when it does not read back.
 */
int apparmor_pattern_globs(
	struct arena *a, const char *pattern, const struct glob *ret[2], struct pale_err **err);

/* The allowing rules of one domain. */
void apparmor_lower_allows(struct apparmor_rules *rules, const struct policy *p, uint32_t domain);
/* What may be written as deny: its denies, and the exceptions of its allows. */
void apparmor_lower_denies(struct apparmor_rules *rules, const struct policy *p, uint32_t domain);

/*
 * The rules by apparmor_pattern_globs(). Rights: what apparmor_effective() takes. @ret_rule:
 * [grant] the rule's index.
 */
int apparmor_grants(const struct policy *p, const struct apparmor_rules *rules,
	struct path_grants *ret, uint32_t **ret_rule, struct pale_err **err);

/* The permissions that a case's rights come to for a file's owner, or another. */
uint32_t apparmor_effective(uint64_t rights, bool owner);

/* What is refused to all paths of a deny rule with one permission: the operations that need it. */
uint64_t apparmor_needing(uint32_t permission);

/* Takes from each deny the permissions that anything allowed needs. */
int apparmor_check_denies(const struct policy *p, uint32_t domain, struct apparmor_rules *denies,
	struct pale_err **err);

/* The lines, each indented with a tab and ended, but for what allows links: apparmor_links.h. */
void apparmor_write_rules(
	struct text *to, const struct policy *p, const struct apparmor_rules *rules);

#endif
