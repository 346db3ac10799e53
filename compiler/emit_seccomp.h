/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EMIT_SECCOMP_H
#define PALE_EMIT_SECCOMP_H

/* The policy as one seccomp filter that answers seccomp_answer() to every call of every ABI. */

#include "compiler/base/text.h"
#include "compiler/seccomp_answer.h"
#include "compiler/weights.h"

#include <linux/filter.h>

struct seccomp_program {
	struct sock_filter *v;
	uint32_t n;
};

/*
 * @weights: which calls to decide first, or NULL; without them every call that is allowed counts
 * alike. Since Linux 5.11 a native call that is allowed whatever its arguments costs no run of the
 * filter (kernel/seccomp.c, seccomp_cache_prepare()), so that the others go before it.
 *
 * NULL and *@ret_why (in @a) when there is no such filter: the conditions on one call have more
 * than CELLS_MAX cells, or the program more than BPF_MAXINSNS instructions. Not proved yet:
 * verify_seccomp() does that.
 */
struct seccomp_program *emit_seccomp(struct arena *a, const struct policy *p,
	const struct seccomp_options *options, const struct weights *weights, const char **ret_why);

/* NAME.<arch>.bpf: struct sock_filter after struct sock_filter, little-endian. */
void seccomp_program_bytes(const struct seccomp_program *program, struct text *to);

#endif
