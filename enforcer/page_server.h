/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PAGE_SERVER_H
#define PALE_PAGE_SERVER_H

/* GET of a few pages that a program says of itself: /metrics, /healthz, /readyz. Without TLS: an
 * address that others reach needs a proxy before it. */

#include "compiler/base/error.h"
#include "compiler/base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>

struct page {
	const char *path;
	/* Answered with HTTP's 200, or 503 where it gives false. */
	bool (*print)(void *ctx, struct text *t);
};

struct page_server;

/* @pages ends with one without a path, and stays the caller's. */
int page_server_new(sd_event *event, const struct sockaddr *address, const struct page *pages,
	void *ctx, struct page_server **ret, struct pale_err **err);
/* On all addresses, of IPv6 and IPv4; of IPv4 alone where the kernel has no other. */
int page_server_new_everywhere(sd_event *event, uint16_t port, const struct page *pages, void *ctx,
	struct page_server **ret, struct pale_err **err);
void page_server_free(struct page_server *s);

#endif
