/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
#ifndef PALE_BPF_COUNT_CALLS_MAP_H
#define PALE_BPF_COUNT_CALLS_MAP_H

/* Where count_calls.bpf.c keeps its counts, for it and for user space. */

enum count_calls_abi { COUNT_X86_64, COUNT_X86, COUNT_X32, COUNT_ABIS };

#define COUNT_CALLS  1024 /* numbers of each ABI; those beyond share the last one */
#define COUNT_PHASES 4

#define COUNT_INDEX(phase, abi, number) (((phase)*COUNT_ABIS + (abi)) * COUNT_CALLS + (number))
#define COUNT_ENTRIES			(COUNT_PHASES * COUNT_ABIS * COUNT_CALLS)

#endif
