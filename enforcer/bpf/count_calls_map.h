/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
#ifndef PALE_BPF_COUNT_CALLS_MAP_H
#define PALE_BPF_COUNT_CALLS_MAP_H

/* What the programs of count_calls.bpf.c and user space share. */

#include <linux/types.h>

enum count_calls_abi { COUNT_X86_64, COUNT_X86, COUNT_X32, COUNT_ABIS };

/* How a process came into its group. What is counted has the first numbers. */
enum count_class {
	COUNT_OWN,    /* it was there, or is a child of what was */
	COUNT_EXECED, /* it came from outside after the group's first program began, and has
			 executed one; and its children */
	COUNT_CLASSES,
	COUNT_ENTERING = COUNT_CLASSES, /* the same before it executes one: a runtime's doing */
	COUNT_INTERACTIVE,		/* as COUNT_EXECED, with a controlling terminal */
};

#define COUNT_CALLS	1024 /* numbers of each ABI; those beyond share the last one */
#define COUNT_PHASES	4    /* enum learn_phase */
#define COUNT_GROUPS	64   /* at once; a power of two */
#define COUNT_REGISTERS 6

/* Distinct arguments that are kept of a group. */
#define COUNT_ARGUMENTS_MAX 4096

/* Of a group, a class and a phase. */
#define COUNT_PART(group, class, phase) (((group)*COUNT_CLASSES + (class)) * COUNT_PHASES + (phase))
#define COUNT_PARTS(groups)		((groups)*COUNT_CLASSES * COUNT_PHASES)
#define COUNT_INDEX(part, abi, number)	(((part)*COUNT_ABIS + (abi)) * COUNT_CALLS + (number))
#define COUNT_ENTRIES(groups)		(COUNT_PARTS(groups) * COUNT_ABIS * COUNT_CALLS)

/* A call of the machine's own ABI by what of its registers is compared; the others are 0. */
struct count_arguments {
	__u32 part, number;
	__u64 registers[COUNT_REGISTERS];
};

/* What each number's registers are compared by: bit (register). */
struct count_compared {
	__u8 registers;
	__u8 wide; /* 64 bits of it; of the others 32 */
};

/* Both sides write. */
struct count_group {
	__u32 phase;	/* enum learn_phase; the kernel leaves LEARN_RUNTIME at the first exec, and
			   goes on to LEARN_STEADY and LEARN_SHUTDOWN */
	__u32 init;	/* its first process, as the initial pid namespace has it; 0: not known */
	__u32 has_init; /* the first process is known, and no other begins it */
	__u32 any_begins;	   /* whatever is executed first, even the same program again */
	__u32 arguments;	   /* how many are kept */
	__u64 began_ns;		   /* CLOCK_MONOTONIC; 0: it has not */
	__u64 calls;		   /* with arguments that found no room */
	__u64 missed;		   /* calls of tasks that could not be told to be of it */
	__u64 processes;	   /* that could not be followed */
	__u64 left;		   /* processes that went to another cgroup */
	__u64 programs;		   /* executed, that found no room */
	__u64 execed, interactive; /* processes that became that, not counting their children */
};

#define COUNT_PATH_MAX 4096

enum count_program_kind {
	COUNT_PROGRAM, /* its path */
	COUNT_SCRIPT,  /* the name that was executed, from the root directory, with its links */
};

/* Something was executed; its text follows, without a NUL. */
struct count_program {
	__u32 kind;
	__u32 part;
	__u32 pid;	/* of the initial pid namespace */
	__u8 anonymous; /* it has no path: memfd_create(2), or deleted */
	__u8 cut;	/* the path is longer, or deeper, than is told */
	__u8 unused[2];
};

#endif
