/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EXPORT_METRICS_H
#define PALE_EXPORT_METRICS_H

/* What is counted, in Prometheus' text format 0.0.4. No label is a pod, a path, a process or a
 * program: their number is the containers' to choose. */

#include "compiler/base/text.h"
#include "enforcer/export/feed.h"
#include "enforcer/export/node_status.h"
#include "enforcer/export/output.h"
#include "enforcer/export/violation_counts.h"

struct metrics {
	const struct node_numbers *node;
	const struct feed_counts *feed;
	const struct violation_counts *violations;
	uint64_t folded; /* events that were left out because another one counts them */
	struct output *const *outputs;
	size_t n_outputs;
};

void metrics_print(const struct metrics *m, struct text *t);

#endif
