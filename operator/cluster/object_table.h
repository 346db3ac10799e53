/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CLUSTER_OBJECT_TABLE_H
#define PALE_CLUSTER_OBJECT_TABLE_H

/*
 * Objects by namespace and name, in that order, so that those of a namespace lie beside one
 * another. Lists of the API server come in this order too, and are appended.
 */

#include <stddef.h>
#include <stdint.h>

/* What a kept object begins with. */
struct object_head {
	char *namespace; /* "": it is of none */
	char *name;
	uint64_t list; /* the list, or what was watched since, that had it last */
};

struct object_table {
	struct object_head **v;
	size_t n, cap;
	uint64_t list;
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

/* Between these a list comes in, perhaps in pages; what is not in it is removed by the end. */
void object_table_begin_list(struct object_table *t);
void object_table_end_list(struct object_table *t);
void object_table_release(struct object_table *t);

#endif
