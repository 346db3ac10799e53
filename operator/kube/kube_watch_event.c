/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/kube/kube_watch_event.h"

#include "operator/kube/kube_json.h"

#include <string.h>

static const char *const type_names[] = {
	[KUBE_WATCH_ADDED] = "ADDED",
	[KUBE_WATCH_MODIFIED] = "MODIFIED",
	[KUBE_WATCH_DELETED] = "DELETED",
	[KUBE_WATCH_BOOKMARK] = "BOOKMARK",
	[KUBE_WATCH_ERROR] = "ERROR",
};

static enum kube_watch_type type_of(const json_t *event)
{
	const char *name = json_string_value(json_object_get(event, "type"));

	for (int i = 0; name && i < KUBE_WATCH_UNREADABLE; i++) {
		if (!strcmp(name, type_names[i]))
			return (enum kube_watch_type)i;
	}
	return KUBE_WATCH_UNREADABLE;
}

void kube_watch_event_read(const char *line, size_t len, struct kube_watch_event *ret)
{
	json_t *json = kube_json_load(line, len);

	*ret = (struct kube_watch_event){
		.type = type_of(json), .json = json, .object = json_object_get(json, "object")
	};
	/* Without a version the watch could not be resumed behind it. */
	if (!json_is_object(ret->object) ||
		(ret->type != KUBE_WATCH_ERROR && !*kube_json_version(ret->object)))
		ret->type = KUBE_WATCH_UNREADABLE;
}

void kube_watch_event_release(struct kube_watch_event *e)
{
	json_decref(e->json);
	*e = (struct kube_watch_event){ .type = KUBE_WATCH_UNREADABLE };
}
