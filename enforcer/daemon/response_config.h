/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RESPONSE_CONFIG_H
#define PALE_RESPONSE_CONFIG_H

/* `responses` of paled.conf(5): what is done about violations. */

#include "compiler/base/yaml_read.h"

enum response_action {
	RESPONSE_KILL_PROCESS,
	RESPONSE_KILL_CONTAINER,
	RESPONSE_FREEZE,
	RESPONSE_ACTION_COUNT,
};
extern const char *const response_action_names[RESPONSE_ACTION_COUNT + 1];

#define RESPONSES_MAX 64

struct response_config {
	enum response_action action;
	const char *profile; /* of these containers; NULL: of all */
	const char *rule;    /* its text as events have it, or "FILE:LINE"; NULL: any */
	uint32_t violations; /* so many of one container; 1: each */
	uint64_t within_ns;  /* as far apart as this; 0: @violations is 1 */
};

/* Reads the list @n into *ret, *ret_n of them, in @arena. Mistakes are in @diags. */
void responses_read(struct arena *arena, struct diag_list *diags, const struct yaml_node *n,
	struct response_config **ret, uint32_t *ret_n);

/* Whether the kernel hands over enough events of one container for @r to count, with a limit of
 * @events_per_second (0: none). */
bool response_is_reachable(const struct response_config *r, uint32_t events_per_second);

#endif
