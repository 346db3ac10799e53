/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_KUBE_WATCH_EVENT_H
#define PALE_KUBE_WATCH_EVENT_H

/* A line of a watch: metav1.WatchEvent. */

#include <jansson.h>
#include <stddef.h>

enum kube_watch_type {
	KUBE_WATCH_ADDED,
	KUBE_WATCH_MODIFIED,
	KUBE_WATCH_DELETED,
	KUBE_WATCH_BOOKMARK, /* the object has only a resourceVersion */
	KUBE_WATCH_ERROR,    /* the object is a Status */
	KUBE_WATCH_UNREADABLE,
};

struct kube_watch_event {
	enum kube_watch_type type;
	json_t *json;	      /* owns @object */
	const json_t *object; /* an object of JSON, unless it is UNREADABLE */
};

void kube_watch_event_read(const char *line, size_t len, struct kube_watch_event *ret);
void kube_watch_event_release(struct kube_watch_event *e);

#endif
