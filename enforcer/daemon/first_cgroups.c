/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/first_cgroups.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

int first_cgroups_join(struct pale_err **err)
{
	_cleanup_close_ int first = open("/proc/1/ns/cgroup", O_RDONLY | O_CLOEXEC);
	struct stat theirs, own;

	if (first < 0 || fstat(first, &theirs) < 0 || stat("/proc/self/ns/cgroup", &own) < 0)
		return 0;
	if (theirs.st_dev == own.st_dev && theirs.st_ino == own.st_ino)
		return 0;
	return setns(first, CLONE_NEWCGROUP) < 0
		       ? pale_err_set(err, errno, "join the first process's cgroup namespace")
		       : 0;
}
