/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_WEBHOOK_SERVER_H
#define PALE_WEBHOOK_SERVER_H

/*
 * The webhook's HTTPS: TLS 1.2 and later, HTTP/1.1.
 *	POST /mutate, /validate   an AdmissionReview, answered by admission.h
 *	GET /healthz              200: it answers
 *	GET /readyz               200: it can decide, as there is a certificate, and the cluster is
 *	                          known
 *	GET /metrics              Prometheus' text format
 *
 * Anybody in the cluster may connect. A review has at most 7 MiB (the API server takes 3 MiB of a
 * pod, and sends an old and a new one), all that are being read 24 MiB, and three seconds to come
 * in, which is what the API server waits for an answer. There are 128 connections; of those that
 * wait for another request, none is kept once three quarters of them are taken. Connections are
 * counted for no address of their own: API servers may come from the nodes' addresses, as anybody
 * else.
 */

#include "operator/webhook/admission.h"
#include "operator/webhook/webhook_metrics.h"

#include <sys/socket.h>
#include <systemd/sd-event.h>

struct webhook_server;

/*
 * @address: IPv4 or IPv6; the IPv6 address :: takes both. Port 0: any, see webhook_server_port().
 * @config and @cluster are borrowed, and looked at for each request, in the loop's own thread.
 * Until it has a certificate no handshake succeeds.
 */
int webhook_server_new(sd_event *event, const struct sockaddr *address,
	const struct admission_config *config, const struct cluster *cluster,
	struct webhook_server **ret, struct pale_err **err);
/*
 * For handshakes from now on; what is connected stays so. PEM: the certificate and those that
 * signed it, and its key. -EINVAL: they cannot be used, and the ones before are kept.
 */
int webhook_server_set_certificate(
	struct webhook_server *s, const char *chain, const char *key, struct pale_err **err);
/* @print adds to /metrics what others count; after the server's own. */
void webhook_server_set_metrics(
	struct webhook_server *s, void (*print)(void *ctx, struct text *t), void *ctx);
/* What it listens on. */
uint16_t webhook_server_port(const struct webhook_server *s);
const struct webhook_metrics *webhook_server_metrics(const struct webhook_server *s);
void webhook_server_free(struct webhook_server *s);

#endif
