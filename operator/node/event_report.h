/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_NODE_EVENT_REPORT_H
#define PALE_NODE_EVENT_REPORT_H

/* What of paled's events becomes an Event of Kubernetes', on the container's pod or on the node. */

#include "compiler/base/text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct event_report {
	const char *reason; /* "Violation" */
	bool warning;
	bool of_node; /* it is no container's */
	/* Of the container, "" where it is not told; valid as long as the event. */
	const char *namespace, *pod, *pod_uid, *container;
	/* Without what differs between two that are the same for people, such as pids: they are
	 * counted in one. */
	struct text message;
};

/* false: nobody is to be told. @ret is to be released if it is true. */
bool event_report(const json_t *event, struct event_report *ret);
void event_report_release(struct event_report *r);

/* How many violations of its policy it stands for: what was refused or would have been in audit;
 * not what another mechanism refused though the policy allows it, nor what an exception let pass.
 */
uint64_t event_violations(const json_t *event);

#endif
