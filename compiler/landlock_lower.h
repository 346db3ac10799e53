/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LANDLOCK_LOWER_H
#define PALE_LANDLOCK_LOWER_H

#include "compiler/emit_landlock.h"

/* A grant while it is made, with the rules that asked for it. */
struct landlock_wish {
	struct landlock_grant grant;
	const struct rule **from;
	uint32_t n_from, cap_from;
	uint32_t order; /* of its making */
	/* Which of a rule's globs it comes from, and which of that one's alternatives; with
	 * grant.each. */
	const struct glob *each_of;
	uint32_t each_index;
};

struct landlock_wishes {
	const struct policy *policy;
	uint64_t handled_fs;
	struct landlock_wish *v;
	uint32_t n, cap;
};

/* What the allowing rules of all domains need, ordered by path, files before directories. */
void landlock_lower(struct landlock_wishes *w, const struct policy *p, uint64_t handled_fs);

#endif
