/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CLUSTER_CLUSTER_H
#define PALE_CLUSTER_CLUSTER_H

/*
 * What is known of the cluster: of each object only what is decided by. Filled from what lists and
 * watches bring, as JSON; nothing here asks for anything. Not for several threads.
 */

#include "operator/cluster/binding.h"
#include "operator/cluster/namespace.h"
#include "operator/cluster/profile.h"
#include "operator/cluster/recorded_pods.h"

enum cluster_kind {
	CLUSTER_NAMESPACE,
	CLUSTER_PROFILE,   /* PaleProfile */
	CLUSTER_BINDING,   /* PaleBinding */
	CLUSTER_RECORDING, /* PaleRecording */
	CLUSTER_KINDS,
};

struct cluster {
	struct object_table kinds[CLUSTER_KINDS];
	bool listed[CLUSTER_KINDS];
};

void cluster_init(struct cluster *c);
/*
 * Keeps @object, of which nothing is borrowed, in place of an earlier one. -EINVAL when it cannot
 * be told which object it is. What else is wrong with it is kept beside it, so that it refuses what
 * it would have decided.
 */
int cluster_put(
	struct cluster *c, enum cluster_kind kind, const json_t *object, struct pale_err **err);
/* @namespace: "" for what is of none. */
void cluster_remove(
	struct cluster *c, enum cluster_kind kind, const char *namespace, const char *name);
/* All that there is of a kind was put. It stays so: what is known may grow old, and is used. */
void cluster_set_listed(struct cluster *c, enum cluster_kind kind);
/* Each kind was listed, so that what is not here was not there. */
bool cluster_is_known(const struct cluster *c);

/* NULL: there is none. Borrowed until the kind changes. */
const struct namespace *cluster_namespace(const struct cluster *c, const char *name);
const struct profile *cluster_profile(const struct cluster *c, const char *name);
/* All of a namespace, in the order of names: each is a struct binding. */
struct object_head *const *cluster_bindings(
	const struct cluster *c, const char *namespace, size_t *n);
/* The same; each is a struct recorded_pods. */
struct object_head *const *cluster_recordings(
	const struct cluster *c, const char *namespace, size_t *n);
/* The profile whose name is nearest to one that is not there; NULL when none is near. */
const char *cluster_near_profile(const struct cluster *c, const char *name);
void cluster_release(struct cluster *c);

#endif
