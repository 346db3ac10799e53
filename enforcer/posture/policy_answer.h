/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POSTURE_POLICY_ANSWER_H
#define PALE_POSTURE_POLICY_ANSWER_H

/* What a policy says of what an attacker in its container would try: decide() is asked. */

#include "compiler/base/text.h"
#include "compiler/decide.h"

#include <stdbool.h>

/* A connection by TCP to a literal IPv4 or IPv6 address; false: it is none. */
bool policy_request_connect(const char *address, uint16_t port, struct request *ret);
/* Borrows @path. */
void policy_request_read(const char *path, struct request *ret);
bool policy_request_capability(const char *name, struct request *ret);

/*
 * Where the token of a service account can be read below the folder in which the kubelet mounts it,
 * up to a NULL: by its name, which is a link, and where that leads (kubelet's AtomicWriter).
 */
extern const char *const policy_token_files[];

/*
 * Whether the profile or any of its sub-profiles may do it: an attacker may come to be in each.
 * Appends who decides to @why, "refused by web.pale:9:15: deny connect tcp *:80". A policy in mode
 * audit lets everything be.
 */
bool policy_lets(const struct policy *p, const struct request *r, struct text *why);

#endif
