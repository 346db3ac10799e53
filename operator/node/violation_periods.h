/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_NODE_VIOLATION_PERIODS_H
#define PALE_NODE_VIOLATION_PERIODS_H

/* How many violations there were in each five minutes of the last hour, as a PaleNodeStatus tells
 * them (operator/controller/node_table.h). */

#include "operator/controller/node_table.h"

/* Those of an hour, and one that began before it. */
#define VIOLATION_PERIODS (NODE_HOUR / NODE_PERIOD + 1)

struct violation_periods {
	struct {
		int64_t since; /* seconds since 1970, a multiple of NODE_PERIOD */
		uint64_t count;
	} v[VIOLATION_PERIODS]; /* by @since, the newest one last */
	size_t n;
};

/* @count more at the time @at. What is older than an hour, or is to come by more than a period,
 * counts as now: a clock that was set must not hide it. */
void violation_periods_add(struct violation_periods *p, int64_t at, uint64_t count, int64_t now);
/* [{since, count}], or NULL where there were none in the last hour. Drops the older ones. */
json_t *violation_periods_json(struct violation_periods *p, int64_t now);
/* Those of an earlier process's status. */
void violation_periods_read(struct violation_periods *p, const json_t *json, int64_t now);

#endif
