/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/recorder/queue.h"

#include <stdlib.h>
#include <string.h>

void recorder_queue_init(struct recorder_queue *q)
{
	*q = (struct recorder_queue){ .end = &q->first };
}

void recorder_queue_release(struct recorder_queue *q)
{
	struct recorder_waiting *w;

	while ((w = recorder_queue_pop(q)))
		free(w);
}

static char *copy_bytes(char *to, struct recorder_bytes *b)
{
	if (!b->len)
		return to;
	memcpy(to, b->at, b->len);
	to[b->len] = 0;
	b->at = to;
	return to + b->len + 1;
}

void recorder_queue_add(
	struct recorder_queue *q, enum recorder_task task, const struct recorder_entry *e)
{
	size_t bytes = sizeof(struct recorder_waiting) + e->filename.len + e->executable.len +
		       e->arguments.len + e->event.len + 4;
	struct recorder_waiting *w = malloc(bytes);
	char *to;

	if (!w)
		abort();
	to = (char *)(w + 1);
	*w = (struct recorder_waiting){ .task = task, .bytes = bytes, .entry = *e };
	to = copy_bytes(to, &w->entry.filename);
	to = copy_bytes(to, &w->entry.executable);
	to = copy_bytes(to, &w->entry.arguments);
	copy_bytes(to, &w->entry.event);
	*q->end = w;
	q->end = &w->next;
	q->bytes += bytes;
}

void recorder_queue_take(struct recorder_queue *q, struct recorder_queue *from)
{
	*q = *from;
	if (!q->first)
		q->end = &q->first;
	recorder_queue_init(from);
}

struct recorder_waiting *recorder_queue_pop(struct recorder_queue *q)
{
	struct recorder_waiting *w = q->first;

	if (!w)
		return NULL;
	q->first = w->next;
	if (!q->first)
		q->end = &q->first;
	q->bytes -= w->bytes;
	return w;
}
