/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_OPERATOR_FOLLOW_CLUSTER_H
#define PALE_OPERATOR_FOLLOW_CLUSTER_H

/*
 * Keeps a struct cluster as the API server has it: a watch for each of its kinds. While the API
 * server is away, or refuses, the cluster stays what it was, and is known as before.
 */

#include "compiler/base/text.h"
#include "operator/cluster/cluster.h"
#include "operator/kube/kube_request.h"

struct cluster_follower;

/*
 * Begins in the loop. @cluster is borrowed, and nobody else may change it. @command: of
 * pale-operator, for the log, which has when the cluster became known, objects that say of
 * themselves nothing that could be kept, and why a watch does not go on: the same reason once,
 * until it went on.
 */
struct cluster_follower *cluster_follow(
	struct kube_client *client, struct cluster *cluster, const char *command);
/*
 * Prometheus' text format: pale_watch_restarts_total{resource,reason}, pale_watch_objects{resource}
 * and pale_watch_synced{resource}, which is 0 as long as a list is waited for.
 */
void cluster_follower_print_metrics(const struct cluster_follower *f, struct text *t);
/* Before the client. NULL is nothing. */
void cluster_follower_free(struct cluster_follower *f);

#endif
