/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CALL_TABLE_H
#define PALE_CALL_TABLE_H

/*
 * Tables of system calls that are examined while they are stopped: each row has who does it, and
 * where the call has its arguments. Internal to watched_calls.c and recorded_calls.c.
 */

#include "compiler/base/cleanup.h"
#include "enforcer/resolve_path.h"
#include "enforcer/watched_calls.h"

struct call {
	const struct process *process;
	enum abi abi;
	const struct call_row *row;
	const uint64_t *arguments;
	uint64_t start_ns; /* CLOCK_REALTIME; files changed since are drift */
	struct accesses *out;
};

struct call_row {
	const char *name;
	/* Adds to @c->out. What it returns is its table's own. */
	int (*examine)(struct call *c);
	/* Places of the arguments; NO_ARGUMENT: the call has none. */
	int8_t what; /* the descriptor or process that it is about, or that paths begin at */
	int8_t path; /* the first one */
	int8_t kind; /* flags, command, signal */
	/* Of the rows that share a function for paths. */
	enum operation operation;
	enum resolve_how how;
};

#define NO_ARGUMENT (-1)

#define RESOLVED(name)                                                                             \
	_cleanup_(resolved_path_release) struct resolved_path name = RESOLVED_PATH_INIT

/* The row of @syscall, an index into vocab_syscalls or negative; NULL: there is none. */
const struct call_row *call_table_find(const struct call_row *table, size_t n, int syscall);
/* What the function of @row, which is not NULL, returns. */
int call_row_examine(const struct call_row *row, const struct process *p, enum abi abi,
	const uint64_t arguments[6], uint64_t start_ns, struct accesses *ret);

#endif
