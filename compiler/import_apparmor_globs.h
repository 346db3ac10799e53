/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_IMPORT_APPARMOR_GLOBS_H
#define PALE_IMPORT_APPARMOR_GLOBS_H

/*
 * Patterns of AppArmor as globs of Pale that match the same paths. What apparmor.d(5) leaves open
 * was read off the parser (apparmor_parser -D rule-exprs, 3.0.8):
 *
 * - Stars with a '/' before them, and a '/' or the end behind, each as written, match at least
 *   one byte, and the first is no '/'. All other stars may match nothing. So may, other than in
 *   Pale, the one in /a/{*,b}; and /a/ ** /b is not /a/b (without the blanks).
 * - [^a] matches '/', too.
 * - "\052", "\x2a" and "\d042" are a literal star.
 * - Several '/' are one.
 *
 * The kernel names /proc/PID/ by the number, Pale the caller's own as /proc/self/. A pattern that
 * means numbers gets a glob for self beside it; one that means the word self matches nothing.
 */

#include "compiler/base/arena.h"
#include "compiler/policy_text.h"

#include <stdint.h>

/* One pattern stands for at most so many globs. */
#define AA_GLOBS_MAX 2000

struct aa_pattern_error {
	const char *message; /* static */
};

/*
 * Adds to @to the globs of @text, variables put in, as words of a policy (quoted where they must
 * be). false: it is no pattern. None added: it matches no path. @ret_inexact: NULL, or in what the
 * globs differ.
 */
bool aa_pattern_globs(struct arena *a, const char *text, size_t len, struct policy_words *to,
	const char **ret_inexact, struct aa_pattern_error *error);

#endif
