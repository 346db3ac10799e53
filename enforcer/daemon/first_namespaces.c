/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/first_namespaces.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *name; /* in /proc/PID/ns */
	int type;
} joined[] = {
	{ "cgroup", CLONE_NEWCGROUP },
	{ "net", CLONE_NEWNET },
};

static int join(const char *name, int type, struct pale_err **err)
{
	_cleanup_close_ int first = -1;
	struct stat theirs, own;
	char path[32];

	snprintf(path, sizeof(path), "/proc/1/ns/%s", name);
	first = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	if (first < 0 || fstat(first, &theirs) < 0 || stat(path, &own) < 0)
		return 0;
	if (theirs.st_dev == own.st_dev && theirs.st_ino == own.st_ino)
		return 0;
	return setns(first, type) < 0
		       ? pale_err_set(err, errno, "join the first process's %s namespace", name)
		       : 0;
}

int first_namespaces_join(struct pale_err **err)
{
	int r = 0;

	for (size_t i = 0; i < sizeof(joined) / sizeof(*joined) && r >= 0; i++)
		r = join(joined[i].name, joined[i].type, err);
	return r;
}
