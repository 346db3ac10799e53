/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POSTURE_NODE_REACH_H
#define PALE_POSTURE_NODE_REACH_H

#include "enforcer/posture/node_container.h"
#include "enforcer/posture/posture.h"

/*
 * Whether the network of a container lets it connect to the cloud's metadata address and to the
 * kubelet of this node: by probe.h. What its policy refuses is no finding.
 */
void node_reach(struct posture *p, const struct node_container *c);

#endif
