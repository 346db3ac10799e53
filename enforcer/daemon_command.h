/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_DAEMON_COMMAND_H
#define PALE_DAEMON_COMMAND_H

/* What the commands share that ask a running paled(8). */

#include "compiler/options.h"
#include "enforcer/paled_client.h"

#include <stdio.h>

#define OPTION_RUN                                                                                 \
	{                                                                                          \
		"run", .argument = "DIR",                                                          \
		       .help = "where paled has its sockets, /run/pale by default"                 \
	}

/*
 * Connects to @socket below the folder of option @run. On failure says why, and what to do, on
 * stderr: STATUS_HOST; otherwise STATUS_OK.
 */
int daemon_command_connect(
	const struct invocation *in, size_t run, const char *socket, struct paled **ret);

/* Asks; the answer is a new reference. On failure says why on stderr and gives how to exit. */
int daemon_command_call(const struct invocation *in, struct paled *p, const char *method,
	const json_t *arguments, json_t **ret);

/* A row of cells in columns of these widths (0: as it comes); control characters are escaped. */
void daemon_command_row(FILE *to, const int *widths, const char *const *cells, size_t n);

/* "" where there is none. */
const char *daemon_command_text(const json_t *o, const char *member);

#endif
