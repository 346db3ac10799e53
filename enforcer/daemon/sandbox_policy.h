/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_SANDBOX_POLICY_H
#define PALE_SANDBOX_POLICY_H

#include "enforcer/daemon/node_policy.h"

/*
 * The policy of pods' sandboxes, containers that do nothing but hold a pod's namespaces: it is the
 * same for all, whatever profile is meant for the pod. @run is the daemon's folder.
 */
int sandbox_policy_new(const char *run, struct node_policy **ret, struct pale_err **err);

#endif
