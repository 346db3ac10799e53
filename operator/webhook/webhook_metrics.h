/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_WEBHOOK_METRICS_H
#define PALE_WEBHOOK_METRICS_H

/* How long reviews took, in Prometheus' text format 0.0.4. No label is a pod, a namespace or a
 * profile: their number is the tenants' to choose. */

#include "compiler/base/text.h"
#include "operator/webhook/admission.h"

#include <stdint.h>

#define WEBHOOK_BUCKETS 11

struct webhook_metrics {
	struct {
		uint64_t buckets[WEBHOOK_BUCKETS]; /* that took no longer than each bound alone */
		uint64_t n, us;
	} results[ADMISSION_RESULTS];
	uint64_t too_large, too_slow; /* bodies that were not read to their end */
};

/* From the request's head to its answer. */
void webhook_metrics_count(struct webhook_metrics *m, enum admission_result result, uint64_t us);
void webhook_metrics_print(const struct webhook_metrics *m, struct text *t);

#endif
