/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CONTAINER_POLICY_H
#define PALE_CONTAINER_POLICY_H

/* Which policy of this node a container gets, by what is said of it and by its image. */

#include "enforcer/daemon/daemon.h"
#include "enforcer/daemon/image.h"
#include "enforcer/daemon/policy_choice.h"

/*
 * @said with what the engine says of the image; a new reference. Where the engine does not say,
 * that is no error yet: *unknown has the reason, for container_policy_choose().
 */
json_t *container_annotations(const char *bundle, const json_t *said, const char *id,
	struct image *image, struct pale_err **unknown);

/*
 * policy_choose() for the container @id. Fails, too, when the image might have chosen and cannot be
 * told: @unknown, which is then taken.
 */
int container_policy_choose(struct daemon *d, bool privileged, const char *id,
	const json_t *annotations, const struct image *image, struct pale_err **unknown,
	struct policy_choice *ret, struct pale_err **err);

/* The policy of @choice, a new reference; -ENOENT: this node does not have it. */
int container_policy_find(struct daemon *d, const struct policy_choice *choice,
	struct node_policy **ret, struct pale_err **err);

#endif
