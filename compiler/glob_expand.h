/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_GLOB_EXPAND_H
#define PALE_GLOB_EXPAND_H

/*
 * Globs without their braces, for mechanisms that have none or mean something else by them.
 */

#include "compiler/glob.h"

struct glob_expansions {
	struct glob_seq *v;
	uint32_t n, cap;
	/* Some braces are still there: @max was not enough. */
	bool partial;
};

/* At most @max sequences, which together match what @g matches. */
struct glob_expansions glob_expand(struct arena *a, const struct glob *g, uint32_t max);

#endif
