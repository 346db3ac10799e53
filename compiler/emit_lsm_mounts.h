/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EMIT_LSM_MOUNTS_H
#define PALE_EMIT_LSM_MOUNTS_H

/*
 * The rules of mount and bind as lsm_wire.h has them. They cannot share the large automaton: which
 * rule decides depends on two strings, a type and options together.
 */

#include "compiler/base/error.h"
#include "compiler/base/text.h"
#include "compiler/lsm_wire.h"
#include "compiler/policy.h"

/* Released by the caller. */
struct lsm_mounts {
	struct text entries, automata, cells;
	uint32_t n_entries, n_automata, n_cells;
};

/* Adds @d's rules, and says in @ret where they are. */
void lsm_mounts_add(struct lsm_mounts *m, const struct domain *d, struct lsm_domain *ret);
/* -E2BIG when they are more than fit, or a type is longer than any entry has room for. */
int lsm_mounts_fit(const struct lsm_mounts *m, const struct policy *p, struct pale_err **err);
void lsm_mounts_release(struct lsm_mounts *m);

#endif
