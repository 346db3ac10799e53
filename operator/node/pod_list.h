/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_NODE_POD_LIST_H
#define PALE_NODE_POD_LIST_H

/*
 * The pods of this node, as the API server tells them, beside the containers that paled tells:
 * which container that is meant to have a policy runs without one, and who owns which.
 *
 * Meant is a container whose pod's annotations name a profile for it. It runs unconfined when
 * paled's `ps` has it as such (it looks at every process of the node), and also when that does not
 * have it at all for POD_MISSING_MS: paled is told of a container before it starts, so that one
 * that is just being started is known. Once it was seen under a policy nothing is said of it.
 *
 * Not meant are what the webhook leaves as it is (operator/webhook/admission.h): pods of
 * kube-system and of Pale's own namespace, and mirrors of static pods, which have the kubelet's
 * annotation and a Node for their owner. What is recorded instead names no profile, or paled would
 * refuse it.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POD_MISSING_MS 3000

struct pod_list_container {
	char *name, *id; /* as paled has it, without "containerd://" */
	bool running, meant;
	bool registered;    /* paled has it, or had */
	bool unconfined;    /* it was told of */
	bool described;	    /* paled was told its owner */
	int64_t missing_ms; /* since when it runs and paled does not have it; 0: it does not */
	char *restart_told; /* why it needs a restart, if that was told; the caller's */
};

struct pod_list_pod {
	char *namespace, *name, *uid;
	char *owner; /* "Deployment/web"; NULL: nobody */
	struct pod_list_container *v;
	size_t n;
};

struct pod_list {
	const char *own_namespace;
	struct pod_list_pod **v;
	size_t n;
};

void pod_list_release(struct pod_list *l);

void pod_list_put(struct pod_list *l, const json_t *pod);
void pod_list_gone(struct pod_list *l, const char *uid);

/* Whether paled's `ps` has to be asked, since something runs of which it is not known how. */
bool pod_list_needs_ps(const struct pod_list *l);
/* The answer, at @now_ms of any clock that only goes on. @unconfined is told of each container that
 * was found to be so, once. */
void pod_list_take_ps(struct pod_list *l, const json_t *answer, int64_t now_ms,
	void (*unconfined)(
		void *ctx, const struct pod_list_pod *p, const struct pod_list_container *c),
	void *ctx);
/* That run now. */
uint32_t pod_list_unconfined(const struct pod_list *l);

/* paled was started anew, and knows no owner. */
void pod_list_forget_paled(struct pod_list *l);
/* `describe` of one whose owner paled was not told yet, which counts as told; NULL: of none. */
json_t *pod_list_describe(struct pod_list *l);

/* By uid, or where that is "" by name; NULL: it is not known. */
const struct pod_list_pod *pod_list_find(
	const struct pod_list *l, const char *namespace, const char *name, const char *uid);
/* By its id. @pod may be NULL. */
struct pod_list_container *pod_list_container(
	const struct pod_list *l, const char *id, const struct pod_list_pod **pod);

/* An ObjectReference of the pod, or of its container (NULL: of the pod). */
json_t *pod_reference(
	const char *namespace, const char *name, const char *uid, const char *container);

#endif
