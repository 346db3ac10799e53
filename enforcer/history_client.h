/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_HISTORY_CLIENT_H
#define PALE_HISTORY_CLIENT_H

/* Asks paled what it has recorded: the method history of pale-protocol(7). */

#include "enforcer/daemon_command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct history_query {
	const char *container; /* NULL: all */
	bool has_since, has_until;
	int64_t since_ms, until_ms; /* since 1970 */
	const char *kinds;	    /* separated by commas; NULL: all */
};

/* Kinds are words of a closed vocabulary. */
extern const struct argument_kind history_kinds;

/* Reads the options of these numbers (SIZE_MAX: the command has none); false: says what is wrong,
 * and the status is STATUS_USAGE. */
bool history_query_read(const struct invocation *in, size_t container, size_t since, size_t until,
	size_t kinds, struct history_query *ret);

/*
 * Hands over each entry, borrowed, the oldest first. Option @run of @in is paled's folder. What
 * fails is said on stderr; how to exit.
 */
int history_ask(const struct invocation *in, size_t run, const struct history_query *q,
	void (*take)(void *ctx, json_t *entry), void *ctx);

/* So many entries are kept at once, the newest: what is older is counted. */
#define HISTORY_KEPT_MAX 50000

struct history_kept {
	json_t **v; /* from first on, and round */
	size_t n, first;
	uint64_t left_out;
};

/* Fits history_ask(). */
void history_keep(void *kept, json_t *entry);
json_t *history_kept_get(const struct history_kept *k, size_t i);
void history_kept_release(struct history_kept *k);

#endif
