/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PLUGIN_EVENT_LINE_H
#define PALE_PLUGIN_EVENT_LINE_H

#include "compiler/base/text.h"

#include <jansson.h>
#include <stdbool.h>

/*
 * Events of Pale's own components, whose names begin with "pale-". Who may create Events in a
 * namespace can write such a name into one: they tell, and prove nothing.
 */
bool event_is_pales(const json_t *event);

/*
 * What there is to tell of an Event, as a new object: time (its last), first, count, type, reason,
 * component, host, kind, namespace, name and container of what it is about, message. Strings; ""
 * where it says nothing.
 */
json_t *event_facts(const json_t *event);

/* For qsort(3) over json_t * of event_facts(): the oldest first. */
int event_facts_order(const void *a, const void *b);

/*
 * "TIME REASON KIND NAMESPACE/NAME container NAME (COUNT times): MESSAGE", and further lines of the
 * message below, indented where they are not yet.
 */
void event_line(const json_t *facts, struct text *to);

#endif
