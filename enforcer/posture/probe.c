/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/posture/probe.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/write_all.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

/* -EHOSTUNREACH: it cannot be reached at all, which is an answer; any other error is none. */
static int begin(const struct probe_target *t)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET, .sin_port = htons(t->port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(t->port) };
	const struct sockaddr *to = (const struct sockaddr *)&in4;
	socklen_t len = sizeof(in4);
	int fd;

	if (inet_pton(AF_INET, t->address, &in4.sin_addr) != 1) {
		if (inet_pton(AF_INET6, t->address, &in6.sin6_addr) != 1)
			return -EHOSTUNREACH;
		to = (const struct sockaddr *)&in6;
		len = sizeof(in6);
	}
	fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* A namespace without that protocol reaches nobody by it. */
	if (fd < 0)
		return errno == EAFNOSUPPORT ? -EHOSTUNREACH : -errno;
	if (connect(fd, to, len) == 0 || errno == EINPROGRESS)
		return fd;
	close(fd);
	return -EHOSTUNREACH;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool was_accepted(int fd)
{
	socklen_t len = sizeof(int);
	int errnum = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &errnum, &len) == 0 && errnum == 0;
}

/* The first error of one that could not be tried. */
static int connect_all(
	const struct probe_target *targets, size_t n, int timeout_ms, bool *ret_reached)
{
	int64_t end = now_ms() + timeout_ms;
	struct pollfd fds[PROBE_TARGETS_MAX];
	size_t waiting = 0;
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		fds[i] = (struct pollfd){ .fd = begin(&targets[i]), .events = POLLOUT };
		waiting += fds[i].fd >= 0;
		if (!r && fds[i].fd < 0 && fds[i].fd != -EHOSTUNREACH)
			r = fds[i].fd;
	}
	while (waiting) {
		int64_t left = end - now_ms();

		if (left <= 0)
			break;
		if (poll(fds, n, (int)left) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		for (size_t i = 0; i < n; i++) {
			if (fds[i].fd < 0 || !fds[i].revents)
				continue;
			ret_reached[i] = was_accepted(fds[i].fd);
			close(fds[i].fd);
			fds[i].fd = -1;
			waiting--;
		}
	}
	return r;
}

/* What the child writes: whether it has come there, an errno, and its answers. */
struct report {
	bool entered;
	int errnum;
	bool reached[PROBE_TARGETS_MAX];
};

static void child(
	int namespace, const struct probe_target *targets, size_t n, int timeout_ms, int to)
{
	struct report report = { 0 };

	report.entered = setns(namespace, CLONE_NEWNET) == 0;
	if (!report.entered)
		report.errnum = errno;
	else
		report.errnum = -connect_all(targets, n, timeout_ms, report.reached);
	_exit(write_all(to, &report, sizeof(report)) < 0 ? 1 : 0);
}

static int read_report(int fd, struct report *ret)
{
	size_t have = 0;

	while (have < sizeof(*ret)) {
		ssize_t n = read(fd, (char *)ret + have, sizeof(*ret) - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		have += (size_t)n;
	}
	return 0;
}

int probe_connect(pid_t pid, const struct probe_target *targets, size_t n, int timeout_ms,
	bool *ret_reached, struct pale_err **err)
{
	_cleanup_close_ int namespace = -1, from = -1, to = -1;
	struct report report;
	char path[64];
	int fds[2], r;
	pid_t probe;

	if (n > PROBE_TARGETS_MAX)
		n = PROBE_TARGETS_MAX;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	namespace = open(path, O_RDONLY | O_CLOEXEC);
	if (namespace < 0)
		return pale_err_set(err, errno, "open %s", path);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return pale_err_set(err, errno, "make a pipe");
	from = fds[0];
	to = fds[1];
	probe = fork();
	if (probe < 0)
		return pale_err_set(err, errno, "fork");
	if (probe == 0)
		child(namespace, targets, n, timeout_ms, to);
	close(to);
	to = -1;
	r = read_report(from, &report);
	while (waitpid(probe, NULL, 0) < 0 && errno == EINTR)
		;
	if (r < 0)
		return pale_err_set(err, -r, "probe from %s", path);
	if (report.errnum)
		return pale_err_set(
			err, report.errnum, report.entered ? "probe from %s" : "enter %s", path);
	memcpy(ret_reached, report.reached, n * sizeof(*ret_reached));
	return 0;
}

void probe_targets_add(struct probe_targets *t, const char *address, uint16_t port)
{
	t->v = reallocarray(t->v, t->n + 1, sizeof(*t->v));
	if (!t->v)
		abort();
	t->v[t->n] = (struct probe_target){ .port = port };
	snprintf(t->v[t->n].address, sizeof(t->v[t->n].address), "%s", address);
	t->n++;
}

int probe_targets_add_node(struct probe_targets *t, uint16_t port)
{
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all) < 0)
		return -errno;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)i->ifa_addr;
		const struct sockaddr_in *in4 = (const struct sockaddr_in *)i->ifa_addr;
		int family = i->ifa_addr ? i->ifa_addr->sa_family : AF_UNSPEC;
		const void *address = family == AF_INET ? (const void *)&in4->sin_addr
							: (const void *)&in6->sin6_addr;
		char text[INET6_ADDRSTRLEN];

		if ((family != AF_INET && family != AF_INET6) || i->ifa_flags & IFF_LOOPBACK ||
			(family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr)))
			continue;
		if (inet_ntop(family, address, text, sizeof(text)))
			probe_targets_add(t, text, port);
	}
	freeifaddrs(all);
	return 0;
}

void probe_targets_release(struct probe_targets *t)
{
	free(t->v);
	*t = (struct probe_targets){ 0 };
}
