/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LSM_REPORT_H
#define PALE_LSM_REPORT_H

/*
 * BPF-LSM events as violations. The kernel names the rule that decided; nothing is decided anew.
 * Sequence numbers show what the ring buffer had no room for.
 */

#include "enforcer/load_lsm.h"
#include "enforcer/report.h"

struct lsm_reporter {
	const struct policy *policy; /* the one that the instance enforces */
	const char *container;
	bool with_parent; /* /proc is asked what the parent runs */
	void (*report)(void *ctx, const struct violation *v);
	void *ctx;
	uint64_t sequence; /* of the last event seen */
	uint64_t lost;	   /* gaps so far */
	uint64_t untold;   /* of these what the next violation is to say */
};

/* Fits lsm_on_event: @ctx is a struct lsm_reporter. */
void lsm_report(void *ctx, const struct lsm_event *e);

#endif
