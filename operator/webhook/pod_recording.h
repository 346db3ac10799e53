/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_WEBHOOK_POD_RECORDING_H
#define PALE_WEBHOOK_POD_RECORDING_H

#include "operator/cluster/cluster.h"
#include "operator/webhook/pod.h"

/*
 * The PaleRecording of the namespace that is to record the pod: active at @now (seconds since
 * 1970), with a selector that matches, and one of its containers among the pod's. Of several, *@n
 * of them, the first by name. NULL: there is none. A pod that exists already is what it is: its
 * annotation has to name the recording.
 */
const struct recorded_pods *pod_recording(const struct cluster *cluster, const char *namespace,
	const struct pod *pod, int64_t now, size_t *n);
/* What pale.dev/recording of its pods is: "NAMESPACE/NAME". */
void pod_recording_text(const struct recorded_pods *p, struct text *t);

#endif
