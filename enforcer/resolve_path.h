/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RESOLVE_PATH_H
#define PALE_RESOLVE_PATH_H

/*
 * A path as the kernel resolves it for another process: from that process's root, working directory
 * or descriptor, with its /proc/self. What comes out is what policies are matched against: absolute
 * in the mount namespace, no symbolic link in it, a directory with its '/' at the end, /proc/PID of
 * the process itself as /proc/self.
 *
 * The answer is that of this moment: another process may move a directory before the kernel looks
 * again. It names things; it enforces nothing.
 */

#include "compiler/base/text.h"
#include "enforcer/process.h"

#include <stdbool.h>
#include <sys/stat.h>

enum resolve_how {
	RESOLVE_PATH_FOLLOW,   /* what it leads to must exist */
	RESOLVE_PATH_NOFOLLOW, /* a last component that is a symbolic link is itself meant */
	/* The parent must exist; the last component is taken as it is: unlink, mkdir, rename … */
	RESOLVE_PATH_ENTRY,
	/* As O_CREAT does: like FOLLOW, but what the last link leads to need not exist. */
	RESOLVE_PATH_CREATE,
};

struct resolved_path {
	bool exists;
	/*
	 * Whether it has a path at all: not when it was unlinked, or is a memfd. @path is empty
	 * then.
	 */
	bool has_path;
	struct text path;
	struct stat st; /* when it exists */
	int fd;		/* O_PATH, when it exists; -1 otherwise */
};

#define RESOLVED_PATH_INIT                                                                         \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/*
 * @dirfd and @path as the process gave them to a call of the *at family; an empty path is @dirfd
 * itself. @in_root: absolute paths and ".." stay beneath @dirfd (openat2's RESOLVE_IN_ROOT). 0 or
 * what the call would fail with: -ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG …; or -EPERM, -EACCES,
 * -ESRCH when the process cannot be looked at.
 */
int resolve_path(const struct process *p, int dirfd, const char *path, enum resolve_how how,
	bool in_root, struct resolved_path *ret);
/* What @fd, a descriptor of this process, is open on, as @p's. Takes @fd, on failure too. */
int resolve_descriptor(const struct process *p, int fd, struct resolved_path *ret);
void resolved_path_release(struct resolved_path *r);

#endif
