/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_NODE_H
#define PALE_NODE_H

/*
 * What stands between a node's paled and the cluster: brings paled the PaleProfiles' bundles, tells
 * the cluster what became of them (a PaleNodeStatus of the node's name), which containers run
 * without the policy that is meant for them, and what was refused to whom. paled may be killed and
 * come back at any time, and so may the API server: all that was brought is brought again.
 *
 * What is needed of the cluster stands in operator/deploy/base/node-rbac.yaml.
 */

#include "operator/kube/kube_request.h"

#include <sys/socket.h>

struct node;

struct node_options {
	const char *name;			/* of the Node */
	const char *run;			/* the folder of paled's sockets */
	const char *own_namespace;		/* of Pale's own pods */
	const struct sockaddr_storage *metrics; /* where to serve them; NULL: nowhere */
};

/* @options and what is in it has to outlive it. Only metrics that cannot be served are an error:
 * for paled and for the API server it waits. */
int node_new(struct kube_client *client, const struct node_options *options, struct node **ret,
	struct pale_err **err);
/* Before kube_client_free(). NULL is nothing. */
void node_free(struct node *n);

#endif
