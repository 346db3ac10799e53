/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_COUNT_CALLS_H
#define PALE_COUNT_CALLS_H

/*
 * How often each system call is made in one cgroup, counted in the kernel by a tracepoint's program
 * (enforcer/bpf/count_calls.bpf.c), which loads where BPF-LSM does not. Arguments are not looked
 * at.
 *
 * While it is there the kernel takes its slow path at every call of every task of the machine: see
 * seccomp_exit.h for what that costs.
 */

#include "compiler/base/error.h"
#include "compiler/vocab.h"

#include <stdint.h>

struct count_calls;

/*
 * Loads and attaches it, for the cgroup of this id (cgroup.h), not for groups below that. Needs
 * CAP_BPF and CAP_PERFMON. -EPERM, -EINVAL…: this kernel does not let it.
 */
int count_calls_new(uint64_t cgroup, struct count_calls **ret, struct pale_err **err);
/* Detaches. Takes NULL. */
void count_calls_free(struct count_calls *c);
void count_calls_freep(struct count_calls **c);

/* Which part of the run calls are counted for from now on, below COUNT_PHASES; 0 at first. */
void count_calls_phase(struct count_calls *c, unsigned int phase);
/* Of one call. */
uint64_t count_calls_of(
	const struct count_calls *c, unsigned int phase, enum abi abi, unsigned int number);
/* Each call that was made, by its number as the kernel sees it. */
void count_calls_each(const struct count_calls *c,
	void (*each)(void *ctx, unsigned int phase, enum abi abi, int64_t number, uint64_t count),
	void *ctx);

#endif
