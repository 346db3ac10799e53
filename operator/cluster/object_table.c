/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/cluster/object_table.h"

#include "operator/memory.h"

#include <string.h>

static int compare(const struct object_head *o, const char *namespace, const char *name)
{
	int order = strcmp(o->namespace, namespace);

	return order ? order : strcmp(o->name, name);
}

/* The first object that is not before this one. */
static size_t place(const struct object_table *t, const char *namespace, const char *name)
{
	size_t from = 0, to = t->n;

	if (t->n && compare(t->v[t->n - 1], namespace, name) < 0)
		return t->n;
	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (compare(t->v[middle], namespace, name) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

struct object_head *object_table_find(
	const struct object_table *t, const char *namespace, const char *name)
{
	size_t i = place(t, namespace, name);

	return i < t->n && compare(t->v[i], namespace, name) == 0 ? t->v[i] : NULL;
}

void object_table_put(struct object_table *t, struct object_head *object)
{
	size_t i = place(t, object->namespace, object->name);

	if (i < t->n && compare(t->v[i], object->namespace, object->name) == 0) {
		t->free_object(t->v[i]);
		t->v[i] = object;
		return;
	}
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 16;
		t->v = memory_resize(t->v, t->cap, sizeof(struct object_head *));
	}
	memmove(t->v + i + 1, t->v + i, (t->n - i) * sizeof(struct object_head *));
	t->v[i] = object;
	t->n++;
}

void object_table_remove(struct object_table *t, const char *namespace, const char *name)
{
	size_t i = place(t, namespace, name);

	if (i == t->n || compare(t->v[i], namespace, name) != 0)
		return;
	t->free_object(t->v[i]);
	t->n--;
	memmove(t->v + i, t->v + i + 1, (t->n - i) * sizeof(struct object_head *));
}

struct object_head *const *object_table_of(
	const struct object_table *t, const char *namespace, size_t *n)
{
	size_t from = place(t, namespace, ""), to = from;

	while (to < t->n && strcmp(t->v[to]->namespace, namespace) == 0)
		to++;
	*n = to - from;
	return *n ? t->v + from : NULL;
}

void object_table_release(struct object_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		t->free_object(t->v[i]);
	free(t->v);
	*t = (struct object_table){ 0 };
}
