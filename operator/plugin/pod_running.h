/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PLUGIN_POD_RUNNING_H
#define PALE_PLUGIN_POD_RUNNING_H

#include "operator/plugin/pod_explanation.h"
#include "operator/webhook/pod.h"

/* What a pod's own annotations name for a container, as pale-runtime reads them; NULL: nothing. */
const char *pod_running_profile(const struct pod *pod, const char *container);
/* The digits of the policy whose filter the container has: what it was admitted with; "" when it
 * has no filter of Pale's. Borrowed; twelve characters. */
const char *pod_running_digest(const struct pod_container *c);
/* "running", "waiting: CreateContainerError: …"; "" when nothing is known of it. */
json_t *pod_running_state(const struct pod_facts *facts, const struct pod_container *c);
/*
 * {answer, detail, digest}: whether the container is under the policy that its pod names. no: it
 * started without pale-runtime, the node does not have the policy, or the node has said that it
 * runs unconfined. unknown: nothing is heard of the node. @digest: of the policy that it began
 * with, of which the first twelve characters are enough; @newest: of its profile now, which the
 * node may have put in its place while it ran. digest is there when the node has one of the two.
 */
json_t *pod_running_under(const struct pod_facts *facts, const struct pod *pod,
	const struct pod_container *c, const char *digest, const char *newest);

#endif
