/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/audit_netlink.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/* Room for some 10,000 records, with what the kernel adds to each. */
#define RECEIVE_BYTES	 (16 << 20)
#define REPLY_TIMEOUT_MS 1000

static int open_socket(uint32_t groups)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
	_cleanup_close_ int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_AUDIT);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int audit_netlink_open(int *ret, struct pale_err **err)
{
	const int bytes = RECEIVE_BYTES;
	int fd = open_socket(1u << (AUDIT_NLGRP_READLOG - 1));

	if (fd < 0)
		return pale_err_set(err, -fd, "listen to audit records");
	/* The second is bounded by net.core.rmem_max, and takes what it gets. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	*ret = fd;
	return 0;
}

/* The length of a whole message from the kernel, 0 for one that is none, or negative. */
static ssize_t receive(int fd, char *buffer, size_t size)
{
	struct sockaddr_nl from = { .nl_pid = 1 };
	struct iovec part = { .iov_base = buffer, .iov_len = size };
	struct msghdr m = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part, .msg_iovlen = 1
	};
	ssize_t n = recvmsg(fd, &m, 0);

	if (n < 0)
		return -errno;
	if (from.nl_pid != 0 || n < NLMSG_HDRLEN || m.msg_flags & MSG_TRUNC)
		return 0;
	return n;
}

int audit_netlink_read(int fd, char buffer[AUDIT_RECORD_BYTES], struct audit_record *ret)
{
	for (;;) {
		ssize_t n = receive(fd, buffer, AUDIT_RECORD_BYTES);
		/* An audit record's nlmsg_len is the payload's alone in some kernels. */
		const struct nlmsghdr *head = (const struct nlmsghdr *)buffer;
		size_t len;

		if (n == -EAGAIN)
			return 0;
		if (n == -EINTR)
			continue;
		if (n < 0)
			return (int)n;
		len = n ? (size_t)n - NLMSG_HDRLEN : 0;
		while (len && buffer[NLMSG_HDRLEN + len - 1] == '\0')
			len--;
		if (len && audit_record_parse(ret, head->nlmsg_type, buffer + NLMSG_HDRLEN, len))
			return 1;
	}
}

static int reply(int fd, struct audit_status *ret)
{
	char buffer[1024] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *head = (const struct nlmsghdr *)buffer;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n = receive(fd, buffer, sizeof(buffer));

		if (n == -EAGAIN) {
			if (poll(&p, 1, REPLY_TIMEOUT_MS) == 0)
				return -ETIMEDOUT;
			continue;
		}
		if (n < 0 && n != -EINTR)
			return (int)n;
		if (n >= NLMSG_LENGTH((ssize_t)sizeof(struct nlmsgerr)) &&
			head->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *e = NLMSG_DATA(head);

			if (e->error)
				return e->error;
		}
		if (n > NLMSG_HDRLEN && head->nlmsg_type == AUDIT_GET) {
			size_t len = (size_t)n - NLMSG_HDRLEN;

			/* A kernel may know more or fewer of the members than we do. */
			memset(ret, 0, sizeof(*ret));
			memcpy(ret, NLMSG_DATA(head), len < sizeof(*ret) ? len : sizeof(*ret));
			return 0;
		}
	}
}

int audit_netlink_dropped(uint32_t *ret)
{
	struct nlmsghdr ask = {
		.nlmsg_len = NLMSG_LENGTH(0),
		.nlmsg_type = AUDIT_GET,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
	};
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct audit_status status;
	_cleanup_close_ int fd = open_socket(0);
	int r;

	if (fd < 0)
		return fd;
	if (sendto(fd, &ask, sizeof(ask), 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	r = reply(fd, &status);
	if (r == 0)
		*ret = status.lost;
	return r;
}
