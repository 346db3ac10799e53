/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_KUBE_LEASE_H
#define PALE_KUBE_LEASE_H

/*
 * One of several is the leader: who holds a Lease. It is taken by an optimistic update, so that of
 * two that try one is refused, and renewed every retry_us. Who could not renew it for deadline_us,
 * counted from when the last renewal was sent, is no leader any more and is told so before anybody
 * else may take it, duration_us after. What a leader has sent by then may still be done: its
 * requests should time out within duration_us - deadline_us.
 */

#include "operator/kube/kube_lease_record.h"
#include "operator/kube/kube_request.h"

struct kube_lease;

struct kube_lease_spec {
	const char *namespace, *name;
	const char *identity; /* one of each process's own: "HOST_UID" */
	struct kube_lease_times times;
	/* It is ours; and not any more. Lost it is tried for again. */
	void (*taken)(void *ctx);
	void (*lost)(void *ctx);
	/* What went wrong with an attempt, for a log; NULL: nobody asks. */
	void (*failed)(void *ctx, const struct pale_err *err);
	void *ctx;
};

/* Strings are copied. Begins in the loop. */
struct kube_lease *kube_lease_new(struct kube_client *c, const struct kube_lease_spec *spec);
bool kube_lease_is_ours(const struct kube_lease *l);
/* Who holds it, as far as was seen; "" nobody. */
const char *kube_lease_holder(const struct kube_lease *l);
/*
 * Gives it back, so that nobody waits for it to run out, and stops. `lost` is not called; @done is,
 * when the server has it or does not take it. The lease is then still to be freed, not by @done.
 * The handlers may do it, too.
 */
void kube_lease_give_back(struct kube_lease *l, void (*done)(void *ctx));
/* Stops; others wait until it runs out. Not by the handlers. Before kube_client_free(). */
void kube_lease_free(struct kube_lease *l);

#endif
