/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_KUBE_LEASE_RECORD_H
#define PALE_KUBE_LEASE_RECORD_H

/*
 * What a Lease (coordination.k8s.io/v1) says and whether it may be taken. Clocks of other machines
 * are never compared with ours: a lease has run out when it was seen unchanged, by our clock, for
 * as long as it says that it lasts.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct kube_lease_times {
	uint64_t duration_us; /* others wait so long before they take it */
	uint64_t deadline_us; /* the holder gives up when it could not renew for so long */
	uint64_t retry_us;
};

#define KUBE_LEASE_TIMES                                                                           \
	(struct kube_lease_times)                                                                  \
	{                                                                                          \
		.duration_us = 15000000, .deadline_us = 10000000, .retry_us = 2000000              \
	}

/* A lease as it was last seen. */
struct kube_lease_record {
	json_t *lease;	  /* NULL: never, or there is none */
	uint64_t seen_us; /* when it was first seen so, CLOCK_BOOTTIME */
};

/* @lease is what the server has sent, which is here at @now_us: it may have been renewed while it
 * was asked for. NULL: there is none. */
void kube_lease_record_see(struct kube_lease_record *r, const json_t *lease, uint64_t now_us);
void kube_lease_record_release(struct kube_lease_record *r);
/* "" when nobody holds it. */
const char *kube_lease_record_holder(const struct kube_lease_record *r);
/* Nobody holds it, @identity does, or it has run out at @now_us. */
bool kube_lease_record_is_free(
	const struct kube_lease_record *r, const char *identity, uint64_t now_us);
/*
 * The lease to be written, a new reference: held by @identity as of @now_us of CLOCK_REALTIME, or
 * with @identity "" given back. With the resourceVersion that was seen, so that the server takes
 * it from one of several only.
 */
json_t *kube_lease_record_taken(const struct kube_lease_record *r, const char *namespace,
	const char *name, const char *identity, uint64_t duration_us, uint64_t now_us);

#endif
