/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PROCESS_FACTS_H
#define PALE_PROCESS_FACTS_H

/*
 * What /proc says of a process that was refused something, kept for the next time: a process is
 * often refused the same many times over, and reading it was nine tenths of what an event cost.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Which process, and which of the programs that it has executed, since the machine started:
 * lsm_event.h. */
struct process_key {
	pid_t pid;
	uint64_t start_ns; /* 0: that is not known, and nothing is kept */
	uint64_t execs;
};

/* Each NULL or 0 when it had ended before it could be asked. */
struct process_facts {
	struct process_key key;
	pid_t inner;	   /* its number in the innermost pid namespace that it is in */
	json_t *arguments; /* an array of texts */
	json_t *ancestry;  /* objects, from its parent up to the container's first process */
};

#define PROCESS_FACTS_KEPT 1024

struct process_facts_cache {
	/* By a hash of the key: a newer one takes the place of another there. */
	struct process_facts *v[PROCESS_FACTS_KEPT];
};

/*
 * @parent 0: no ancestry is asked for. @first: where it ends; 0: with the machine's first. Belongs
 * to @c, valid until the next call.
 */
const struct process_facts *process_facts_get(
	struct process_facts_cache *c, const struct process_key *key, pid_t parent, pid_t first);
void process_facts_release(struct process_facts_cache *c);

#endif
