/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CHILD_OUTPUT_H
#define PALE_CHILD_OUTPUT_H

#include "compiler/base/error.h"
#include "compiler/base/text.h"

/*
 * What a program prints to stdout: @argv, found in the system's folders, with an empty environment
 * but for those, no input, and its stderr left away. It is killed, with what it started in its
 * process group, after @timeout_ms, -ETIMEDOUT, or @max bytes, -EFBIG. -EREMOTEIO: it failed.
 */
int child_output(const char *const *argv, int timeout_ms, size_t max, struct text *ret,
	struct pale_err **err);

#endif
