/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_APPARMOR_PATTERN_H
#define PALE_APPARMOR_PATTERN_H

/*
 * Globs in AppArmor's tongue, and back. apparmor.d(5) on globbing; what it leaves open was read off
 * the parser's own output (apparmor_parser -D rule-exprs, 3.0.8):
 *
 *	*	any run without '/'; not empty where a whole component, seen as text
 *	**	any run; not empty after a '/' at the end
 *	[^a]	any byte but these, '/' too
 *	?	one byte, not '/'
 *
 * Stars are therefore written so that they mean the same wherever they stand: a component of stars
 * is `?*`, and Pale's /a/ ** /b is /a/{,** /}b (without the blanks). No byte of a path can become
 * syntax: what is special is escaped or stands in a class of its own, `@` above all, since @{...}
 * is a variable even in quotes.
 */

#include "compiler/base/text.h"
#include "compiler/glob.h"

#include <stdbool.h>

/*
 * Writes what goes between the quotes. @seq: one of glob_expand()'s. Braces that are still in it
 * are kept when they hold literals and touch no star; otherwise the pattern ends there and matches
 * everything that begins so (false is returned: it is wider). @after_slash: a '/' was written just
 * before.
 */
bool apparmor_pattern(struct text *to, const struct glob_seq *seq, bool after_slash);

/*
 * Reads back what apparmor_pattern() writes, by AppArmor's rules. NULL when it is anything else.
 */
struct glob *apparmor_pattern_read(struct arena *a, const char *text, size_t len);

#endif
