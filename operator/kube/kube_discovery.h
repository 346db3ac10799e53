/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_KUBE_DISCOVERY_H
#define PALE_KUBE_DISCOVERY_H

/*
 * What the API server offers: its version, and of the groups that are asked for the resources. A
 * resource that is offered exists; which fields it has only the version tells (pods have
 * spec.schedulingGates since 1.27 and appArmorProfile since 1.30, as betas that are on), and a
 * feature gate may have switched one off.
 */

#include "operator/kube/kube_request.h"

struct kube_discovery;

/*
 * Asks; @group_versions ends with a NULL. @done gets what there is, its own until
 * kube_discovery_free(), or NULL with an error. A group version that the server does not have is
 * none.
 */
struct kube_discovery_call;
struct kube_discovery_call *kube_discovery_ask(struct kube_client *c,
	const char *const *group_versions,
	void (*done)(void *ctx, struct kube_discovery *found, const struct pale_err *err),
	void *ctx);
/* Without `done`. */
void kube_discovery_cancel(struct kube_discovery_call *call);

/* "admissionregistration.k8s.io/v1", "validatingadmissionpolicies"; "v1",
 * "pods/ephemeralcontainers".
 * @group_version must have been asked for. */
bool kube_discovery_offers(
	const struct kube_discovery *d, const char *group_version, const char *resource);
/* 1.30 and later, as @major, @minor: 1, 30. */
bool kube_discovery_is_since(
	const struct kube_discovery *d, unsigned int major, unsigned int minor);
/* "v1.20.2" */
const char *kube_discovery_version(const struct kube_discovery *d);
void kube_discovery_free(struct kube_discovery *d);

/* Of the answers: /version, and the APIResourceList of each group version in an object of them by
 * their names. For tests; takes over @version and @lists. */
struct kube_discovery *kube_discovery_new(json_t *version, json_t *lists);

#endif
