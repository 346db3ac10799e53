/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/call_table.h"

#include <assert.h>
#include <string.h>

const struct call_row *call_table_find(const struct call_row *table, size_t n, int syscall)
{
	for (size_t i = 0; i < n && syscall >= 0; i++)
		if (!strcmp(table[i].name, vocab_syscalls[syscall].name))
			return &table[i];
	return NULL;
}

int call_row_examine(const struct call_row *row, const struct process *p, enum abi abi,
	const uint64_t arguments[6], uint64_t start_ns, struct accesses *ret)
{
	struct call c = {
		.process = p,
		.abi = abi,
		.row = row,
		.arguments = arguments,
		.start_ns = start_ns,
		.out = ret,
	};

	assert(row);
	return row->examine(&c);
}
