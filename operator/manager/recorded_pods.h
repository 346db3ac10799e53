/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORDED_PODS_H
#define PALE_RECORDED_PODS_H

/*
 * Of most pods the controller is told the metadata alone. Of one that is recorded it needs the node
 * and the containers' names as well: such a pod is read when it is seen, and again whenever it
 * changes until it has a node.
 */

#include "operator/kube/kube_request.h"

struct recorded_pods;

struct recorded_pods_handlers {
	void (*read)(void *ctx, const json_t *pod);
	/* A pod could not be read; it is tried again at recorded_pods_retry(). */
	void (*say)(void *ctx, const struct pale_err *err);
};

struct recorded_pods *recorded_pods_new(
	struct kube_client *c, const struct recorded_pods_handlers *handlers, void *ctx);
/* Before kube_client_free(). */
void recorded_pods_free(struct recorded_pods *p);

/* @pod: metadata. false: it is not recorded, and all there is to know of it. */
bool recorded_pods_seen(struct recorded_pods *p, const json_t *pod);
void recorded_pods_gone(struct recorded_pods *p, const char *namespace, const char *name);
void recorded_pods_retry(struct recorded_pods *p);

#endif
