/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/process_watch.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* PID_MAX_LIMIT of 64-bit kernels. Memory is taken for the numbers that occur. */
#define PIDS	      (4u << 20)
#define RECEIVE_BYTES (4 << 20)

struct known {
	uint32_t container;
	uint32_t parent;
};

struct process_watch {
	int fd;
	struct known *v; /* [PIDS] */
	uint32_t (*find)(void *ctx, pid_t pid);
	void *ctx;
};

static int ask_to_listen(int fd)
{
	struct __attribute__((packed)) {
		struct nlmsghdr head;
		struct cn_msg message;
		enum proc_cn_mcast_op op;
	} request = {
		.head = { .nlmsg_len = sizeof(request),
			.nlmsg_type = NLMSG_DONE,
			.nlmsg_pid = (uint32_t)getpid() },
		.message = { .id = { CN_IDX_PROC, CN_VAL_PROC },
			.len = sizeof(enum proc_cn_mcast_op) },
		.op = PROC_CN_MCAST_LISTEN,
	};

	return send(fd, &request, sizeof(request), 0) < 0 ? -errno : 0;
}

static int open_socket(int *ret, struct pale_err **err)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC };
	const int bytes = RECEIVE_BYTES;
	_cleanup_close_ int fd =
		socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);
	int r;

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return pale_err_set(err, errno, "listen to process events");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	r = ask_to_listen(fd);
	if (r < 0)
		return pale_err_set(err, -r, "ask for process events");
	*ret = TAKE_FD(fd);
	return 0;
}

int process_watch_new(uint32_t (*find)(void *ctx, pid_t pid), void *ctx, struct process_watch **ret,
	struct pale_err **err)
{
	struct process_watch *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		abort();
	r = open_socket(&w->fd, err);
	if (r < 0) {
		free(w);
		return r;
	}
	w->find = find;
	w->ctx = ctx;
	w->v = mmap(NULL, PIDS * sizeof(*w->v), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (w->v == MAP_FAILED)
		abort();
	*ret = w;
	return 0;
}

void process_watch_free(struct process_watch *w)
{
	if (!w)
		return;
	munmap(w->v, PIDS * sizeof(*w->v));
	close(w->fd);
	free(w);
}

int process_watch_fd(const struct process_watch *w)
{
	return w->fd;
}

static bool is_number(pid_t pid)
{
	return pid > 0 && (uint32_t)pid < PIDS;
}

static void take_event(struct process_watch *w, const struct proc_event *e)
{
	switch ((unsigned)e->what) {
	case PROC_EVENT_FORK: {
		pid_t child = e->event_data.fork.child_tgid,
		      parent = e->event_data.fork.parent_tgid;

		/* A thread is of its process. */
		if (child != e->event_data.fork.child_pid || !is_number(child) ||
			!is_number(parent))
			break;
		w->v[child] = (struct known){ w->v[parent].container, (uint32_t)parent };
		break;
	}
	case PROC_EVENT_EXEC: {
		pid_t pid = e->event_data.exec.process_tgid;

		if (is_number(pid) && !w->v[pid].container)
			w->v[pid].container = w->find(w->ctx, pid);
		break;
	}
	default:
		break;
	}
}

void process_watch_handle(struct process_watch *w)
{
	union {
		struct nlmsghdr head;
		char bytes[4096];
	} buffer;

	for (;;) {
		struct sockaddr_nl from = { .nl_pid = 1 };
		socklen_t len = sizeof(from);
		ssize_t n =
			recvfrom(w->fd, &buffer, sizeof(buffer), 0, (struct sockaddr *)&from, &len);
		const struct cn_msg *m = NLMSG_DATA(&buffer.head);
		struct proc_event e;

		if (n < 0 && errno == EINTR)
			continue;
		/* Some were lost: a number may be another process's by now. */
		if (n < 0 && errno == ENOBUFS) {
			madvise(w->v, PIDS * sizeof(*w->v), MADV_DONTNEED);
			continue;
		}
		if (n < 0)
			return;
		if (from.nl_pid != 0 || n < (ssize_t)(NLMSG_HDRLEN + sizeof(*m) +
						      offsetof(struct proc_event, event_data)))
			continue;
		memset(&e, 0, sizeof(e));
		memcpy(&e, m->data,
			(size_t)n - NLMSG_HDRLEN - sizeof(*m) < sizeof(e)
				? (size_t)n - NLMSG_HDRLEN - sizeof(*m)
				: sizeof(e));
		take_event(w, &e);
	}
}

void process_watch_add(struct process_watch *w, pid_t pid, uint32_t container)
{
	if (is_number(pid))
		w->v[pid].container = container;
}

uint32_t process_watch_container(const struct process_watch *w, pid_t pid)
{
	return is_number(pid) ? w->v[pid].container : 0;
}

pid_t process_watch_parent(const struct process_watch *w, pid_t pid)
{
	return is_number(pid) ? (pid_t)w->v[pid].parent : 0;
}
