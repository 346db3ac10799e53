/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_HTTP_LOOP_H
#define PALE_HTTP_LOOP_H

/*
 * libmicrohttpd's server in an sd-event loop, and how long anybody may take of it. A connection has
 * until the end of three times: from when it is made until a request's head is there, with the
 * handshake; from then until its answer is sent; and from that until the next head is there. They
 * do not begin anew with a byte that comes in, as libmicrohttpd's own would.
 */

#include "compiler/base/error.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>

struct http_loop_options {
	const char *name; /* before messages: "webhook" */
	bool both;	  /* the IPv6 address :: takes IPv4, too */
	unsigned connections;
	unsigned connections_of_one; /* of one address; 0: as many as there are */
	size_t head_bytes;	     /* of a request, from a pool of its connection */
	unsigned connect_s, request_s, idle_s;
	/* As libmicrohttpd's; `completed` may be NULL. `ctx` goes to both. */
	MHD_AccessHandlerCallback request;
	MHD_RequestCompletedCallback completed;
	void *ctx;
	struct MHD_OptionItem *tls; /* libmicrohttpd's options of TLS; NULL: there is none */
};

struct http_loop;

/*
 * @address: IPv4 or IPv6. Port 0: any, see http_loop_port(). -EIO when libmicrohttpd does not
 * start.
 */
int http_loop_new(sd_event *event, const struct sockaddr *address,
	const struct http_loop_options *options, struct http_loop **ret, struct pale_err **err);
uint16_t http_loop_port(const struct http_loop *l);
/* Connections that there are. */
unsigned http_loop_connections(const struct http_loop *l);
/* Its time is over, and it is being closed: for `completed`. */
bool http_loop_is_late(struct MHD_Connection *c);
/* `ctx` of the one whose callbacks run at present. GnuTLS asks without a word on whose behalf. */
void *http_loop_running(void);
void http_loop_free(struct http_loop *l);

#endif
