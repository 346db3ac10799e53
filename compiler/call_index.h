/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CALL_INDEX_H
#define PALE_CALL_INDEX_H

/*
 * What the rules of a domain say of each syscall, so that who asks about one need not look through
 * rules that name hundreds. decide(), the partition of arguments and the proof walk it.
 */

#include "compiler/policy.h"

/* Fills by_call of every domain from by_operation, which has to be in order. In the policy's arena.
 */
void call_index_build(struct policy *p);

#endif
