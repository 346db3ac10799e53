/* SPDX-License-Identifier: Apache-2.0 */
/* What an API server sends in a watch, in pieces; the first byte says how long they are. */
#include "compiler/base/cleanup.h"
#include "operator/kube/kube_json.h"
#include "operator/kube/kube_lines.h"
#include "operator/kube/kube_objects.h"
#include "operator/kube/kube_status.h"
#include "operator/kube/kube_watch_event.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(struct kube_objects *o, const struct kube_watch_event *e)
{
	struct kube_object_id id = kube_json_id(e->object);
	_cleanup_free_ char *uid = NULL;
	struct pale_err *err = NULL;
	struct kube_status status;

	switch (e->type) {
	case KUBE_WATCH_ADDED:
	case KUBE_WATCH_MODIFIED:
		kube_objects_see(o, &id, kube_json_version(e->object), &uid);
		break;
	case KUBE_WATCH_DELETED:
		uid = kube_objects_forget(o, &id);
		break;
	case KUBE_WATCH_ERROR:
		if (kube_status_fail(0, e->object, &status, &err) >= 0)
			__builtin_trap();
		pale_err_free(err);
		break;
	case KUBE_WATCH_BOOKMARK:
	case KUBE_WATCH_UNREADABLE:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kube_objects *o = kube_objects_new();
	struct kube_lines lines = { 0 };
	size_t piece = size ? data[0] + 1u : 1;

	for (size_t at = 1; at < size; at += piece) {
		const char *line;
		size_t len;

		kube_lines_add(&lines, data + at, size - at < piece ? size - at : piece);
		while (kube_lines_next(&lines, &line, &len)) {
			struct kube_watch_event e;

			kube_watch_event_read(line, len, &e);
			take(o, &e);
			kube_watch_event_release(&e);
		}
	}
	kube_lines_release(&lines);
	kube_objects_free(o);
	return 0;
}
