/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_SERVER_H
#define PALE_SERVER_H

/*
 * One of the daemon's sockets, pale-protocol(7): lines in, lines out. Whoever writes half a line,
 * too long a one or nothing, and whoever does not read, is put off without holding up others.
 */

#include "compiler/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#define PROTOCOL_VERSION 1

#define SERVER_CONNECTIONS_MAX	       64
#define SERVER_CONNECTIONS_OF_USER_MAX 16

struct server;
struct connection;

struct server_request {
	struct connection *connection;
	const char *method;
	const json_t *body;
	uid_t uid;
	pid_t pid;
	int fd; /* that came with it (SCM_RIGHTS), borrowed; -1: none */
};

struct server_method {
	const char *name;
	/*
	 * Answers with server_answer() or leaves the connection to be answered later. A negative
	 * errno with *err is answered as such, with the members of *ret_more beside it (a new
	 * reference, may stay NULL).
	 */
	int (*call)(void *ctx, const struct server_request *r, json_t **ret_more,
		struct pale_err **err);
};

struct server_options {
	const char *path;	   /* of the socket */
	const char *const *groups; /* whose members may connect beside root; ends with NULL */
	size_t request_max;	   /* bytes */
	const struct server_method *const *methods; /* tables, each ends with a NULL name; ends with
						       NULL */
	void *ctx;
	void (*tell)(void *ctx, const char *text); /* what was refused */
};

/*
 * Listens on @fd, a bound socket from socket activation, or makes the socket (-1), in place of what
 * is there under its name.
 */
int server_new(sd_event *event, const struct server_options *options, int fd, struct server **ret,
	struct pale_err **err);
void server_free(struct server *s);
void server_freep(struct server **s);
size_t server_connections(const struct server *s);

/* Adds `version` and `ok` and sends @body, whose reference is taken over. */
void server_answer(struct connection *c, json_t *body);
/* An error's answer. */
void server_answer_error(struct connection *c, const struct pale_err *err, json_t *more);
/*
 * A line of a stream, without its newline. false: the reader is too slow and the line was not
 * taken; the next that is says how many were not.
 */
bool server_stream(struct connection *c, const char *line, size_t len);
/* A line that is not left away, however slow the reader is: for who adds no more than was read. */
void server_stream_whole(struct connection *c, const char *line, size_t len);
/*
 * Sends much, as fast as it is read: @more adds a line or a few whenever all is sent, and gives
 * false when that was all. It may run before this returns. Requests wait meanwhile.
 */
void server_pull(struct connection *c, bool (*more)(struct connection *c, void *data), void *data);

/* Data of a method that goes on streaming, in place of what was kept before; @gone is called when
 * it is kept no more. */
void server_keep(struct connection *c, void *data, void (*gone)(struct connection *c, void *data));
void *server_kept(const struct connection *c);
/* Each connection that keeps data. */
void server_each_kept(
	struct server *s, void (*take)(void *ctx, struct connection *c, void *data), void *ctx);

#endif
