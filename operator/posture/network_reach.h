/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POSTURE_NETWORK_REACH_H
#define PALE_POSTURE_NETWORK_REACH_H

/*
 * Whether NetworkPolicies let a pod send to an address that is no pod's, by TCP: a cloud's
 * metadata, a node's kubelet. As networking.k8s.io/v1 has it: a pod that a policy with Egress
 * selects may send what one of these policies allows, others all. What a peer says of pods and
 * namespaces is of no such address, and a port by its name neither. Whether the network's plugin
 * carries policies out is not seen.
 */

#include "compiler/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct network_target {
	const char *address; /* IPv4 or IPv6, as text */
	uint16_t port;
};

struct network_reach {
	bool reaches;
	/* The policy whose rule lets it, borrowed, and the rule's index; NULL: no policy holds what
	 * the pod sends. */
	const json_t *policy;
	size_t rule;
};

/*
 * @policies: an array of NetworkPolicies, of which those of @namespace count. @labels: the pod's,
 * or NULL. -EINVAL: a policy cannot be understood.
 */
int network_reach(const json_t *policies, const char *namespace, const json_t *labels,
	const struct network_target *target, struct network_reach *ret, struct pale_err **err);

/* Whether the text is such an address. */
bool network_address_is_valid(const char *address);

#endif
