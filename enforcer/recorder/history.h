/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORDER_HISTORY_H
#define PALE_RECORDER_HISTORY_H

/*
 * Reads what a recorder has written, beside it and without holding it up: no transaction stays open
 * between two calls.
 */

#include "compiler/base/error.h"
#include "enforcer/recorder/entry.h"

struct recorder_history;

struct recorder_filter {
	/* An id, the beginning of one, or a name; NULL: all, and what is the node's own. With one
	 * the node's own gaps are handed over, too: any of its entries may be missing. */
	const char *container;
	uint64_t since_ns, until_ns; /* CLOCK_REALTIME, both included; until 0: now */
	uint32_t kinds;		     /* bits (1 << enum recorder_kind); 0: all */
};

/* -ENOENT: there is no database (yet). The filter is copied. */
int recorder_history_open(const char *path, const struct recorder_filter *filter,
	struct recorder_history **ret, struct pale_err **err);
/* Takes NULL. */
void recorder_history_close(struct recorder_history *h);

/*
 * Looks at a few entries, ordered by time, and hands over those that the filter lets through, as
 * recorder_entry_json() has them, borrowed. 1: there may be more; 0: those were all. -EUCLEAN: the
 * database is damaged.
 */
int recorder_history_read(struct recorder_history *h, void (*take)(void *ctx, json_t *entry),
	void *ctx, struct pale_err **err);

#endif
