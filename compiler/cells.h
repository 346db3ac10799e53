/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CELLS_H
#define PALE_CELLS_H

/*
 * A finite partition of the argument space of one syscall: arguments in one cell answer every test
 * of a policy alike, so that one witness from each stands for all 2^384 argument vectors. `depends`
 * answers, the seccomp emitter and its proof, and diff walk these.
 */

#include "compiler/policy.h"

/* Called with one witness for each non-empty cell, ascending per argument. Return false to stop. */
typedef bool (*cells_visit)(void *ctx, const uint64_t arguments[6]);

#define CELLS_MAX 65536

/*
 * Over all tests on @syscall of all rules and domains of @p. With @garbage, each witness is
 * repeated with its unread bits set in several ways: those above an argument's width, and the
 * registers that no test reads. false when the partition has more than CELLS_MAX cells (nothing
 * was visited).
 */
bool cells_walk(const struct policy *p, enum abi abi, int syscall, bool garbage, cells_visit visit,
	void *ctx);

/* The greatest number of @bits: all of them set. */
static inline uint64_t cells_ones(unsigned int bits)
{
	return bits >= 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
}

/* register & mask == value */
struct cell_mask {
	uint64_t mask, value;
};

#define CELL_MASKS_MAX 64

/* The values of one register that lie in one elementary interval and answer every mask alike. */
struct cell_class {
	uint64_t witness;  /* the smallest */
	uint64_t masks;	   /* bit i: masks[i] holds */
	uint32_t interval; /* index into starts */
};

/* One register, as unsigned numbers of @width bits whatever the argument's sign. */
struct cell_argument {
	uint8_t index;
	uint8_t width;
	uint64_t *starts; /* of the elementary intervals; ascending, starts[0] == 0 */
	uint32_t n_starts, cap_starts;
	struct cell_mask *masks;
	uint32_t n_masks, cap_masks;
	struct cell_class *classes; /* ascending by witness; none is empty */
	uint32_t n_classes, cap_classes;
};

/* The cells are the product of the arguments' classes; the last argument varies fastest. */
struct cells {
	struct cell_argument *arguments; /* those that a test reads, ascending by register */
	uint32_t n_arguments, cap_arguments;
	uint32_t n;
};

/* false when there are more than CELLS_MAX. @extra: tests that the policy does not have. */
bool cells_new(struct arena *a, const struct policy *p, enum abi abi, int syscall,
	const struct syscall_test *extra, uint32_t n_extra, struct cells *ret);
/* Registers that no test reads are 0. */
void cells_witness(const struct cells *c, uint32_t cell, uint64_t arguments[6]);
/* Fills in the unread bits; @variant 0 leaves them 0. */
#define CELLS_GARBAGE_VARIANTS 3
void cells_garbage(const struct cells *c, int variant, uint64_t arguments[6]);

/*
 * The parts, for who has other tests than a policy's. Starts and masks may be added in any order;
 * cell_argument_classes() then orders them, drops doubles and finds every satisfiable combination.
 * false when there are more than CELLS_MAX, or more than CELL_MASKS_MAX masks.
 */
void cell_argument_cut(struct arena *a, struct cell_argument *x, uint64_t first, uint64_t last);
void cell_argument_mask(struct arena *a, struct cell_argument *x, uint64_t mask, uint64_t value);
bool cell_argument_classes(struct arena *a, struct cell_argument *x);

/*
 * A function of the cells, reduced: level k holds the distinct functions of the arguments k and
 * beyond, as the functions of level k+1 that each class of argument k leads to; at the last level
 * these are the values themselves. @root belongs to level 0; without arguments it is the value.
 */
struct cell_table {
	const struct cells *cells;
	struct cell_level {
		uint32_t **next; /* [function][class] */
		uint32_t n, cap;
	} * levels;
	uint32_t root;
};

typedef uint32_t (*cells_value)(void *ctx, const uint64_t arguments[6]);
struct cell_table *cell_table_new(
	struct arena *a, const struct cells *c, cells_value value, void *ctx);

#endif
