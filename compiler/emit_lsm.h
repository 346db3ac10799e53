/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EMIT_LSM_H
#define PALE_EMIT_LSM_H

#include "compiler/base/error.h"
#include "compiler/base/text.h"
#include "compiler/coverage.h"
#include "compiler/policy.h"

/*
 * Writes the blob of lsm_wire.h into @ret (released by the caller) and the coverage of every rule
 * for MECHANISM_BPF_LSM into @c. -E2BIG with the limit that was passed when the policy does not
 * fit: nothing is cut.
 */
int emit_lsm(const struct policy *p, struct coverage *c, struct text *ret, struct pale_err **err);

/*
 * Proves that @blob means what decide() means: the automaton by walking both in lockstep from every
 * entry, all other tables by asking decide() for each of their cells and for each boundary of the
 * endpoint lists. -EBADMSG naming the first difference: an internal error.
 */
int verify_lsm(const struct policy *p, const void *blob, size_t len, struct pale_err **err);

#endif
