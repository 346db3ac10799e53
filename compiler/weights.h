/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_WEIGHTS_H
#define PALE_WEIGHTS_H

/*
 * How often a program makes each call, so that its filter decides the frequent ones first. A file
 * of lines "SYSCALL COUNT"; '#' begins a comment. Counts of one call add up: files may be joined.
 *
 * Weights change the order of a filter's instructions, never its answers, and so no digest.
 */

#include "compiler/base/diag.h"

struct weights {
	uint64_t *counts; /* [vocab_n_syscalls] */
	uint64_t total;	  /* of them; what would exceed 64 bits stays there */
};

/* In the arena of @diags, which then has an error where NULL is returned. */
struct weights *weights_read(struct diag_list *diags, const char *path);

#endif
