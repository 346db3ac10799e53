/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CLUSTER_BINDING_H
#define PALE_CLUSTER_BINDING_H

#include "operator/cluster/floor.h"
#include "operator/cluster/label_selector.h"
#include "operator/cluster/object_table.h"
#include "operator/cluster/string_list.h"

#include <stdint.h>

/* A PaleBinding: which pods of its namespace, and which of their containers, have which floor. */
struct binding {
	struct object_head head;
	struct label_selector selector;
	struct string_list containers; /* names; none: all of them */
	struct floor_words floor;
	int32_t priority; /* the largest one's profile counts; 0 where it is unsaid */
	char *wrong; /* NULL: all of it has a meaning. Otherwise it may mean any pod, and none may
			start in its namespace */
};

/* NULL with -EINVAL when it has no name or namespace; what else is wrong is kept in it. */
struct binding *binding_read(const json_t *object, struct pale_err **err);
/* Whether it speaks of this container of the pods that its selector matches. */
bool binding_names(const struct binding *b, const char *container);
void binding_free(struct object_head *head);

#endif
