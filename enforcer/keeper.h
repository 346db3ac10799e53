/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_KEEPER_H
#define PALE_KEEPER_H

/*
 * A small process that lets a command's stopped calls go on when the one that looks at them was
 * killed. Without it they would fail with ENOSYS (seccomp_unotify(2)).
 *
 * While that one lives it looks after it: when one call keeps it for two seconds, that call and all
 * that come meanwhile go on unseen, and are counted (notified_calls_unseen()). It ends with the
 * last process of the command. Who kills it as well has the calls fail: nothing that is
 * unprivileged helps against that.
 */

#include "enforcer/cgroup.h"
#include "enforcer/notified_calls.h"

/* Of this process, beside it. Then it removes the group @cgroup, too, or NULL. With @calls NULL
 * that is all that it is for. *@ret is to be stopped. */
int keeper_start(struct notified_calls *calls, const struct cgroup *cgroup, pid_t *ret,
	struct pale_err **err);
/* Takes 0. */
void keeper_stop(pid_t keeper);

#endif
