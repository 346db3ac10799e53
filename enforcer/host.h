/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_HOST_H
#define PALE_HOST_H

/* Which mechanisms this kernel offers to this user, and why not the others. */

#include "compiler/coverage.h"
#include "enforcer/cgroup.h"

struct host {
	mechanisms available;
	struct pale_err *why_not[MECHANISM_COUNT]; /* of those that are not; NULL otherwise */
	unsigned int landlock_abi;
	cgroup_controllers controllers; /* of the unified hierarchy */
	bool cgroup_writable;		/* a group can be made */
	char *cgroup_mount;		/* or NULL */
	char *absent_hooks; /* of BPF-LSM's optional ones, with ", " between them; or NULL */
};

/* Tries things out: seccomp and Landlock by asking, BPF-LSM by loading a program. */
void host_probe(struct host *h);
void host_release(struct host *h);

/*
 * What to use for @p when nothing is asked for: both security modules with a cgroup where BPF-LSM
 * works, otherwise Landlock; seccomp and limits always. AppArmor, which is asked before BPF-LSM, is
 * left out where it would refuse what the policy wants killed or failed with an errno of its own.
 */
mechanisms host_default(const struct host *h, const struct policy *p);

#endif
