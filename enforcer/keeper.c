/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/keeper.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REMOVE_TRIES 3000 /* half a minute: many processes may be on their way out */
/* So long one call is looked at at most. */
#define LOOK_MS	  500
#define LOOKS	  4
#define RESCUE_MS 100

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

/* By a signal or a debugger: then it is meant to wait. */
static bool is_stopped(pid_t pid)
{
	char name[32], line[512];
	_cleanup_fclose_ FILE *f = NULL;
	const char *end;

	snprintf(name, sizeof(name), "/proc/%d/stat", pid);
	f = fopen(name, "re");
	end = f && fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	return !end || !strncmp(end, ") T", 3) || !strncmp(end, ") t", 3);
}

/*
 * The observer waits for what the command itself has to supply, and cannot as its calls wait for
 * the observer: files of a FUSE server in it, memory under userfaultfd(2). Until it comes back all
 * go on unseen.
 */
static void rescue(struct notified_calls *calls, uint64_t held)
{
	_cleanup_(notified_calls_freep) struct notified_calls *own = NULL;
	_cleanup_(pale_err_freep) struct pale_err *unused = NULL;
	const struct notified_call *call;

	notified_calls_let_go(calls);
	notified_calls_add_unseen(calls, 1);
	if (notified_calls_new(dup(notified_calls_fd(calls)), &own, &unused) < 0)
		return;
	while (notified_calls_held(calls) == held) {
		struct pollfd p = { .fd = notified_calls_fd(own), .events = POLLIN };

		if (poll(&p, 1, RESCUE_MS) <= 0)
			continue;
		if (!(p.revents & POLLIN))
			return;
		/* What it takes the observer does not see. */
		notified_calls_add_unseen(calls, 1);
		if (notified_calls_take(own, &call, &unused) > 0)
			notified_calls_answer(own, 0, &unused);
	}
}

struct watch {
	pid_t pid; /* the observer's */
	uint64_t held;
	unsigned looks;
};

static void look(struct watch *w, struct notified_calls *calls)
{
	uint64_t held = notified_calls_held(calls);

	w->looks = held && held == w->held ? w->looks + 1 : 0;
	w->held = held;
	if (w->looks < LOOKS || is_stopped(w->pid))
		return;
	rescue(calls, held);
	w->looks = 0;
}

/* Its last process may be on its way out still. */
static void remove_group(const struct cgroup *cgroup)
{
	struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };

	for (int i = 0; i < REMOVE_TRIES && rmdir(cgroup->path) < 0 && errno == EBUSY; i++)
		nanosleep(&pause, NULL);
}

static void close_others(int a, int b)
{
	unsigned int low = (unsigned)(a < b ? a : b), high = (unsigned)(a < b ? b : a);

	if (low)
		close_range(0, low - 1, 0);
	if (low + 1 < high)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0U, 0);
}

/*
 * What is meant for the command's process group is not for us, nor what else than @a and @b is open
 * here: a terminal or pipe that others wait for the end of, the kernel's programs, which stay
 * attached as long.
 */
static void stand_apart(int a, int b)
{
	sigset_t all;

	close_others(a, b);
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	prctl(PR_SET_NAME, "pale-keeper", 0, 0, 0);
}

static bool is_populated(int events)
{
	char text[256];
	ssize_t n = pread(events, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = 0;
	return strstr(text, "populated 1");
}

static _Noreturn void keep_group(int parent, const struct cgroup *cgroup)
{
	int events = openat(cgroup->fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	struct pollfd p = { .fd = parent, .events = POLLIN };

	if (events < 0)
		_exit(1);
	stand_apart(parent, events);
	while (poll(&p, 1, -1) <= 0)
		;
	p = (struct pollfd){ .fd = events, .events = POLLPRI };
	while (is_populated(events))
		poll(&p, 1, LOOK_MS);
	remove_group(cgroup);
	_exit(0);
}

static _Noreturn void keep(
	int parent, pid_t pid, struct notified_calls *calls, const struct cgroup *cgroup)
{
	struct watch watch = { .pid = pid };
	struct pollfd p[] = { { .fd = parent, .events = POLLIN },
		{ .fd = notified_calls_fd(calls), .events = 0 } };

	stand_apart(parent, p[1].fd);
	while (!p[0].revents && !p[1].revents) {
		int n = poll(p, 2, LOOK_MS);

		if (n < 0 && errno != EINTR)
			break;
		if (n == 0)
			look(&watch, calls);
	}
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
	pid_t observer = getpid();
	long pid;

	if (self < 0)
		return pale_err_set(err, errno, "pidfd_open");
	fflush(NULL);
	/* As fork(), but without a signal at its end: then waitpid(2) passes it over. */
	pid = syscall(SYS_clone, 0, NULL, NULL, NULL, NULL);
	if (pid == 0 && !calls)
		keep_group(self, cgroup);
	if (pid == 0)
		keep(self, observer, calls, cgroup);
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
