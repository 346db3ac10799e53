/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POSTURE_REACH_CHECKS_H
#define PALE_POSTURE_REACH_CHECKS_H

#include "operator/posture/audited_pod.h"

/*
 * Whether an attacker in a pod reaches the cloud's metadata and the kubelet of its node, by what
 * NetworkPolicies and the containers' PaleProfiles say. Where NetworkPolicies are not known nothing
 * is said.
 */
void reach_checks(const struct audited_pod *p);

#endif
