/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EXPORT_METRICS_SERVER_H
#define PALE_EXPORT_METRICS_SERVER_H

/* GET /metrics, and nothing else. Without TLS: an address that others reach needs a proxy before
 * it. */

#include "compiler/base/error.h"
#include "compiler/base/text.h"

#include <sys/socket.h>
#include <systemd/sd-event.h>

struct metrics_server;

int metrics_server_new(sd_event *event, const struct sockaddr *address,
	void (*print)(void *ctx, struct text *t), void *ctx, struct metrics_server **ret,
	struct pale_err **err);
void metrics_server_free(struct metrics_server *m);

#endif
