/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_LSM_ACTOR_H
#define PALE_TESTS_LSM_ACTOR_H

/* What the parts of lsm_actor.c have in common. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/netlink.h>
#include <linux/sctp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>

static char **args;
static char nothing[] = "nothing";

/* What must go well for the thing itself to be tried. */
static int must_be(int r, const char *what)
{
	if (r < 0) {
		fprintf(stderr, "lsm_actor: %s: %s\n", what, strerror(errno));
		exit(255);
	}
	return r;
}
#define must(expression) must_be((int)(expression), #expression)

static int result(long r)
{
	return r < 0 ? errno : 0;
}

#endif
