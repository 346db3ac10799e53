/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PLUGIN_STATUS_REPORT_H
#define PALE_PLUGIN_STATUS_REPORT_H

#include "compiler/base/text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The state of a cluster's PaleProfiles and nodes, from arrays of the objects, both as the API
 * server gives them. @now: seconds since 1970, which tells nodes that are silent. A new object:
 *
 * profiles: [{name, mode, state, digest, nodes {ready, total}, violations, message}]. digest is
 * null before one has compiled; violations are those of the last hour. state is Deleting (pods
 * still use it), Rejected (its source does not compile; the last one that did stays in force),
 * Pending (the controller has not seen it), Degraded (a node does not have it in full), Ready, or
 * Distributing.
 *
 * nodes: [{name, ready, heartbeat, mechanisms, unconfined, profiles {loaded, total}, message}].
 * ready is as the node's own condition says, True, False or Unknown, and Silent when nothing was
 * heard of it for NODE_STALE (node_table.h).
 *
 * well: whether each profile is Ready, and each node too, of which there has to be one, and no
 * container runs unconfined.
 */
json_t *status_report(const json_t *profiles, const json_t *nodes, int64_t now);
bool status_report_is_well(const json_t *report);
/* For people. */
void status_report_text(const json_t *report, struct text *to);

#endif
