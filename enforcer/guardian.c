/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/guardian.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static _Noreturn void watch(int parent, int kill_fd)
{
	struct pollfd p = { .fd = parent, .events = POLLIN };
	sigset_t all;

	/* What is meant for the command's process group is not for us. */
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	prctl(PR_SET_NAME, "pale-guardian", 0, 0, 0);
	/* A terminal or pipe that others wait for the end of. */
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
	while (write(kill_fd, "1", 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

int guardian_start(int cgroup_fd, pid_t *ret, struct pale_err **err)
{
	_cleanup_close_ int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	/* Linux 5.14 */
	_cleanup_close_ int kill_fd = openat(cgroup_fd, "cgroup.kill", O_WRONLY | O_CLOEXEC);
	long pid;

	if (self < 0)
		return pale_err_set(err, errno, "pidfd_open");
	if (kill_fd < 0)
		return pale_err_set(err, errno, "open cgroup.kill");
	fflush(NULL);
	/* As fork(), but without a signal at its end: then waitpid(2) passes it over. */
	pid = syscall(SYS_clone, 0, NULL, NULL, NULL, NULL);
	if (pid == 0)
		watch(self, kill_fd);
	if (pid < 0)
		return pale_err_set(err, errno, "start the guardian");
	*ret = (pid_t)pid;
	return 0;
}

void guardian_stop(pid_t guardian)
{
	if (guardian <= 0)
		return;
	kill(guardian, SIGKILL);
	waitpid(guardian, NULL, __WCLONE);
}
