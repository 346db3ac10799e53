/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/cluster/namespace.h"

#include "compiler/base/cleanup.h"
#include "operator/cluster/object_name.h"
#include "operator/memory.h"

#include <errno.h>

static int read_annotations(struct namespace *n, const json_t *annotations, struct pale_err **err)
{
	const json_t *v = json_object_get(annotations, DEFAULT_PROFILE_ANNOTATION);
	const char *word = json_string_value(v);

	if (v && (!word || !*word))
		return pale_err_plain(err, EINVAL, DEFAULT_PROFILE_ANNOTATION " is %s",
			word ? "empty" : "no string");
	n->default_profile = memory_string(word);
	return floor_words_read(annotations, PROFILE_ANNOTATION, MODE_ANNOTATION,
		ON_MISSING_ANNOTATION, &n->floor, err);
}

struct namespace *namespace_read(const json_t *object, struct pale_err **err)
{
	_cleanup_(pale_err_freep) struct pale_err *wrong = NULL;
	const json_t *metadata = json_object_get(object, "metadata");
	const char *inject = json_string_value(
		json_object_get(json_object_get(metadata, "labels"), INJECT_LABEL));
	struct namespace *n = memory_new(sizeof(*n));

	if (object_name_read(object, false, &n->head, err) < 0) {
		namespace_free(&n->head);
		return NULL;
	}
	n->inject = inject && strcmp(inject, "enabled") == 0;
	if (read_annotations(n, json_object_get(metadata, "annotations"), &wrong) < 0)
		n->wrong = memory_string(pale_err_text(wrong));
	return n;
}

void namespace_free(struct object_head *head)
{
	struct namespace *n = (struct namespace *)head;

	object_name_release(&n->head);
	free(n->default_profile);
	floor_words_release(&n->floor);
	free(n->wrong);
	free(n);
}
