/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_KUBE_STATUS_H
#define PALE_KUBE_STATUS_H

/* What the API server says when it refuses: metav1.Status, in an answer's body or in an ERROR event
 * of a watch. */

#include "compiler/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct kube_status {
	long code;	 /* HTTP's; of an event, Status.code */
	char reason[48]; /* "Conflict", "AlreadyExists", "Expired", …; "" when none was given */
	uint64_t retry_after_us; /* details.retryAfterSeconds; 0: none */
};

/*
 * Always fails, with the server's reason and message, escaped. @code is HTTP's, or 0 where
 * Status.code is all there is; @body what the server sent, which may be anything, or NULL. The
 * errno says what a caller may do: ENOENT (404), EEXIST (AlreadyExists), EAGAIN (Conflict), ESTALE
 * (410), EACCES (401), EPERM (403), EINVAL (400 and 422), EBUSY (429), ETIMEDOUT (504), EIO for
 * others.
 */
int kube_status_fail(long code, const json_t *body, struct kube_status *ret, struct pale_err **err);
/* 410, under any of its reasons: the version asked for is no longer kept. */
bool kube_status_is_expired(const struct kube_status *s);

#endif
