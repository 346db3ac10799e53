/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POSTURE_CLUSTER_POSTURE_H
#define PALE_POSTURE_CLUSTER_POSTURE_H

#include "enforcer/posture/posture.h"
#include "operator/posture/profile_set.h"

#include <jansson.h>
#include <stdint.h>

/*
 * What a cluster runs, or what manifests would have it run: pods and what makes them, their
 * namespaces and NetworkPolicies, and the PaleProfiles that they are under. Of pods that one maker
 * keeps the maker is told of.
 */

/* Where an object came from. */
struct object_source {
	const char *file; /* NULL: an API server */
	/* The line of the file where this path of the object stands, or what it would stand in;
	 * NULL: not known. */
	uint32_t (*line)(void *ctx, const char *path);
	void *ctx;
};

/* Arrays of what pods are judged by, never NULL; in those of an API server objects have no kind. */
struct cluster_objects {
	json_t *namespaces, *network_policies, *service_accounts, *profiles;
	/* They are all that there are, as of an API server's. */
	bool namespaces_known, network_policies_known;
};

void cluster_objects_init(struct cluster_objects *c);
void cluster_objects_release(struct cluster_objects *c);
/* Of a manifest: keeps it, and what is in it if it is a list, where pods are judged by it. */
void cluster_objects_take(struct cluster_objects *c, const json_t *object);

struct cluster_posture {
	struct posture *posture;
	const struct cluster_objects *cluster;
	struct profile_set *profiles;
	json_t *used;	/* object: names of namespaces that have pods */
	json_t *makers; /* object: what keeps pods that were looked at, "shop/Deployment/web" */
};

/* Borrows both. */
void cluster_posture_init(
	struct cluster_posture *c, struct posture *p, const struct cluster_objects *cluster);
void cluster_posture_release(struct cluster_posture *c);
/*
 * Looks at the pods of @object, or of what is in it if it is a list. @kind: where it has none.
 * Kinds that run nothing, and pods that have ended, are left alone; a pod that the API would not
 * take is told as unseen, and so are a list that is none and what does not say its kind.
 */
void cluster_posture_add(struct cluster_posture *c, const json_t *object, const char *kind,
	const struct object_source *from);
/* As cluster_posture_add(), of what makes pods, where none of them was looked at and nothing keeps
 * it that is looked at in its place: a CronJob between its runs, a Deployment of none. */
void cluster_posture_add_idle(struct cluster_posture *c, const json_t *object, const char *kind,
	const struct object_source *from);
/* Then at the namespaces, and tells what was not known. */
void cluster_posture_end(struct cluster_posture *c);

#endif
