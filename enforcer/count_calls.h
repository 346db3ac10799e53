/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_COUNT_CALLS_H
#define PALE_COUNT_CALLS_H

/*
 * How often each system call is made in some cgroups and those below them, counted in the kernel by
 * tracepoints' programs (enforcer/bpf/count_calls.bpf.c), which load where BPF-LSM does not: of
 * each group apart by phase, by ABI, and for what was executed into it from outside; with the
 * arguments that policies compare (observer_compared()). Calls are not lost. Programs that are
 * executed are told one by one.
 *
 * While it is there the kernel takes its slow path at every call of every task of the machine: see
 * seccomp_exit.h for what that costs.
 */

#include "compiler/base/error.h"
#include "compiler/learn_run.h"
#include "enforcer/bpf/count_calls_map.h"

#include <stdint.h>

struct count_calls;

struct counted_group {
	uint64_t cgroup; /* its id: cgroup.h */
	/* LEARN_RUNTIME: its program has not begun. It does with the first exec of its first
	 * process, or, where @init is -1, of any, which that process then is. */
	enum learn_phase phase;
	int init; /* a pidfd of its first process, or -1; SIGTERM, SIGINT or SIGQUIT to it is
		     LEARN_SHUTDOWN */
	/* Where @init is -1: the first exec counts even when a program executes itself anew, as
	 * runtimes do before the container's. */
	bool any_begins;
};

/*
 * Loads and attaches it, for at most COUNT_GROUPS groups. What is in them by now is theirs, whoever
 * put it there. @programs: they are told. Needs CAP_BPF and CAP_PERFMON. -EPERM, -EINVAL…: this
 * kernel does not let it. -E2BIG: too many groups.
 */
int count_calls_new(const struct counted_group *groups, uint32_t n, bool programs,
	struct count_calls **ret, struct pale_err **err);
/* Takes NULL. */
void count_calls_free(struct count_calls *c);
void count_calls_freep(struct count_calls **c);
/* Counts and programs stay readable. */
void count_calls_detach(struct count_calls *c);

/* What the kernel has of a group: its phase, and what was lost. */
const struct count_group *count_calls_group(const struct count_calls *c, uint32_t group);
/* Which part of its run calls are counted for from now on. Phases do not go back, and
 * LEARN_RUNTIME is not ended by this. */
void count_calls_advance(struct count_calls *c, uint32_t group, enum learn_phase phase);

/* Ends LEARN_RUNTIME for who has seen that its program runs; false: the kernel saw it, too. */
bool count_calls_begin(struct count_calls *c, uint32_t group);

/* Tells @run what the kernel could not count of a group: all of it, so to be asked once of a run.
 * Of programs only where they are taken from here. */
void count_calls_add_losses(
	const struct count_calls *c, uint32_t group, bool programs, struct learn_run *run);

struct counted_call {
	enum learn_phase phase;
	bool execed; /* by what was executed into the group from outside */
	enum abi abi;
	int64_t number;	       /* as the kernel sees it */
	uint64_t registers[6]; /* those that are known: */
	uint8_t known;	       /* bit (register) */
	uint64_t count;
};
void count_calls_each(const struct count_calls *c, uint32_t group,
	void (*each)(void *ctx, const struct counted_call *call), void *ctx);
/* Processes, not threads, that were started. */
uint64_t count_calls_forks(
	const struct count_calls *c, uint32_t group, bool execed, enum learn_phase phase);

struct counted_program {
	uint32_t group;
	bool execed;
	enum learn_phase phase;
	/* The text is the name of a script below its root directory, links and all; the interpreter
	 * is told for itself. Otherwise the path of what was executed. */
	bool script;
	bool anonymous; /* it has no path */
	bool cut;	/* longer or deeper than is told: of no use */
	uint32_t pid;	/* as the initial pid namespace has it */
	const char *text;
	size_t len;
};
/* Readable when there are some. Belongs to @c. */
int count_calls_fd(const struct count_calls *c);
int count_calls_read(struct count_calls *c,
	void (*take)(void *ctx, const struct counted_program *program), void *ctx,
	struct pale_err **err);

#endif
