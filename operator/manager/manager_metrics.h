/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_MANAGER_METRICS_H
#define PALE_MANAGER_METRICS_H

/* What the controller says of itself, in Prometheus' text format 0.0.4. */

#include "compiler/base/text.h"
#include "operator/controller/controller.h"
#include "operator/kube/kube_watch.h"

struct manager_metrics {
	bool leads;
	uint32_t profiles[PROFILE_STATES];
	uint64_t restarts[CONTROLLER_KINDS][KUBE_RESTARTS];
	uint32_t objects[CONTROLLER_KINDS];
	uint64_t requests;    /* attempts and watches one by one */
	uint64_t events_lost; /* Events that the server did not take */
};

/* Of the profiles the leader speaks alone. */
void manager_metrics_print(const struct manager_metrics *m, struct text *t);

#endif
