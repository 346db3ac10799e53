/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LOAD_LANDLOCK_H
#define PALE_LOAD_LANDLOCK_H

#include "compiler/base/error.h"
#include "compiler/emit_landlock.h"

/* Lines for people. */
struct landlock_remarks {
	char **v;
	uint32_t n, cap;
};

/* What a ruleset made of the rules' paths, where that is not what they say. */
struct landlock_omissions {
	/* Left out: "/srv/x: not there, so nothing of it is granted". Less is granted. */
	struct landlock_remarks missing;
	/* Files with more than one name. Landlock knows files by identity, so what is granted by
	 * one name is by all, also by those that the policy refuses. More is granted. */
	struct landlock_remarks linked;
};

void landlock_omissions_release(struct landlock_omissions *o);

/* The kernel's ABI, 1 or more. -ENOSYS: not built in; -EOPNOTSUPP: not among the active LSMs; both
 * with a hint. */
int landlock_supported(struct pale_err **err);

/*
 * Makes a ruleset of @l, whose ABI must not be above the kernel's. Paths are opened below @root_fd
 * (a directory, O_PATH will do), never through a symbolic link, since those grant nothing. A path
 * that is missing, out of reach or of the other kind (a directory where a file was meant) is
 * omitted and told. @o may be NULL. *@ret_fd is for landlock_enter() or landlock_restrict_self(2).
 * -ENOMSG for rules that handle nothing (mode audit): there is nothing to load.
 */
int landlock_load(const struct landlock_rules *l, int root_fd, struct landlock_omissions *o,
	int *ret_fd, struct pale_err **err);

/* Sets no_new_privs and puts the calling thread into the domain, for good. Async-signal-safe.
 * A negative errno on failure. */
int landlock_enter(int ruleset_fd);

#endif
