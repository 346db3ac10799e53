/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_NODE_STATUS_H
#define PALE_NODE_STATUS_H

#include "operator/controller/event_list.h"
#include "operator/controller/node_table.h"

/*
 * What nodes make of a profile, put into its status: nodes {total, ready}, and the conditions
 * Distributed (every node has it in force), Degraded (one has it not, or not wholly, and says why)
 * and Ready (there is a policy, and it is distributed). Nothing changes where nothing is new.
 * Events: ProfileLoaded when Ready turns true, ProfileLoadFailed when Degraded does.
 */
void node_status_put(json_t *status, const struct node_counts *counts, int64_t generation,
	int64_t now, struct event_list *events);

/*
 * Each write of a profile goes to every node that watches it, so that 1,000 nodes that come up one
 * after another would cost a million messages. Whether @after says something that cannot wait:
 * anything but the counts and the messages of conditions. The rest waits for node_status_interval()
 * seconds from the last write.
 */
bool node_status_is_urgent(const json_t *before, const json_t *after);
int64_t node_status_interval(uint32_t nodes);

#endif
