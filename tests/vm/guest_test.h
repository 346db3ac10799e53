/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_GUEST_TEST_H
#define PALE_TESTS_GUEST_TEST_H

/* How the guest's test programs give up, and their cgroups. */

#include "compiler/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static void check_err(int r, struct pale_err **err)
{
	if (r >= 0)
		return;
	printf("Bail out! %s\n", pale_err_text(*err));
	exit(1);
}

static int new_cgroup(char *path, size_t size)
{
	static int n;
	int fd;

	snprintf(path, size, "/sys/fs/cgroup/lsm-%d", n++);
	if (mkdir(path, 0755) < 0)
		die(path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		die(path);
	return fd;
}

static void remove_cgroup(const char *path)
{
	char kill_path[128];
	int fd;

	snprintf(kill_path, sizeof(kill_path), "%s/cgroup.kill", path);
	fd = open(kill_path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (write(fd, "1", 1) != 1)
			die(kill_path);
		close(fd);
	}
	for (int i = 0; i < 100 && rmdir(path) < 0; i++)
		usleep(10000);
}

#endif
