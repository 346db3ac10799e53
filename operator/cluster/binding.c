/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/cluster/binding.h"

#include "compiler/base/cleanup.h"
#include "operator/cluster/memory.h"
#include "operator/cluster/object_name.h"

#include <errno.h>

static int read_containers(struct binding *b, const json_t *names, struct pale_err **err)
{
	json_t *name;
	size_t i;

	if (names && !json_is_array(names))
		return pale_err_plain(err, EINVAL, "spec.containers is no list");
	json_array_foreach (names, i, name) {
		if (!json_is_string(name))
			return pale_err_plain(
				err, EINVAL, "spec.containers has one that is no string");
		b->containers =
			memory_resize(b->containers, b->n_containers + 1, sizeof(*b->containers));
		b->containers[b->n_containers++] = memory_string(json_string_value(name));
	}
	return 0;
}

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
	r = read_containers(b, json_object_get(spec, "containers"), err);
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
	for (size_t i = 0; i < b->n_containers; i++) {
		if (strcmp(b->containers[i], container) == 0)
			return true;
	}
	return b->n_containers == 0;
}

void binding_free(struct object_head *head)
{
	struct binding *b = (struct binding *)head;

	object_name_release(&b->head);
	label_selector_release(&b->selector);
	memory_free_strings(b->containers, b->n_containers);
	floor_words_release(&b->floor);
	free(b->wrong);
	free(b);
}
