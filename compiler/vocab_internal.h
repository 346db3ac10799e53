/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_VOCAB_INTERNAL_H
#define PALE_VOCAB_INTERNAL_H

/* What the generated tables give to vocab.c alone. */

#include "compiler/vocab.h"

struct vocab_named {
	const char *name;
	int32_t number;
};

extern const struct vocab_named vocab_capabilities[], vocab_signals[], vocab_errnos[],
	vocab_netlinks[];
extern const uint32_t n_vocab_capabilities, n_vocab_signals, n_vocab_errnos, n_vocab_netlinks;

struct vocab_constant {
	const char *name;
	uint8_t abis; /* bit (1 << enum abi): where it exists */
	uint64_t value[ABI_COUNT];
};

/* By name, ascending. */
extern const struct vocab_constant vocab_constants[];
extern const uint32_t vocab_n_constants;

/* One ABI's calls by number, ascending. */
struct vocab_number {
	int32_t number;
	uint16_t syscall;
};

struct vocab_numbers {
	const struct vocab_number *v;
	uint32_t n;
};

extern const struct vocab_numbers vocab_numbers[ABI_COUNT];

#endif
