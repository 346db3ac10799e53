/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EXPORTER_H
#define PALE_EXPORTER_H

/* pale-export: paled's events to whoever must know. Unprivileged, and the one of the two that has a
 * network. */

#include "compiler/base/error.h"

struct exporter_options {
	const char *config; /* pale-export.conf(5) */
	const char *run;    /* paled's sockets */
	const char *state;  /* spools, and what was passed on; nobody else may write there */
};

/* Until SIGTERM or SIGINT. */
int exporter_run(const struct exporter_options *options, struct pale_err **err);

#endif
