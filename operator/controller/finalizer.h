/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_FINALIZER_H
#define PALE_FINALIZER_H

#include "operator/controller/event_list.h"
#include "operator/controller/profile_users.h"

#include <jansson.h>
#include <stdint.h>

/*
 * A PaleProfile that is deleted while it is used would be gone from nodes under running pods, whose
 * next container would find no policy. The finalizer keeps it until nobody uses it.
 *
 * Its changes are a JSON merge patch with the resourceVersion that they were decided on: the list
 * of finalizers is replaced whole, and others' must not get lost. 409: read again, decide again.
 */
#define PROFILE_FINALIZER "pale.dev/in-use"

/* The patch of metadata that @object needs, a new reference; NULL: none. */
json_t *finalizer_patch(const json_t *object, const struct profile_users *users);

/*
 * While @object is being deleted and used, condition InUse says by whom; the Event ProfileInUse
 * does, once. Of one that is not being deleted the condition is taken away.
 */
void finalizer_status(const json_t *object, const struct profile_users *users, json_t *status,
	int64_t now, struct event_list *events);

#endif
