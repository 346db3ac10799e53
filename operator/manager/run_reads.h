/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RUN_READS_H
#define PALE_RUN_READS_H

/*
 * The runs of a recording, from the PaleNodeStatus objects of its nodes: one after another, as each
 * may have 1.5 MiB, and of each no more is kept than the recording's own. Those of one recording at
 * a time.
 */

#include "operator/kube/kube_request.h"

struct run_reads;

struct run_reads_handlers {
	/* @nodes: objects with metadata.name and status.runs. A node that is gone has none. */
	void (*read)(void *ctx, const char *namespace, const char *name, const json_t *nodes);
	/* A node's could not be read: none of the recording's are told. */
	void (*say)(void *ctx, const struct pale_err *err);
};

struct run_reads *run_reads_new(
	struct kube_client *c, const struct run_reads_handlers *handlers, void *ctx);
/* Before kube_client_free(). */
void run_reads_free(struct run_reads *r);
/* Gives up the ones before. */
void run_reads_begin(
	struct run_reads *r, const char *namespace, const char *name, const json_t *nodes);
void run_reads_cancel(struct run_reads *r);

#endif
