/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CREDENTIALS_H
#define PALE_CREDENTIALS_H

/*
 * What the kernel goes by when it asks, beside any policy, whether a process may do something: its
 * users, groups and capabilities, as /proc tells them (proc_pid_status(5)).
 */

#include "enforcer/process.h"

#include <sys/stat.h>

struct credentials {
	uid_t uid[4]; /* real, effective, saved, filesystem's */
	gid_t gid[4];
	gid_t *groups;
	size_t n_groups;
	uint64_t effective; /* capabilities, bit (number) */
	/* In a user namespace that is not this process's, where its capabilities mean less. */
	bool elsewhere;
	/* Where its files are for us: "", "/proc/TID/root" when its mount namespace is another one.
	 */
	char root[32];
	bool hidden; /* they are nowhere: it has another root there, too */
};

/* 0 or a negative errno. Release @ret either way. */
int credentials_read(const struct process *p, struct credentials *ret);
void credentials_release(struct credentials *c);
/* lstat(2) of a path as resolve_path.h has it; what is hidden is not there (ENOENT). */
int credentials_lstat(const struct credentials *c, const char *path, struct stat *ret);
bool credentials_in_group(const struct credentials *c, gid_t gid);

#define MAY_EXEC  1
#define MAY_WRITE 2
#define MAY_READ  4

enum permission {
	PERMISSION_GIVEN,
	PERMISSION_REFUSED, /* the kernel will refuse it, whatever a policy says */
	PERMISSION_BY_CAPABILITY,
};

/*
 * Whether the file at @path, as this process sees it, lets them do @may (MAY_ bits), and all
 * folders above it let them pass; the answer to acl(5) lists, which are not read, is that they do.
 * @ret_used gets the bit of each capability that was needed, in the order that the kernel asks for
 * them (fs/namei.c, generic_permission()). What cannot be looked at is taken as given.
 */
enum permission credentials_permit(
	const struct credentials *c, const char *path, int may, uint64_t *ret_used);

#endif
