/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CLUSTER_OBJECT_TABLE_H
#define PALE_CLUSTER_OBJECT_TABLE_H

/*
 * Objects by namespace and name, in that order, so that those of a namespace lie beside one
 * another. Lists of the API server come in this order too, and are appended.
 */

#include <stddef.h>

/* What a kept object begins with. */
struct object_head {
	char *namespace; /* "": it is of none */
	char *name;
};

struct object_table {
	struct object_head **v;
	size_t n, cap;
	void (*free_object)(struct object_head *object);
};

/* NULL: there is none. */
struct object_head *object_table_find(
	const struct object_table *t, const char *namespace, const char *name);
/* Takes @object over, and frees the one that it replaces. */
void object_table_put(struct object_table *t, struct object_head *object);
void object_table_remove(struct object_table *t, const char *namespace, const char *name);
/* Those of a namespace: borrowed until the table changes. NULL when there are none. */
struct object_head *const *object_table_of(
	const struct object_table *t, const char *namespace, size_t *n);

void object_table_release(struct object_table *t);

#endif
