/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LINE_DIFF_H
#define PALE_LINE_DIFF_H

#include "compiler/base/text.h"

/*
 * What patch(1) needs to make @now of @before, as a unified diff of one hunk: from the first line
 * that differs to the last one. A side that is NULL is a file that is not there. Adds nothing when
 * both are alike.
 */
void line_diff(
	struct text *to, const char *name, const struct text *before, const struct text *now);

#endif
