/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LIVE_UPDATE_H
#define PALE_LIVE_UPDATE_H

#include "enforcer/daemon/daemon.h"

/*
 * Puts the containers that run under an older policy of this profile under its new one, where all
 * that differs is what BPF-LSM decides: a filter of seccomp, capabilities and limits stay as they
 * were when the container was made, and so does AppArmor's profile, whose name is its digest's.
 * Other containers need a restart.
 *
 * No program asks the old policy any more when it returns (lsm_set_policy()). Appended to @updated
 * are the ids, to @left objects with `id` and `why`.
 */
void live_update(struct daemon *d, struct store_profile *profile, json_t *updated, json_t *left);

/* Why @next cannot be put in the place of the container's policy while it runs; NULL: it can. */
const char *live_update_obstacle(
	const struct daemon *d, const struct container *c, const struct node_policy *next);

#endif
