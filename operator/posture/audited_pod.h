/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POSTURE_AUDITED_POD_H
#define PALE_POSTURE_AUDITED_POD_H

/*
 * A pod that is looked at, or what makes pods, and what findings about it begin with. Patches are
 * strategic merge patches, as `kubectl patch` takes them: lists of containers, volumes and mounts
 * merge by name, so that one patch leaves alone what others change, and lists of capabilities are
 * put in place of what was there.
 */

#include "compiler/decide.h"
#include "enforcer/posture/posture.h"
#include "operator/posture/profile_set.h"
#include "operator/webhook/pod.h"

struct audited_pod {
	struct posture *posture;
	struct pod pod;
	/* Of the object that patches are for: the pod's own, or of what makes it. */
	struct finding_place place;
	const char *const *template; /* where that has the pod; NULL: it is the pod */
	bool made;     /* the place is a maker's, but it is one of its pods that is looked at */
	bool admitted; /* by an API server, which has filled in what was left away */
	/* Of the cluster; NULL: not known. */
	const json_t *network_policies;
	struct profile_set *profiles;
	const char *host_address; /* of its node */
	bool no_tokens; /* its service account says that pods get none unless they ask for it */
	/* The line of a manifest where the path stands, or what it would stand in; NULL: no
	 * manifest is known. */
	uint32_t (*line)(void *ctx, const char *path);
	void *ctx;
};

/* Of the pod as a whole, or of @c. */
json_t *audited_finding(
	const struct audited_pod *p, enum control control, const struct pod_container *c);
/* What stood at a path below the pod ("spec.hostPID"), which is borrowed; NULL: nothing did. */
void audited_evidence(const struct audited_pod *p, json_t *finding, const json_t *value,
	const char *path_format, ...) __attribute__((format(printf, 4, 5)));
/* The same below a container. */
void audited_container_evidence(const struct audited_pod *p, json_t *finding,
	const struct pod_container *c, const json_t *value, const char *path);
/* Takes @finding over, with its line where that is known. */
void audited_add(const struct audited_pod *p, json_t *finding);

/* Takes {"spec": …, "metadata": …} of the pod over and gives it as the place's object has it. */
json_t *audited_patch(const struct audited_pod *p, json_t *pod_patch);
/* Takes over what is to change of one container. */
json_t *audited_container_patch(
	const struct audited_pod *p, const struct pod_container *c, json_t *fields);
/* And of its securityContext. */
json_t *audited_security_patch(
	const struct audited_pod *p, const struct pod_container *c, json_t *fields);

/* Of the container's securityContext or, where that has none, of the pod's; NULL: neither. */
const json_t *audited_security(
	const struct audited_pod *p, const struct pod_container *c, const char *member);
/* A copy of one with what of it stands elsewhere; json_deep_copy(), which may not be NULL. */
json_t *audited_copy(const json_t *value);

/* The PaleProfile that its annotations name for the container, "" for none, and whether the pod is
 * started by pale-runtime, as far as it says. */
const char *audited_profile(
	const struct audited_pod *p, const struct pod_container *c, bool *ret_called);
/*
 * Whether the policy of the container refuses the request, whatever its program does; who decides
 * is added to the evidence. false: it lets it, or there is none in force, or it is not known.
 */
bool audited_refuses(const struct audited_pod *p, const struct pod_container *c,
	const struct request *r, json_t *finding);

#endif
