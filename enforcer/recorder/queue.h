/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORDER_QUEUE_H
#define PALE_RECORDER_QUEUE_H

/* What waits to be written, in the order that it came. Not for threads by itself. */

#include "enforcer/recorder/entry.h"

enum recorder_task { TASK_ENTRY, TASK_DEFINE, TASK_UNDEFINE, TASK_ALIVE };

struct recorder_waiting {
	struct recorder_waiting *next;
	enum recorder_task task;
	size_t bytes;
	/* TASK_DEFINE: of its ->executable the id, of its ->event the names, and of its ->time_ns
	 * since when. All bytes lie behind this, each with a NUL. */
	struct recorder_entry entry;
};

struct recorder_queue {
	struct recorder_waiting *first, **end;
	size_t bytes;
};

void recorder_queue_init(struct recorder_queue *q);
void recorder_queue_release(struct recorder_queue *q);
/* Takes a copy. */
void recorder_queue_add(
	struct recorder_queue *q, enum recorder_task task, const struct recorder_entry *e);
/* All of @from, in place of what @q has: nothing. */
void recorder_queue_take(struct recorder_queue *q, struct recorder_queue *from);
/* The first, to be freed; NULL. */
struct recorder_waiting *recorder_queue_pop(struct recorder_queue *q);

#endif
