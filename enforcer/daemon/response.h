/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RESPONSE_H
#define PALE_RESPONSE_H

/*
 * What the node's configuration has done about violations: a process killed, a container killed or
 * frozen. What was done, and what could not be, is an event of kind "response" with its cause. Only
 * what is reported counts: not what is throttled, a candidate among rules, refused by the
 * container's own configuration or although the policy allows it, or let pass by an exception.
 */

#include "enforcer/daemon/daemon.h"

/* Of one container; more are counted, and told with the next one. Whoever makes violations as fast
 * as it can takes no more of the daemon's time. */
#define RESPONSES_A_SECOND 20u

/* @v happened in @c, and @event is what was told of it. A container that is to be killed or frozen
 * is asked for at once; how that went is told when it is known, after a second at the latest. */
void response_take(
	struct daemon *d, struct container *c, const struct violation *v, const json_t *event);

/* After the configuration was read, also for the first time: counts begin anew, and rules that no
 * profile has are told. After the profiles were. */
void response_configure(struct daemon *d);

/* -EINVAL: it is not frozen. @uid: who asked. */
int response_thaw(struct daemon *d, struct container *c, uid_t uid, struct pale_err **err);

/* At times: containers that others let go. */
void response_sweep(struct daemon *d);

/* What is under way for it is told as it stands. Before a container is freed. */
void response_forget(struct daemon *d, const struct container *c);
void response_release(struct daemon *d);

/* Its counts; takes NULL. */
void response_counts_free(struct response_counts *r);

#endif
