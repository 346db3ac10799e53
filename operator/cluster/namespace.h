/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CLUSTER_NAMESPACE_H
#define PALE_CLUSTER_NAMESPACE_H

#include "operator/cluster/floor.h"
#include "operator/cluster/object_table.h"

#include <stdbool.h>

#define INJECT_LABEL		   "pale.dev/inject"
#define DEFAULT_PROFILE_ANNOTATION "pale.dev/default-profile"
#define PROFILE_ANNOTATION	   "pale.dev/profile"
#define MODE_ANNOTATION		   "pale.dev/mode"
#define ON_MISSING_ANNOTATION	   "pale.dev/on-missing"

/* Of a Namespace what it says of Pale. */
struct namespace
{
	struct object_head head; /* of no namespace */
	bool inject;		 /* its label pale.dev/inject is enabled */
	char *default_profile;	 /* NULL: none; of containers that nothing else names one for */
	struct floor_words floor;
	char *wrong; /* NULL: all of it has a meaning. Otherwise no pod may start in it */
};

/* NULL with -EINVAL when it has no name; what else is wrong is kept in it. */
struct namespace *namespace_read(const json_t *object, struct pale_err **err);
void namespace_free(struct object_head *head);

#endif
