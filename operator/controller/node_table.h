/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_NODE_TABLE_H
#define PALE_NODE_TABLE_H

#include "compiler/base/text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What nodes say of profiles: the PaleNodeStatus objects, which each node writes of itself. One is
 * named as its node; its status has
 *
 *	heartbeat	when it was written; anew at least every 5 minutes
 *	profiles	[{name, digest, state, reason, message, violations}]
 *
 * A profile has an entry for each digest that the node has of it, as containers keep theirs. Its
 * state is Pending, Loaded, Degraded (in force, though not by all that the policy asks for), Failed
 * or Removing; reason and message say why it is not Loaded. violations, [{since, count}], are those
 * of the last hour in periods of NODE_PERIOD that begin at @since, the newest one last. Those of a
 * time that cannot be read, or is to come, count, too.
 *
 * Kept is 40 bytes for each profile of a node, and the reasons of those that are not well: 1,000
 * nodes with 50 profiles take some 3 MiB.
 */

#define NODE_PERIOD 300
#define NODE_HOUR   3600
/* Who was silent for so long is not ready, nor is one whose clock is as far ahead: its silence
 * could not be told. */
#define NODE_STALE 900

struct node_table {
	void *nodes; /* tsearch(3) trees */
	void *names; /* of profiles */
	uint32_t n_nodes;
	/* A node says something else of @profile than before. NULL: nobody asks. */
	void (*changed)(void *ctx, const char *profile);
	void *ctx;
};

void node_table_release(struct node_table *t);
/* A PaleNodeStatus is there in this version, or not there any more. */
void node_table_seen(struct node_table *t, const json_t *object);
void node_table_gone(struct node_table *t, const char *node);

/* Of one profile with the digest that the controller compiled. */
struct node_counts {
	uint32_t total;	   /* nodes */
	uint32_t ready;	   /* Loaded, and heard of */
	uint32_t degraded; /* in force there, too */
	uint32_t failed;
	uint32_t stale;	     /* not heard of */
	uint64_t violations; /* in the last hour, and up to NODE_PERIOD more; UINT64_MAX at most */
	struct text trouble; /* "NODE: MESSAGE" of one that is degraded or failed; to be released */
};

/* Looks at each node. */
void node_table_count(const struct node_table *t, const char *profile, const char *digest,
	int64_t now, struct node_counts *ret);

#endif
