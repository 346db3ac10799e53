/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EXPORT_PALED_LINES_H
#define PALE_EXPORT_PALED_LINES_H

/* A connection to one of paled's sockets in a loop, pale-protocol(7): requests out, lines in. */

#include "compiler/base/error.h"

#include <jansson.h>
#include <systemd/sd-event.h>

struct paled_lines;

struct paled_lines_handler {
	/* Without its newline. The connection may be freed in it. */
	void (*line)(void *ctx, const char *line, size_t len);
	/* After a round of lines. */
	void (*round)(void *ctx);
	/* It has ended, and is to be freed. */
	void (*closed)(void *ctx, const char *why);
	void *ctx;
};

/*
 * @socket: "events" or "control", below @run. As paled_connect(); a daemon that takes no more
 * connections now gives -ETIMEDOUT at once.
 */
int paled_lines_new(sd_event *event, const char *run, const char *socket,
	const struct paled_lines_handler *handler, struct paled_lines **ret, struct pale_err **err);
/* Sends it in the loop, behind what was not sent yet. Any number may be under way. */
void paled_lines_send(struct paled_lines *p, const json_t *request);
void paled_lines_free(struct paled_lines *p);

#endif
