/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POSTURE_NODE_CHECKS_H
#define PALE_POSTURE_NODE_CHECKS_H

#include "compiler/decide.h"
#include "enforcer/posture/node_container.h"
#include "enforcer/posture/posture.h"

/*
 * With what a container's processes run on this node, whatever it was asked to be run with: their
 * capabilities, users and filters, the namespaces that they share with the node, and what of its
 * files they have. Of a process that has ended meanwhile nothing is said; what cannot be looked at
 * is told as unseen. Asks for root.
 */
void node_checks(struct posture *p, const struct node_container *c, bool paled);

/* Where findings about it are. */
struct finding_place node_place(const struct node_container *c);

/* Whether the container's policy refuses it, where that is enforced and at hand; who decides is
 * added to the evidence. */
bool node_refuses(const struct node_container *c, const struct request *r, json_t *finding);

#endif
