/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/response_target.h"

#include "compiler/base/cleanup.h"
#include "enforcer/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* How Pale's own programs are called by the profiles that come with them. */
static const char *const own_profiles[] = { "paled", "pale-export", "pale-operator" };

/* pid namespaces nest 32 deep (pid_namespaces(7)). */
#define NAMESPACES_MAX 33
#define ANCESTORS_MAX  256

static int open_namespace(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool same_namespace(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* Whether @pid is in the pid namespace of @of, or in one below. */
static bool is_below_namespace(pid_t pid, int of)
{
	_cleanup_close_ int at = open_namespace(pid);

	for (int i = 0; i < NAMESPACES_MAX && at >= 0; i++) {
		int parent;

		if (same_namespace(at, of))
			return true;
		/* EPERM: the parent is outside what may be seen from here. */
		parent = ioctl(at, NS_GET_PARENT);
		close(at);
		at = parent;
	}
	return false;
}

/* This process and what it descends from, looked up once for a group of many. */
struct ancestry {
	pid_t v[ANCESTORS_MAX];
	size_t n;
};

static void find_ancestry(struct ancestry *a)
{
	pid_t at = getpid();

	a->n = 0;
	while (at > 0 && a->n < ANCESTORS_MAX) {
		a->v[a->n++] = at;
		if (proc_parent(at, &at) < 0)
			break;
	}
}

static bool is_among(const struct ancestry *a, pid_t pid)
{
	for (size_t i = 0; i < a->n; i++) {
		if (a->v[i] == pid)
			return true;
	}
	return false;
}

const char *response_spares(const struct container *c, pid_t pid)
{
	struct containers one = { .v = (struct container *[]){ (struct container *)c }, .n = 1 };
	_cleanup_close_ int namespace = -1;
	struct ancestry ours;

	if (pid <= 1)
		return "it is the first process of the machine";
	if (pid == getpid())
		return "it is paled";
	find_ancestry(&ours);
	if (is_among(&ours, pid))
		return "paled descends from it";
	if (!c->cgroup || containers_by_pid(&one, pid) != c)
		return "it is not in the container's cgroup";
	if (!container_is_alive(c))
		return "the container's first process has ended, so that its pid namespace is not "
		       "known";
	namespace = open_namespace(c->pid);
	if (namespace < 0 || !is_below_namespace(pid, namespace))
		return "it is not in the container's pid namespace";
	return NULL;
}

/* When a process started, CLOCK_REALTIME. */
static int started_ns(pid_t pid, uint64_t *ret)
{
	struct timespec real, boot;
	uint64_t ticks;
	int r = proc_start_time(pid, &ticks);

	if (r < 0)
		return r;
	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	*ret = (uint64_t)(real.tv_sec - boot.tv_sec) * 1000000000 + (uint64_t)real.tv_nsec -
	       (uint64_t)boot.tv_nsec + ticks * (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK));
	return 0;
}

/* The two clocks are read one after the other, and events have their time by another way. */
#define CLOCKS_DIFFER_NS 50000000u

static bool has_ended(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, 0) != 0;
}

int response_kill(const struct container *c, pid_t pid, uint64_t time_ns, struct pale_err **err)
{
	_cleanup_close_ int pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
	const char *why;
	uint64_t started;

	if (pid > 0 && pidfd < 0 && errno != ESRCH && errno != EINVAL)
		return pale_err_set(err, errno, "open process %d", pid);
	if (pidfd < 0 || started_ns(pid, &started) < 0)
		return pale_err_plain(err, ESRCH, "process %d has ended", pid);
	why = response_spares(c, pid);
	/* All that was read was the held process's, if that is there still. */
	if (has_ended(pidfd))
		return pale_err_plain(err, ESRCH, "process %d has ended", pid);
	if (time_ns && started > time_ns + CLOCKS_DIFFER_NS)
		return pale_err_plain(
			err, ESRCH, "process %d has ended, and another has its number", pid);
	if (why)
		return pale_err_plain(err, EPERM, "process %d is spared: %s", pid, why);
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) < 0)
		return pale_err_set(err, errno, "kill process %d", pid);
	return 0;
}

static bool is_named(const char *profile, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(profile, names[i]) == 0)
			return true;
	}
	return false;
}

char *response_protects(const struct container *c, const char *const *protected, uint32_t n)
{
	struct text t = TEXT_INIT;

	if (!c->policy)
		return NULL;
	if (c->policy->sandbox) {
		text_puts(&t, "it is a pod's sandbox");
		return text_take(&t);
	}
	if (!is_named(c->policy->profile, own_profiles,
		    sizeof(own_profiles) / sizeof(*own_profiles)) &&
		!is_named(c->policy->profile, protected, n))
		return NULL;
	text_printf(&t, "profile '%s' is protected", c->policy->profile);
	return text_take(&t);
}

/* What cannot be looked at may be. */
static bool may_be_in(const struct containers *one, pid_t pid)
{
	_cleanup_(text_release) struct text groups = TEXT_INIT;
	int r = proc_read(pid, "cgroup", &groups);

	if (r == -ENOENT || r == -ESRCH)
		return false;
	return r < 0 || containers_by_pid(one, pid);
}

char *response_spares_group(const struct container *c)
{
	struct containers one = { .v = (struct container *[]){ (struct container *)c }, .n = 1 };
	struct text t = TEXT_INIT;
	struct ancestry ours;

	find_ancestry(&ours);
	for (size_t i = 0; i < ours.n; i++) {
		if (!may_be_in(&one, ours.v[i]))
			continue;
		text_printf(
			&t, "process %d is in its cgroup, which is paled, or above it", ours.v[i]);
		return text_take(&t);
	}
	return NULL;
}
