/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EVENT_QUEUE_H
#define PALE_EVENT_QUEUE_H

/*
 * What the kernel told and has not been put into words yet, in a line for each container: one that
 * is refused something all the time fills its own line, and its neighbours do not wait behind it.
 *
 * Lines are served in turn, an event each. One in which nothing has waited for a turn goes before
 * those that are never empty, as fq_codel's new flows do (RFC 8290, section 4.1), so that who is
 * refused something now and then is told at once however busy others are.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What may wait of one container, and of all: beyond the latter each may still have a few. */
#define EVENT_LINE_MAX	4096
#define EVENT_QUEUE_MAX 32768
#define EVENT_LINE_MIN	32

struct waiting_event {
	struct waiting_event *next;
	/* Puts it into words. @bytes is of malloc()'s alignment. */
	void (*tell)(void *ctx, const void *bytes);
	_Alignas(16) unsigned char bytes[];
};

enum event_line_state { LINE_IDLE, LINE_FRESH, LINE_BUSY };

/* All zero to begin with; must not move while something waits in it. */
struct event_line {
	struct waiting_event *first, *last;
	size_t n;
	enum event_line_state state;
	struct event_line *next; /* of its list */
};

struct event_lines {
	struct event_line *first, *last;
};

struct event_queue {
	struct event_lines fresh, busy;
	size_t n;
};

/* Copies @size bytes. false: there is no room, and nothing was done. */
bool event_queue_put(struct event_queue *q, struct event_line *line,
	void (*tell)(void *ctx, const void *bytes), const void *bytes, size_t size);

/* Tells the next one; false: none waits. */
bool event_queue_tell(struct event_queue *q, void *ctx);
/* Tells all of one line, now. */
void event_queue_tell_line(struct event_queue *q, struct event_line *line, void *ctx);

#endif
