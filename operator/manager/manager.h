/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_MANAGER_H
#define PALE_MANAGER_H

/*
 * Joins the controller with the API server: watches tell it of objects, the Lease "pale-controller"
 * whether it leads, and what it decides is written. Who leads also keeps the webhook's
 * certificates.
 *
 * It decides a moment after something was seen, so that a burst costs one look, and each
 * ten seconds. What the server refused is decided on again with the latter only.
 */

#include "operator/connection.h"

#define MANAGER_LEASE "pale-controller"

struct manager;

struct manager_options {
	const char *namespace; /* of the lease, and of the webhook's Secret and Service */
	uint16_t port;	       /* of /metrics, /healthz and /readyz, on all addresses */
};

/* Runs in @c's loop. SIGTERM and SIGINT give the lease back before they end it. */
int manager_new(struct connection *c, const struct manager_options *options, struct manager **ret,
	struct pale_err **err);
/* Before connection_close(). */
void manager_free(struct manager *m);

#endif
