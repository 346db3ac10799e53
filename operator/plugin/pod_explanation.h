/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PLUGIN_POD_EXPLANATION_H
#define PALE_PLUGIN_POD_EXPLANATION_H

#include "compiler/base/error.h"
#include "compiler/base/text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What is asked of the API server about one pod; borrowed. */
struct pod_facts {
	const json_t *pod;	 /* a Pod, or of a workload its template */
	bool template;		 /* the latter: nothing runs */
	const json_t *namespace; /* the object */
	/* Arrays: of all PaleProfiles, and of what is in the namespace. */
	const json_t *profiles, *bindings, *recordings;
	const json_t *node;	  /* the PaleNodeStatus of its node; NULL: there is none */
	const json_t *unconfined; /* array of Events Unconfined of it */
	int64_t now;		  /* seconds since 1970 */
};

/*
 * Why the containers of a pod have the profiles that they have, as the webhook decides by what
 * there is now: admission.h answers a review of the pod, and pod_profile.h is asked about each of
 * its containers. And whether they run under them, by what the pod and its node say. A new object,
 * whose strings are "" where there is nothing to say:
 *
 * name, namespace, node. asked: whether the API server asks the webhook about pods of the
 * namespace. allowed: whether a pod like this may be created now; refusal and warnings say more.
 * lacks: of a pod that is there, what the webhook would have set, as JSON pointers. mode and
 * onMissing as they would be now; canaryPercent of a template: how many of its pods have enforce
 * instead.
 *
 * containers: [{name, kind, profile, because, refusal {message, hint}, newProfile, digest,
 * newDigest, under {answer, detail, digest}, state}]. answer is yes, no or unknown; newProfile and
 * newDigest are what it would have, created anew.
 *
 * diagnostics: [{profile, file, line, column, severity, message, hint, text}] of the profiles'
 * sources; text is the line.
 *
 * well: whether nothing is refused, and each container runs under its profile.
 *
 * NULL with -EINVAL when the pod is none.
 */
json_t *pod_explanation(const struct pod_facts *facts, struct pale_err **err);
bool pod_explanation_is_well(const json_t *explanation);
/* For people. */
void pod_explanation_text(const json_t *explanation, struct text *to);

#endif
