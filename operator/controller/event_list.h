/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EVENT_LIST_H
#define PALE_EVENT_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Kubernetes Events that one step of the controller has to tell, of the object that it was about.
 * Who sends them adds equal ones up. */
struct api_event {
	bool warning;	    /* type: Warning or Normal */
	const char *reason; /* CamelCase; static */
	char *message;	    /* at most 1,024 bytes: the API takes no more */
};

struct event_list {
	struct api_event *v;
	size_t n;
};

void event_list_add(struct event_list *list, bool warning, const char *reason, const char *format,
	...) __attribute__((format(printf, 4, 5)));
/* Leaves it empty. */
void event_list_release(struct event_list *list);

#endif
