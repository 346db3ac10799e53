/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_DIFF_INTERNAL_H
#define PALE_DIFF_INTERNAL_H

/* What the parts of the comparison share: one file for each kind of object. */

#include "compiler/diff.h"

/* Two domains that are compared, and how an object is written. */
struct comparison {
	struct diff *diff;
	uint32_t before, after; /* domains */
};

/*
 * Asks both; adds a difference, with @object (copied) as its witness, where the answers differ, and
 * says whether they do. Of paths: @of_another marks what was asked about a file of somebody else's.
 */
bool diff_ask(const struct comparison *c, const struct request *before, const struct request *after,
	const char *object, size_t object_len, bool of_another);
/* As diff_ask(), where one request is meant for both. */
bool diff_ask_both(const struct comparison *c, const struct request *r, const struct text *object);

/*
 * The one for these, new or found. Objects of the kinds of @like that differ for the same two rules
 * in the same direction are one difference.
 */
struct difference *diff_add(struct diff *d, const struct difference *like);

int diff_paths(const struct comparison *c, struct pale_err **err);
int diff_mounts(const struct comparison *c, struct pale_err **err);
int diff_calls(const struct comparison *c, struct pale_err **err);
void diff_endpoints(const struct comparison *c);
void diff_tasks(const struct comparison *c);
void diff_others(const struct comparison *c); /* capabilities, sockets, what has no object */

/* The domain of @p with the same name below its profile's as @domain of @of; -1. */
int32_t diff_counterpart(const struct policy *of, uint32_t domain, const struct policy *p);

#endif
