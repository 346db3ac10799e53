/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_NODE_EVENT_POSITION_H
#define PALE_NODE_EVENT_POSITION_H

/*
 * How far paled's events were had, as status.events of a PaleNodeStatus: the time of the last one,
 * and hashes of those in the slack before it (enforcer/export/seen.h), as events are not logged in
 * the order of their times. It is written with what was counted of them, so that the next process
 * counts each once, however often one ended before it wrote anything.
 */

#include "enforcer/export/seen.h"

#include <jansson.h>

/* More in the slack are counted twice by the next process, rather than not at all. */
#define EVENT_POSITION_MAX 512

json_t *event_position_json(const struct seen *s);
/* @json: of an earlier process; what is none begins with @now_ns, CLOCK_REALTIME. */
struct seen *event_position_open(const json_t *json, uint64_t now_ns);

#endif
