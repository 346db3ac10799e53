/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_AST_EQUAL_H
#define PALE_AST_EQUAL_H

/*
 * Whether two files say the same: the same declarations, statements and words in the same order,
 * spelt in the same way, wherever they stand. Spans are not looked at, nor are declarations that
 * were lost to an error.
 */

#include "compiler/ast.h"

bool ast_equal(const struct ast_file *a, const struct ast_file *b);

#endif
