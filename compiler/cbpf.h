/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CBPF_H
#define PALE_CBPF_H

/*
 * Classic BPF as seccomp runs it: read back, checked and executed without a kernel. Sources:
 * linux kernel/seccomp.c seccomp_check_filter(), net/core/filter.c bpf_check_classic(), and
 * Documentation/userspace-api/seccomp_filter.rst.
 */

#include "compiler/base/text.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

/* Offsets into struct seccomp_data. */
#define CBPF_NUMBER	    0u
#define CBPF_ARCH	    4u
#define CBPF_ARGUMENT_LO(i) (16u + 8u * (i))
#define CBPF_ARGUMENT_HI(i) (20u + 8u * (i))

/*
 * Whether seccomp(2) would take the program: at most BPF_MAXINSNS instructions, all of them known
 * to seccomp, aligned loads within seccomp_data, every jump forward and within, scratch words
 * stored before they are loaded, a return at the end. On refusal *@ret_why (static) and *@ret_at.
 */
bool cbpf_check(const struct sock_filter *v, uint32_t n, const char **ret_why, uint32_t *ret_at);

/*
 * What a checked program returns. *@ret_executed (may be NULL) is the number of instructions that
 * it took.
 */
uint32_t cbpf_run(const struct sock_filter *v, uint32_t n, const struct seccomp_data *data,
	uint32_t *ret_executed);

/* One instruction a line, numbered, with the numbers of jump targets. */
void cbpf_print(const struct sock_filter *v, uint32_t n, struct text *to);
/* "ALLOW", "ERRNO(1)". */
void cbpf_print_action(uint32_t action, struct text *to);

#endif
