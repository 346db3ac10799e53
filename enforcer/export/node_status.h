/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EXPORT_NODE_STATUS_H
#define PALE_EXPORT_NODE_STATUS_H

/* What paled says of itself when it is asked now and then: for metrics. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

enum profile_state { PROFILE_ENFORCE, PROFILE_AUDIT, PROFILE_WRONG, PROFILE_STATES };
enum container_enforcement {
	CONTAINER_ENFORCE,
	CONTAINER_AUDIT,
	CONTAINER_UNCONFINED,
	CONTAINER_ENFORCEMENTS,
};
extern const char *const profile_state_names[PROFILE_STATES];
extern const char *const container_enforcement_names[CONTAINER_ENFORCEMENTS];

struct node_numbers {
	bool up; /* it answered the last time; what follows is then what it said */
	uint64_t profiles[PROFILE_STATES];
	uint64_t containers[CONTAINER_ENFORCEMENTS];
	uint64_t restart_required;
	uint64_t lost, throttled, unattributed;
};

struct node_status;

struct node_status *node_status_new(sd_event *event, const char *run);
void node_status_free(struct node_status *n);
const struct node_numbers *node_status_numbers(const struct node_status *n);

/* Of the answers to `status`, `ps` and `profiles`, in this order. For node_status.c and tests. */
#define NODE_ANSWERS 3
bool node_numbers_take(struct node_numbers *n, int answer, const json_t *body);

#endif
