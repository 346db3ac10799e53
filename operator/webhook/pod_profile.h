/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_WEBHOOK_POD_PROFILE_H
#define PALE_WEBHOOK_POD_PROFILE_H

/*
 * Which container of a pod gets which profile, and in which mode.
 *
 * Three speak, in this order: the namespace, by its annotations; the PaleBindings that select the
 * pod; the pod, by its annotations. Each may only tighten what those before it say.
 *
 * profile
 *	Two policies cannot be compared here. So whoever says one first is right, and another one
 *	said later is refused: by pale.dev/profile of the namespace; by the binding of the highest
 *	priority that names the container (two of one priority that differ are refused); then the
 *	container's own annotation; the pod's; and pale.dev/default-profile of the namespace, which
 *	is no floor. Only a binding that lists containers by name goes before the annotation that
 *	speaks of the whole pod. A profile has to list the namespace in spec.namespaces.
 *
 * mode
 *	enforce is tighter than audit. It begins with the namespace's, and where that says none,
 * with the profile's (status.mode or spec.mode): so audit comes from those who write profiles and
 *	namespaces, not from a binding or a pod. What asks for less is told, and does not count.
 *	pale-runtime reads one mode for the whole pod, so that of its containers' the tightest is
 * it.
 *
 * on-missing
 *	deny is tighter than wait, wait than allow. It begins with the namespace's, and where that
 *	says none, with wait: allow comes from the namespace alone. Where nobody says anything
 *	nothing is written, and the node's own default counts.
 *
 * canaries
 *	While a profile's rollout has a share of canaries (canary.h), a new pod that would be in
 *	audit, and for which neither it nor the namespace says so, is under enforce when it is one
 *	of them. That is written down, and so is audit for the others: a pod without a name yet is
 *	known by a review's uid, and by the next review it would be another one.
 *
 * recordings
 *	A recorded pod runs without a policy. So that a PaleRecording never takes one away, it
 *	counts where none of the three names a profile, not even as a default, and none asks for
 *	enforce. There the pod could else not run at all.
 */

#include "operator/cluster/cluster.h"
#include "operator/webhook/pod.h"

struct container_choice {
	const struct pod_container *container;
	const struct profile *profile; /* NULL where the pod is recorded */
	const char *own;	       /* its own annotation's profile, or NULL */
	const char *floor;	       /* that it must have, or NULL */
	const struct binding *binding; /* that says the floor; NULL: the namespace, or nobody */
	bool by_name;		       /* it lists this container */
};

struct pod_choice {
	bool untouched; /* nothing is meant for it, and it may run as it is: no other member counts
			 */
	struct container_choice *v; /* one for each of the pod's */
	size_t n;
	const char *pod_profile; /* what pale.dev/profile is to be; NULL: it stays away */
	enum mode mode;
	bool canary; /* it is under enforce for that alone, which is to be written down */
	enum when_missing on_missing; /* MISSING_UNSAID: the annotation stays away */
	/* It is recorded and has no policy: profiles, mode and on_missing are unsaid. NULL: not. */
	const struct recorded_pods *recording;
};

/*
 * @now: seconds since 1970. @warnings: see warnings.h. Borrows from all its arguments. A pod that
 * names no profile, and for which no namespace and no binding does, may run as it is where its
 * namespace is not labelled pale.dev/inject=enabled, and nowhere else.
 *
 * -EACCES or -EINVAL when the pod may not run: *@err says why, and its hint what to do. @ret is to
 * be released either way; its last container is then the one that it is about, with its profile
 * where there is one that it cannot have.
 */
int pod_choose(const struct cluster *cluster, const struct namespace *namespace,
	const struct pod *pod, int64_t now, struct pod_choice *ret, json_t *warnings,
	struct pale_err **err);
void pod_choice_release(struct pod_choice *c);

#endif
