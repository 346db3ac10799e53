/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/cluster/binding.h"

#include "compiler/base/cleanup.h"
#include "operator/cluster/object_name.h"
#include "operator/memory.h"

#include <errno.h>

static int read_priority(struct binding *b, const json_t *v, struct pale_err **err)
{
	json_int_t n = json_integer_value(v);

	if (v && (!json_is_integer(v) || n < INT32_MIN || n > INT32_MAX))
		return pale_err_plain(err, EINVAL, "spec.priority is no number of 32 bits");
	b->priority = (int32_t)n;
	return 0;
}

static int read_spec(struct binding *b, const json_t *spec, struct pale_err **err)
{
	int r = label_selector_read(json_object_get(spec, "selector"), &b->selector, err);

	if (r < 0)
		return pale_err_wrap(err, "spec.selector");
	r = string_list_read(
		json_object_get(spec, "containers"), "spec.containers", &b->containers, err);
	if (r == 0)
		r = read_priority(b, json_object_get(spec, "priority"), err);
	if (r < 0)
		return r;
	r = floor_words_read(spec, "profile", "mode", "onMissing", &b->floor, err);
	return r < 0 ? pale_err_wrap(err, "spec") : 0;
}

struct binding *binding_read(const json_t *object, struct pale_err **err)
{
	_cleanup_(pale_err_freep) struct pale_err *wrong = NULL;
	struct binding *b = memory_new(sizeof(*b));

	if (object_name_read(object, true, &b->head, err) < 0) {
		binding_free(&b->head);
		return NULL;
	}
	if (read_spec(b, json_object_get(object, "spec"), &wrong) < 0)
		b->wrong = memory_string(pale_err_text(wrong));
	return b;
}

bool binding_names(const struct binding *b, const char *container)
{
	return string_list_names(&b->containers, container);
}

void binding_free(struct object_head *head)
{
	struct binding *b = (struct binding *)head;

	object_name_release(&b->head);
	label_selector_release(&b->selector);
	string_list_release(&b->containers);
	floor_words_release(&b->floor);
	free(b->wrong);
	free(b);
}
