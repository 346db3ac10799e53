/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POD_READS_H
#define PALE_POD_READS_H

/*
 * Of most pods the controller is told the metadata alone. Of one that is recorded it needs the node
 * and the containers' names as well: such a pod is read when it is seen, and again whenever it
 * changes until it has a node.
 */

#include "operator/kube/kube_request.h"

struct pod_reads;

struct pod_reads_handlers {
	void (*read)(void *ctx, const json_t *pod);
	/* A pod could not be read; it is tried again at pod_reads_retry(). */
	void (*say)(void *ctx, const struct pale_err *err);
};

struct pod_reads *pod_reads_new(
	struct kube_client *c, const struct pod_reads_handlers *handlers, void *ctx);
/* Before kube_client_free(). */
void pod_reads_free(struct pod_reads *p);

/* @pod: metadata. false: it is not recorded, and all there is to know of it. */
bool pod_reads_seen(struct pod_reads *p, const json_t *pod);
void pod_reads_gone(struct pod_reads *p, const char *namespace, const char *name);
void pod_reads_retry(struct pod_reads *p);

#endif
