/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_WEBHOOK_POD_PATCH_H
#define PALE_WEBHOOK_POD_PATCH_H

/*
 * What a pod still lacks of what was chosen for it, as a JSON Patch with nothing in it that is so
 * already: a pod to which it was applied has an empty one.
 *
 * runtimeClassName
 *	The one that calls pale-runtime, which does the rest on the node.
 *
 * annotations
 *	As pale-runtime(8) and paled(8) read them: pale.dev/profile, and
 *	container.profile.pale.dev/NAME where a container's profile is another one; pale.dev/mode
 *	only where it is audit, or a canary's enforce, or was something else; pale.dev/on-missing
 *	where somebody says it. Of a pod that is recorded pale.dev/recording alone, and nothing
 *	in its containers. Taken away is pale.dev/recording of other pods, by which they would
 *	have no policy, and those with which containers outside of Kubernetes say their names,
 *	lest a pod have another's.
 *
 * securityContext, of each container, when the mode is enforce (in audit nothing is refused, and
 * these would)
 *	seccompProfile becomes the file of the profile's digest where it was nothing or Unconfined,
 *	or Pale's own file of another policy. What else the pod has (RuntimeDefault, a file of its
 *	own) stays, since pale-runtime lets pass only what both allow, and the profile alone might
 *	allow more. It is never set for the whole pod: its sandbox would get it. The annotations
 * that said the same before Kubernetes 1.19, and that servers up to 1.26 want to agree with the
 *	field, are made into the field.
 *	capabilities.drop gets what the profile drops, and capabilities.add loses it: engines differ
 *	in what a capability is that stands in both.
 *	allowPrivilegeEscalation becomes false where the profile implies it.
 */

#include "operator/webhook/pod_profile.h"

/*
 * @ret: an array, perhaps empty; NULL on errors. @any_digest: a file of another digest of the same
 * profile is left, as it is right when two that answer know different ones.
 * -EACCES when the API server would not take it.
 */
int pod_patch(const struct pod *pod, const struct pod_choice *choice, const char *runtime_class,
	bool any_digest, json_t **ret, json_t *warnings, struct pale_err **err);

#endif
