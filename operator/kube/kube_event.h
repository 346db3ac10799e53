/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_KUBE_EVENT_H
#define PALE_KUBE_EVENT_H

/*
 * Events of objects (v1), as `kubectl describe` shows them. The same one again is counted in the
 * one that is there: it is sent at once when it is new, and its count at most every period from
 * then on, so that a flood costs few requests. Of one object and reason no more than ten texts
 * stand for themselves; further ones are told together, as the last one. Counts are never left out,
 * but for those that the server does not take.
 */

#include "operator/kube/kube_request.h"

struct kube_events;

struct kube_events_spec {
	const char *component; /* "pale-controller" */
	const char *host;      /* the node, or NULL */
	uint64_t period_us;    /* 0: 10 s */
	/* An event was not taken, and @count are not told; NULL: nobody asks. */
	void (*lost)(void *ctx, const struct pale_err *err, uint32_t count);
	void *ctx;
};

/* Strings are copied. */
struct kube_events *kube_events_new(struct kube_client *c, const struct kube_events_spec *spec);
/* What was counted and not sent yet is lost. Before kube_client_free(). */
void kube_events_free(struct kube_events *e);

struct kube_event {
	/* An ObjectReference: apiVersion, kind, name; namespace, uid and fieldPath where there are.
	 */
	const json_t *object;
	const char *reason;  /* "ProfileRejected" */
	const char *message; /* for people; cut at a kilobyte */
	bool warning;
};

void kube_event(struct kube_events *e, const struct kube_event *event);

#endif
