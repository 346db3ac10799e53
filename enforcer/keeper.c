/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/keeper.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REMOVE_TRIES 100

static void let_all_go(struct notified_calls *calls)
{
	struct pollfd p = { .fd = notified_calls_fd(calls), .events = POLLIN };

	notified_calls_let_go(calls);
	for (;;) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;
		const struct notified_call *call;

		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return;
		if (p.revents & (POLLHUP | POLLERR | POLLNVAL))
			return;
		if ((p.revents & POLLIN) && notified_calls_take(calls, &call, &err) > 0)
			notified_calls_answer(calls, 0, &err);
	}
}

/* Its last process may be on its way out still. */
static void remove_group(const struct cgroup *cgroup)
{
	struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };

	for (int i = 0; i < REMOVE_TRIES && rmdir(cgroup->path) < 0 && errno == EBUSY; i++)
		nanosleep(&pause, NULL);
}

static _Noreturn void keep(int parent, struct notified_calls *calls, const struct cgroup *cgroup)
{
	struct pollfd p[] = { { .fd = parent, .events = POLLIN },
		{ .fd = notified_calls_fd(calls), .events = 0 } };
	sigset_t all;

	/* What is meant for the command's process group is not for us. */
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	prctl(PR_SET_NAME, "pale-keeper", 0, 0, 0);
	/* A terminal or pipe that others wait for the end of. */
	for (int fd = 0; fd < 3; fd++)
		if (fd != parent && fd != p[1].fd)
			close(fd);
	while (!p[0].revents && !p[1].revents)
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			break;
	if (p[0].revents)
		let_all_go(calls);
	if (p[0].revents && cgroup)
		remove_group(cgroup);
	_exit(0);
}

int keeper_start(struct notified_calls *calls, const struct cgroup *cgroup, pid_t *ret,
	struct pale_err **err)
{
	_cleanup_close_ int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	long pid;

	if (self < 0)
		return pale_err_set(err, errno, "pidfd_open");
	fflush(NULL);
	/* As fork(), but without a signal at its end: then waitpid(2) passes it over. */
	pid = syscall(SYS_clone, 0, NULL, NULL, NULL, NULL);
	if (pid == 0)
		keep(self, calls, cgroup);
	if (pid < 0)
		return pale_err_set(err, errno, "start the keeper");
	*ret = (pid_t)pid;
	return 0;
}

void keeper_stop(pid_t keeper)
{
	if (keeper <= 0)
		return;
	kill(keeper, SIGKILL);
	waitpid(keeper, NULL, __WCLONE);
}
