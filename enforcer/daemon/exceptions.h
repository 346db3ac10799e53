/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EXCEPTIONS_H
#define PALE_EXCEPTIONS_H

/*
 * Expiring exceptions: for one container, and until a time, a rule that refuses reports instead, or
 * a rule is added that allows and reports. The container is under a policy that is derived from its
 * own (compiler/exception.h) and exchanged while it runs, which is possible only where nothing but
 * BPF-LSM decides otherwise, live_update.h. Its own policy comes back by itself.
 *
 * Each is an event when it is granted, used for the first time, removed and expired
 * ("exception-granted" …), and what it lets pass is reported with the member `exception`. They are
 * kept with the container, so that a daemon that starts later ends them, too.
 */

#include "enforcer/daemon/daemon.h"

/* So that what is meant for a while does not stay. */
#define EXCEPTION_DAYS_MAX 30
/* Of one container. */
#define EXCEPTIONS_MAX 64

struct exception_request {
	/*
	 * "FILE:LINE" or "PROFILE:LINE" of a rule that refuses; its text; or the text of a rule
	 * with allow or audit, to be added.
	 */
	const char *rule;
	const char *in;	   /* the sub-profile that the text is for; NULL: the profile itself */
	uint64_t until_ns; /* CLOCK_REALTIME */
	uid_t uid;	   /* who asks */
};

/*
 * Its number within the container in *ret. All or nothing is done. -EINVAL: no such rule, or a time
 * that will not do; -EOPNOTSUPP: another mechanism would refuse all the same, or the policy refuses
 * nothing.
 */
int exceptions_grant(struct daemon *d, struct container *c, const struct exception_request *request,
	uint32_t *ret, struct pale_err **err);

/* By its number, or by the rule as it was asked for. -ENOENT. */
int exceptions_remove(
	struct daemon *d, struct container *c, const char *which, uid_t uid, struct pale_err **err);

/* If an exception let @v pass, says so in its @event, and counts it. */
void exceptions_note(
	struct daemon *d, struct container *c, const struct violation *v, json_t *event);

/* An array of objects, as pale-protocol(7) has it; NULL: there are none. */
json_t *exceptions_json(const struct container *c);
size_t exceptions_count(const struct container *c);

/* Its own policy, without exceptions; borrowed. */
struct node_policy *exceptions_own_policy(const struct container *c);

/* Into the container's file, and from it: with the container's own policy in ->policy, before its
 * instance is adopted, which is under the derived one. */
void exceptions_keep(const struct container *c, json_t *kept);
int exceptions_restore(struct container *c, const json_t *kept, struct pale_err **err);

/* Waits for the next that expires; those whose time is past expire at once. */
void exceptions_wait(struct daemon *d);

/* Takes NULL. */
void exceptions_free(struct exceptions *e);

#endif
