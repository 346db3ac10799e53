/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/runtime/child.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child, which shares the caller's memory until it executes. */
static int become(const char *path, char *const *argv, pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return errno;
	if (getppid() != parent)
		return ESRCH;
	execve(path, argv, environ);
	return errno;
}

static int wait_for(pid_t pid, int *status, struct pale_err **err)
{
	int how;

	while (waitpid(pid, &how, 0) < 0)
		if (errno != EINTR)
			return pale_err_set(err, errno, "wait for the runtime");
	*status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
	return 0;
}

int child_run(const char *path, char *const *argv, int *status, struct pale_err **err)
{
	volatile int failed = 0;
	pid_t parent = getpid(), pid;
	int r;

	pid = vfork();
	if (pid < 0)
		return pale_err_set(err, errno, "fork");
	if (pid == 0) {
		failed = become(path, argv, parent);
		_exit(127);
	}
	r = wait_for(pid, status, err);
	if (r < 0)
		return r;
	return failed ? pale_err_set(err, failed, "execute %s", path) : 0;
}
