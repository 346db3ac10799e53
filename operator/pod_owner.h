/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POD_OWNER_H
#define PALE_POD_OWNER_H

#include <jansson.h>

/* What keeps a pod: an OwnerReference, borrowed; NULL: nothing. */
const json_t *pod_controller(const json_t *pod);
/* "Deployment/web": its controller, of a ReplicaSet that a Deployment made the Deployment.
 * malloc-ed, or NULL. */
char *pod_owner(const json_t *pod);

#endif
