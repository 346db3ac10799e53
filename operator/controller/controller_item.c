/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/controller/controller_internal.h"

#include "operator/controller/node_status.h"

#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

/* managedFields name every field again, and are nobody's business here. */
static json_t *without_managed_fields(const json_t *object)
{
	json_t *copy = json_copy((json_t *)object);
	json_t *metadata = json_copy(json_object_get(object, "metadata"));

	json_object_del(metadata, "managedFields");
	json_object_set_new(copy, "metadata", metadata);
	return copy;
}

void item_init(
	struct controller *c, struct item *i, enum controller_kind kind, const json_t *object)
{
	const json_t *metadata = json_object_get(object, "metadata");

	*i = (struct item){ .kind = kind,
		.turn = ++c->turns,
		.namespace = strdup(text_of(metadata, "namespace")),
		.name = strdup(text_of(metadata, "name")) };
	if (!i->namespace || !i->name)
		abort();
}

void item_release(struct item *i)
{
	json_decref(i->object);
	json_decref(i->seen);
	json_decref(i->status);
	json_decref(i->written);
	free(i->namespace);
	free(i->name);
}

/* A bundle is the largest part by far, and never changed in place. */
static json_t *copy_status(const json_t *status)
{
	json_t *copy = json_object(), *v;
	const char *member;

	json_object_foreach ((json_t *)status, member, v) {
		if (!strcmp(member, "bundle"))
			json_object_set(copy, member, v);
		else
			json_object_set_new(copy, member, json_deep_copy(v));
	}
	return copy;
}

void item_take_status(struct item *i)
{
	json_decref(i->status);
	json_decref(i->written);
	i->status = copy_status(i->seen);
	i->written = copy_status(i->status);
	i->written_at = 0;
	i->dirty = true;
}

void item_take(struct item *i, const json_t *object)
{
	bool first = !i->status;

	json_decref(i->object);
	json_decref(i->seen);
	i->object = without_managed_fields(object);
	i->seen = json_incref(json_object_get(object, "status"));
	json_object_del(i->object, "status");
	i->dirty = true;
	if (first)
		item_take_status(i);
	else if (!json_equal(i->seen, i->written))
		json_object_clear(i->written);
}

bool item_is_another(const struct item *i, const json_t *object)
{
	const json_t *own = json_object_get(i->object, "metadata");

	return strcmp(text_of(own, "uid"), text_of(json_object_get(object, "metadata"), "uid")) !=
	       0;
}

json_int_t item_generation(const struct item *i)
{
	return json_integer_value(
		json_object_get(json_object_get(i->object, "metadata"), "generation"));
}

bool item_is(const struct item *i, const char *namespace, const char *name)
{
	return !strcmp(i->name, name) && !strcmp(i->namespace, namespace);
}

void item_write(struct controller *c, struct item *i, bool may_wait, int64_t now)
{
	if (json_equal(i->status, i->written))
		return;
	if (may_wait && !time_is_due(i->written_at, node_status_interval(c->nodes.n_nodes), now) &&
		!node_status_is_urgent(i->written, i->status)) {
		i->dirty = true;
		return;
	}
	json_decref(i->written);
	i->written = copy_status(i->status);
	i->written_at = now;
	/* Last: it may fail at once. */
	c->actions->apply_status(c->ctx, i->kind, i->namespace, i->name, i->status);
}

void item_tell(struct controller *c, const struct item *i, struct event_list *events)
{
	for (size_t k = 0; k < events->n; k++)
		c->actions->event(c->ctx, i->kind, i->object, events->v[k].warning,
			events->v[k].reason, events->v[k].message);
	event_list_release(events);
}
