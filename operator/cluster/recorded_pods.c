/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/cluster/recorded_pods.h"

#include "compiler/base/cleanup.h"
#include "operator/api_time.h"
#include "operator/cluster/object_name.h"
#include "operator/memory.h"

static bool is_active(const json_t *object)
{
	const char *phase =
		json_string_value(json_object_get(json_object_get(object, "status"), "phase"));

	/* Of more pods than the controller takes none is recorded, nor let out of a policy. */
	if (json_object_get(json_object_get(object, "metadata"), "deletionTimestamp") ||
		json_is_true(json_object_get(json_object_get(object, "status"), "truncated")))
		return false;
	return !phase || strcmp(phase, "Pending") == 0 || strcmp(phase, "Recording") == 0;
}

/* What has no meaning is over: a pod that is recorded has no policy. */
static int64_t ends_at(const json_t *object)
{
	const json_t *v = json_object_get(json_object_get(object, "status"), "endsAt");

	return v ? api_time_parse(v) : INT64_MAX;
}

static int read_spec(struct recorded_pods *p, const json_t *spec, struct pale_err **err)
{
	int r = label_selector_read(json_object_get(spec, "selector"), &p->selector, err);

	if (r < 0)
		return pale_err_wrap(err, "spec.selector");
	return string_list_read(
		json_object_get(spec, "containers"), "spec.containers", &p->containers, err);
}

struct recorded_pods *recorded_pods_read(const json_t *object, struct pale_err **err)
{
	_cleanup_(pale_err_freep) struct pale_err *wrong = NULL;
	struct recorded_pods *p = memory_new(sizeof(*p));

	if (object_name_read(object, true, &p->head, err) < 0) {
		recorded_pods_free(&p->head);
		return NULL;
	}
	p->active = is_active(object);
	p->ends_at = ends_at(object);
	if (read_spec(p, json_object_get(object, "spec"), &wrong) < 0)
		p->wrong = memory_string(pale_err_text(wrong));
	return p;
}

void recorded_pods_free(struct object_head *head)
{
	struct recorded_pods *p = (struct recorded_pods *)head;

	object_name_release(&p->head);
	label_selector_release(&p->selector);
	string_list_release(&p->containers);
	free(p->wrong);
	free(p);
}
