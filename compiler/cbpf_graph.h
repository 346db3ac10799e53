/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CBPF_GRAPH_H
#define PALE_CBPF_GRAPH_H

/*
 * A filter as a graph of decisions, and the assembler that lays it out. Equal decisions are one
 * node, so that whatever several calls have in common is there once; a test whose two outcomes are
 * the same is no test.
 *
 * Only ld abs, and, jeq, jge, jset, ja and ret with a constant are ever used: since Linux 5.11 the
 * kernel proves with exactly these which calls are allowed whatever their arguments, and does not
 * run the filter for them again (kernel/seccomp.c, seccomp_is_const_allow()).
 */

#include "compiler/base/arena.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

/* 32 bits of seccomp_data, and'ed with @mask. */
struct cbpf_word {
	uint32_t offset;
	uint32_t mask;
};

struct cbpf_graph;
typedef uint32_t cbpf_node;

struct cbpf_graph *cbpf_graph_new(struct arena *a);
cbpf_node cbpf_return(struct cbpf_graph *g, uint32_t action);
/* @op is BPF_JEQ, BPF_JGE or BPF_JSET. */
cbpf_node cbpf_test(struct cbpf_graph *g, struct cbpf_word word, uint16_t op, uint32_t k,
	cbpf_node yes, cbpf_node no);
/* word & mask == value, @value within @mask */
cbpf_node cbpf_test_mask(struct cbpf_graph *g, uint32_t offset, uint32_t mask, uint32_t value,
	cbpf_node yes, cbpf_node no);

struct cbpf_interval {
	uint32_t start; /* up to the next one's start */
	cbpf_node to;
	uint32_t weight; /* how often values in it are met, against the others; 0: as good as never
			  */
};

/*
 * Where the word decides by intervals: ascending, the first from 0. A tree with few comparisons on
 * the way to the intervals of much weight, and few altogether; equal input gives an equal tree.
 */
cbpf_node cbpf_switch(struct cbpf_graph *g, struct cbpf_word word,
	const struct cbpf_interval *intervals, uint32_t n);

/*
 * The program that begins at @root, in the arena of @g; jumps beyond 255 go by way of a ja or a
 * copy of the return. false when it has more than BPF_MAXINSNS instructions.
 */
bool cbpf_assemble(struct cbpf_graph *g, cbpf_node root, struct sock_filter **ret, uint32_t *ret_n);

#endif
