/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_DESCENDANTS_H
#define PALE_DESCENDANTS_H

/*
 * All processes that /proc shows, and which of them descend from one: read once, so that deep and
 * wide trees take no more than one look at each process. The answer is that of a moment ago.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct descendant {
	pid_t pid, parent, group;
	unsigned threads;
	bool descends;
	bool known; /* whether it does */
};

struct descendants {
	struct descendant *v; /* in order of their numbers */
	size_t n;
};

/* 0 or a negative errno. A process whose parent is gone meanwhile does not descend. */
int descendants_read(pid_t ancestor, struct descendants *ret);
void descendants_release(struct descendants *d);

/* Threads of all that descend. */
unsigned descendants_threads(const struct descendants *d);
/* Whether all of a process group do. */
bool descendants_have_group(const struct descendants *d, pid_t group);

#endif
