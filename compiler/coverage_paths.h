/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_COVERAGE_PATHS_H
#define PALE_COVERAGE_PATHS_H

/*
 * Coverage by automaton. A mechanism that speaks of paths lowers the policy into its own small
 * language; read back as globs, its grants and the policy's rules go into one automaton, and every
 * kind of path that the two can tell apart is visited once, with an example. So what is claimed of
 * a rule was compared for all paths.
 */

#include "compiler/base/error.h"
#include "compiler/coverage_notes.h"

/* A set of paths of which a mechanism says something. */
struct path_grant {
	const struct glob *glob;
	uint64_t rights; /* the mechanism's own bits */
	/* Whose paths these were; a rule whose grant reaches beyond its own objects is wider. */
	const struct rule **from;
	uint32_t n_from, cap_from;
};

struct path_grants {
	struct path_grant *v;
	uint32_t n, cap;
};

/* Paths of which policy and mechanism say the same throughout. */
struct path_case {
	/* [domain]; NULL for those that were not asked for */
	const struct path_row *const *rows;
	const struct path_grant *const *grants; /* those that cover it */
	uint32_t n_grants;
	uint64_t rights;   /* of all of them */
	const bool *rules; /* [rule index]: its objects, less its exceptions, cover it */
	bool directory;	   /* the name ends in '/' */
	const char *path;  /* an example, escaped for people */
};

typedef void (*path_case_visit)(void *ctx, const struct path_case *c);

/*
 * Visits every case of the domains @first to @first + @n_domains - 1 taken together. -E2BIG when
 * the automaton exceeds its budget: then nothing was visited, and the mechanism can claim nothing.
 */
int coverage_walk_paths(const struct policy *p, uint32_t first, uint32_t n_domains,
	const struct path_grants *grants, path_case_visit visit, void *ctx, struct pale_err **err);

/* What a mechanism answers for one case, as sets of operations. */
struct path_answer {
	uint64_t some; /* a form of it passes */
	uint64_t all;  /* every form passes */
};

/*
 * Notes, for one domain of a case, every operation of @operations in the variants
 * (PATH_VARIANT's owner, class) given: the rule that decides, and where more passes than is
 * allowed, the rules whose grants reached too far. @because: [OP_COUNT] standing reasons, or NULL.
 */
void coverage_note_case(struct coverage_notes *n, const struct path_case *c, uint32_t domain,
	int owner, enum object_class object_class, uint64_t operations, struct path_answer answer,
	const char *const *because);

/* Adds @rule, once, to those whose grant this is. */
void path_grant_from(struct arena *a, struct path_grant *g, const struct rule *rule);

/* The globs that match exactly @path; all strictly below the directory @path (no '/' at its end but
 * for the root's). */
const struct glob *glob_exactly(struct arena *a, const char *path);
const struct glob *glob_below(struct arena *a, const char *path);
/* The directory @path itself, whose name ends in '/'. */
const struct glob *glob_directory(struct arena *a, const char *path);

#endif
