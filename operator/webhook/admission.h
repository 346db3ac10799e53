/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_WEBHOOK_ADMISSION_H
#define PALE_WEBHOOK_ADMISSION_H

/*
 * What the API server asks before it keeps a pod, and the answer: AdmissionReview of
 * admission.k8s.io/v1. Nothing is asked of anybody, and nothing is changed, so that a dry run is
 * answered like any other request.
 *
 * Both answer for pods (CREATE) and pods/ephemeralcontainers (UPDATE), /validate for pods (UPDATE),
 * pods/binding and bindings (CREATE) too; what else they are asked they refuse, since it would be
 * passed unseen. Not asked is pods/status, which kubelets write all the time: who may write that
 * may change a pod's annotations. pod_profile.h, pod_hazards.h and pod_patch.h say
 * what becomes of a pod.
 *
 * Left as they are: pods of kube-system and of Pale's own namespace, without which no policy could
 * ever reach a node; static pods' mirrors, which a kubelet makes for what runs already (their
 * annotation says nothing when others set it); and pods that nothing means, see pod_profile.h.
 */

#include "operator/cluster/cluster.h"
#include "compiler/base/text.h"

struct admission_config {
	const char *own_namespace; /* of Pale's own pods */
	const char *runtime_class; /* that calls pale-runtime: "pale" */
};

enum admission_call {
	/* /mutate: as a MutatingWebhook. Answers with a patch. */
	ADMISSION_MUTATE,
	/* /validate: as a ValidatingWebhook, behind all that mutate. Refuses a pod that still lacks
	 * something, and changes of the annotations that pale-runtime reads: by UPDATE of the pod,
	 * or by a Binding, whose annotations the API server adds to the pod's. */
	ADMISSION_VALIDATE,
};

enum admission_result {
	ADMISSION_MALFORMED, /* no review that could be answered */
	ADMISSION_ALLOWED,
	ADMISSION_PATCHED,
	ADMISSION_REFUSED,
	ADMISSION_UNKNOWN, /* refused, since the cluster is not known yet */
	ADMISSION_RESULTS,
};

/* "allowed", for metrics. */
extern const char *const admission_result_names[ADMISSION_RESULTS];

/*
 * Answers the review in @body, at @now (seconds since 1970: recordings end). ADMISSION_MALFORMED:
 * @ret is a sentence to go with HTTP's 400, which the API server takes for a failed call; otherwise
 * it is the answering review.
 */
enum admission_result admission_answer(const struct admission_config *config,
	const struct cluster *cluster, enum admission_call call, int64_t now, const char *body,
	size_t len, struct text *ret);

#endif
