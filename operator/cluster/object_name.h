/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CLUSTER_OBJECT_NAME_H
#define PALE_CLUSTER_OBJECT_NAME_H

#include "compiler/base/error.h"
#include "operator/cluster/object_table.h"

#include <jansson.h>
#include <stdbool.h>

/* metadata.name, and where it is @namespaced metadata.namespace. -EINVAL when one is not there. */
int object_name_read(
	const json_t *object, bool namespaced, struct object_head *ret, struct pale_err **err);
void object_name_release(struct object_head *head);

#endif
