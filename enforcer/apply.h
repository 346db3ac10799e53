/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_APPLY_H
#define PALE_APPLY_H

/* All mechanisms of one run together: all of them are loaded, or none is. */

#include "compiler/base/text.h"
#include "compiler/coverage.h"
#include "compiler/emit_landlock.h"
#include "compiler/emit_seccomp.h"
#include "enforcer/cgroup.h"
#include "enforcer/host.h"
#include "enforcer/launch.h"
#include "enforcer/limits.h"
#include "enforcer/load_landlock.h"
#include "enforcer/load_lsm.h"

struct enforcement {
	const struct policy *policy;
	mechanisms used;
	bool audit;	   /* nothing is refused */
	uint64_t start_ns; /* CLOCK_REALTIME; what is changed later is drift */
	struct coverage *coverage;
	/*
	 * The lowest descriptors that were free before anything was loaded, kept for what launch()
	 * makes: the seccomp listener comes to be in a process whose limit of open files is already
	 * the command's.
	 */
	int low_fds[2];
	struct limits limits;
	struct cgroup *cgroup; /* or NULL */

	struct seccomp_program *seccomp; /* NULL: no filter */
	struct sock_fprog filter;	 /* of @seccomp */
	struct landlock_rules *landlock; /* NULL: no ruleset */
	int landlock_fd;
	struct landlock_omissions omissions; /* what is not there to be granted */

	struct text lsm_blob;
	struct lsm *lsm; /* NULL: not used, or not loaded yet */
	uint32_t lsm_instance;
	pid_t guardian; /* of @lsm; 0: none */

	struct text apparmor;	      /* the profile's text */
	const char *apparmor_profile; /* NULL: not used */
	int apparmor_lock;	      /* profile_lock.h; -1: not loaded */
};

/*
 * Compiles the policy for the mechanisms @used, which @host must have, proves what was compiled,
 * and records what each makes of every rule. Makes the cgroup, to see what it can do; loads
 * nothing.
 */
int enforcement_new(const struct policy *p, const struct host *host, mechanisms used,
	struct enforcement **ret, struct pale_err **err);

/* Loads what is loaded before the process starts. On failure nothing stays loaded. */
int enforcement_load(struct enforcement *e, struct pale_err **err);

/* Frees ->low_fds, just before launch(). */
void enforcement_give_low_fds(struct enforcement *e);
/* Fills in what confines the child; borrows from @e. */
void enforcement_launch(const struct enforcement *e, struct launch *ret);

/* Unloads and removes everything; call it when no process is left. Takes NULL. */
void enforcement_free(struct enforcement *e);
void enforcement_freep(struct enforcement **e);

#endif
