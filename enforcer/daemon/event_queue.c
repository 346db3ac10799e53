/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/event_queue.h"

#include <stdlib.h>
#include <string.h>

static void append(struct event_lines *l, struct event_line *line, enum event_line_state state)
{
	line->state = state;
	line->next = NULL;
	if (l->last)
		l->last->next = line;
	else
		l->first = line;
	l->last = line;
}

static struct event_line *take_first(struct event_lines *l)
{
	struct event_line *line = l->first;

	if (!line)
		return NULL;
	l->first = line->next;
	if (!l->first)
		l->last = NULL;
	line->next = NULL;
	return line;
}

static void take_out(struct event_lines *l, struct event_line *line)
{
	struct event_line *before = NULL;

	for (struct event_line *at = l->first; at && at != line; at = at->next)
		before = at;
	if (before)
		before->next = line->next;
	else
		l->first = line->next;
	if (l->last == line)
		l->last = before;
	line->next = NULL;
}

static bool has_room(const struct event_queue *q, const struct event_line *line)
{
	if (line->n >= EVENT_LINE_MAX)
		return false;
	return q->n < EVENT_QUEUE_MAX || line->n < EVENT_LINE_MIN;
}

bool event_queue_put(struct event_queue *q, struct event_line *line,
	void (*tell)(void *ctx, const void *bytes), const void *bytes, size_t size)
{
	struct waiting_event *e;

	if (!has_room(q, line))
		return false;
	e = malloc(sizeof(*e) + size);
	if (!e)
		abort();
	e->next = NULL;
	e->tell = tell;
	memcpy(e->bytes, bytes, size);
	if (line->last)
		line->last->next = e;
	else
		line->first = e;
	line->last = e;
	line->n++;
	q->n++;
	if (line->state == LINE_IDLE)
		append(&q->fresh, line, LINE_FRESH);
	return true;
}

static void tell_first(struct event_queue *q, struct event_line *line, void *ctx)
{
	struct waiting_event *e = line->first;

	line->first = e->next;
	if (!line->first)
		line->last = NULL;
	line->n--;
	q->n--;
	e->tell(ctx, e->bytes);
	free(e);
}

bool event_queue_tell(struct event_queue *q, void *ctx)
{
	for (;;) {
		struct event_line *line = take_first(&q->fresh);

		if (!line)
			line = take_first(&q->busy);
		if (!line)
			return false;
		/* It had a turn and nothing came: the next one comes fresh. */
		if (!line->first) {
			line->state = LINE_IDLE;
			continue;
		}
		append(&q->busy, line, LINE_BUSY);
		tell_first(q, line, ctx);
		return true;
	}
}

void event_queue_tell_line(struct event_queue *q, struct event_line *line, void *ctx)
{
	while (line->first)
		tell_first(q, line, ctx);
	if (line->state != LINE_IDLE)
		take_out(line->state == LINE_FRESH ? &q->fresh : &q->busy, line);
	line->state = LINE_IDLE;
}
