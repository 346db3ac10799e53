/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EXPORT_SEEN_H
#define PALE_EXPORT_SEEN_H

/*
 * Which of paled's events have been had, so that after a new connection, or a start, they can be
 * asked for again from some time before and none is lost or passed on twice. Events have no number
 * of their own: they are known by their time and a hash of their line. Two may be alike (audit
 * records are told to the millisecond), which is why they are counted.
 *
 * What has been passed on is also in a file, for the next start; it is written after the event is,
 * so that a crash between the two sends it again.
 */

#include "compiler/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seen_event {
	uint64_t time_ns; /* of the event, CLOCK_REALTIME */
	uint64_t hash;
};

/* How far behind an event's time others may be that are logged after it. */
#define SEEN_SLACK_NS ((uint64_t)15 * 1000000000)
/* Beyond so many in the slack the oldest are forgotten, and may be passed on twice. */
#define SEEN_MAX ((size_t)1 << 20)

struct seen;

/*
 * @path: of the file, made with the time @now_ns where there is none; NULL: there is no file, and
 * it begins with @now_ns. @window_ns: how long events are held before they are passed on.
 */
int seen_open(const char *path, uint64_t window_ns, uint64_t now_ns, struct seen **ret,
	struct pale_err **err);
void seen_free(struct seen *s);

struct seen_event seen_event_of(const char *line, size_t len, uint64_t time_ns);

/*
 * From where to ask, in milliseconds since 1970; what is then had again is left out, which
 * *@expected events are, as long as paled's log goes back that far.
 */
uint64_t seen_ask_again(struct seen *s, uint64_t now_ns, size_t *expected);
/* Whether it is new; it then counts as had. */
bool seen_take(struct seen *s, const struct seen_event *e);
/*
 * For another process that goes on where this one ends, without a file: the time of the last one
 * that was had, and with it the newest @max of those in the slack before it, as they came. What is
 * beyond @max is passed on twice.
 */
uint64_t seen_latest(const struct seen *s, struct seen_event *v, size_t max, size_t *n);
/* An earlier process had them. Before the first seen_ask_again(). */
void seen_had(struct seen *s, const struct seen_event *v, size_t n);
/* They have been passed on. false: the file could not be written, which costs only that a later
 * start passes them on again. */
bool seen_passed_on(struct seen *s, const struct seen_event *v, size_t n);

#endif
