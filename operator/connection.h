/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_OPERATOR_CONNECTION_H
#define PALE_OPERATOR_CONNECTION_H

/* What each command begins with: a loop that SIGTERM and SIGINT end, and a client of the API
 * server in it. */

#include "operator/kube/kube_request.h"

struct connection {
	sd_event *loop;
	struct kube_config config;
	struct kube_client *client;
	void (*end)(void *ctx); /* connection_on_end()'s */
	void *end_ctx;
};

/*
 * @command: of pale-operator, for the client's name. @kubeconfig: NULL is $KUBECONFIG, or where
 * that is not set what the pod has. Ignores SIGPIPE. connection_close() also after a failure; what
 * uses the client is freed before.
 */
int connection_open(
	struct connection *c, const char *command, const char *kubeconfig, struct pale_err **err);
void connection_close(struct connection *c);
/*
 * The first of these signals calls @end instead, which ends the loop when all is done that is to be
 * done first; the second one ends it at once.
 */
void connection_on_end(struct connection *c, void (*end)(void *ctx), void *ctx);

#endif
