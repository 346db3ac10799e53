/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EXCEPTION_H
#define PALE_EXCEPTION_H

/*
 * A policy that for a while refuses less than its text says: the text stays, and what is derived
 * from it has a deny turned into an audit, or an audit beside its rules. It is done to the tree,
 * before anything else looks at it, so that names, precedence, derived calls and all checks are
 * those of any policy; struct rule has which exception it is.
 */

#include "compiler/compile.h"
#include "compiler/resolve.h"

/*
 * Changes @own, and the files that it uses, for each of the @n exceptions @v. What does not fit is
 * an error: a place where no rule refuses, a text that is not one rule with allow or audit, a
 * profile that is not there.
 */
void exceptions_apply(struct resolution *res, struct ast_file *own,
	const struct compile_exception *v, uint32_t n);

#endif
