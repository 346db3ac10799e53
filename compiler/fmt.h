/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_FMT_H
#define PALE_FMT_H

/*
 * The layout of policy files, as grammar/LANGUAGE.md has it under "Layout". Words and comments are
 * written as they were spelt, and in the same order; only what lies between them changes. What was
 * formatted stays as it is when it is formatted again.
 *
 * Names need not mean anything: a file is formatted without those that it uses.
 */

#include "compiler/base/diag.h"
#include "compiler/base/text.h"

#include <stdbool.h>

/*
 * Adds @source's text, formatted, to @to. false, and nothing is added, with an error in @diags:
 * where the file is no policy, where it gets larger than SOURCE_BYTES_MAX, and where what was made
 * is not the same policy with the same comments, which would be a mistake in here.
 */
bool fmt_policy(struct source *source, struct diag_list *diags, struct text *to);

#endif
