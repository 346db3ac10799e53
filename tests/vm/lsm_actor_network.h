/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_LSM_ACTOR_NETWORK_H
#define PALE_TESTS_LSM_ACTOR_NETWORK_H

/* Sockets. */
#include "tests/vm/lsm_actor.h"

static socklen_t inet_address(struct sockaddr_storage *ret, const char *address, const char *port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (strchr(address, ':')) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)atoi(port));
		must(inet_pton(AF_INET6, address, &in6->sin6_addr) == 1 ? 0 : -1);
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons((uint16_t)atoi(port));
	must(inet_pton(AF_INET, address, &in->sin_addr) == 1 ? 0 : -1);
	return sizeof(*in);
}

static int inet_socket(const char *kind, const struct sockaddr_storage *address)
{
	return must(socket(address->ss_family, !strcmp(kind, "tcp") ? SOCK_STREAM : SOCK_DGRAM, 0));
}

static int act_connect(void)
{
	struct sockaddr_storage a;
	socklen_t len = inet_address(&a, args[1], args[2]);

	return result(connect(inet_socket(args[0], &a), (struct sockaddr *)&a, len));
}

static int act_send(void)
{
	struct sockaddr_storage a;
	socklen_t len = inet_address(&a, args[1], args[2]);

	return result(sendto(inet_socket(args[0], &a), "x", 1, 0, (struct sockaddr *)&a, len));
}

static int act_send_many(void)
{
	struct sockaddr_storage a;
	socklen_t len = inet_address(&a, args[1], args[2]);
	struct iovec v = { nothing, 1 };
	struct mmsghdr m[2] = {
		{ .msg_hdr = { .msg_name = &a,
			  .msg_namelen = len,
			  .msg_iov = &v,
			  .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_name = &a,
			  .msg_namelen = len,
			  .msg_iov = &v,
			  .msg_iovlen = 1 } },
	};

	return result(sendmmsg(inet_socket(args[0], &a), m, 2, 0));
}

/* The kernel takes the family "unspecified" for IPv4 here. */
static int act_send_unspecified(void)
{
	struct sockaddr_storage a;
	socklen_t len = inet_address(&a, args[1], args[2]);
	int fd = inet_socket(args[0], &a);

	a.ss_family = AF_UNSPEC;
	return result(sendto(fd, "x", 1, 0, (struct sockaddr *)&a, len));
}

/* An IPv4 address on an IPv6 socket, as it is. */
static int act_send_4_on_6(void)
{
	struct sockaddr_storage a;
	socklen_t len = inet_address(&a, args[1], args[2]);

	return result(sendto(
		must(socket(AF_INET6, SOCK_DGRAM, 0)), "x", 1, 0, (struct sockaddr *)&a, len));
}

/* set_route 4|6: by way of an address of the host's own. */
static int act_set_route(void)
{
	/* IPOPT_NOP, IPOPT_LSRR with one address */
	static const unsigned char lsrr[] = { 1, 131, 7, 4, 127, 0, 0, 2 };
	/* linux/seg6.h: segment routing, for which no capability is asked */
	struct {
		unsigned char next, length, type, left, first, flags;
		unsigned short tag;
		struct in6_addr segments[2];
	} route = { .length = 4, .type = 4, .left = 1, .first = 1 };

	if (atoi(args[0]) == 4)
		return result(setsockopt(must(socket(AF_INET, SOCK_DGRAM, 0)), IPPROTO_IP,
			IP_OPTIONS, lsrr, sizeof(lsrr)));
	must(inet_pton(AF_INET6, "2001:db8::1", &route.segments[1]) == 1 ? 0 : -1);
	return result(setsockopt(must(socket(AF_INET6, SOCK_DGRAM, 0)), IPPROTO_IPV6, IPV6_RTHDR,
		&route, sizeof(route)));
}

/* send_routed TYPE...: a datagram to ::1 with control messages of IPv6 of these types. */
static int act_send_routed(void)
{
	struct sockaddr_storage a;
	socklen_t len = inet_address(&a, "::1", "7001");
	struct iovec v = { nothing, 1 };
	union {
		char bytes[256];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	struct msghdr m = { .msg_name = &a,
		.msg_namelen = len,
		.msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	size_t used = 0;

	for (int i = 0; args[i]; i++) {
		int type = atoi(args[i]);
		/* IPV6_TCLASS (67) takes an int; IPV6_RTHDR a header with one address. */
		size_t size = type == IPV6_TCLASS ? sizeof(int) : 24;

		c->cmsg_level = IPPROTO_IPV6;
		c->cmsg_type = type;
		c->cmsg_len = CMSG_LEN(size);
		memset(CMSG_DATA(c), 0, size);
		if (type == IPV6_RTHDR) {
			CMSG_DATA(c)[1] = 2; /* length, in units of eight bytes beyond the first */
			CMSG_DATA(c)[2] = 2; /* type */
			CMSG_DATA(c)[3] = 1; /* segments left */
			CMSG_DATA(c)[8] = 0x20;
			CMSG_DATA(c)[9] = 0x01;
		}
		used += CMSG_SPACE(size);
		c = (struct cmsghdr *)(void *)(control.bytes + used);
	}
	m.msg_controllen = used;
	return result(sendmsg(must(socket(AF_INET6, SOCK_DGRAM, 0)), &m, 0));
}

/* send_from SOURCE DESTINATION */
static int act_send_from(void)
{
	struct sockaddr_storage a;
	socklen_t len = inet_address(&a, args[1], "7001");
	struct iovec v = { nothing, 1 };
	union {
		char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	struct msghdr m = { .msg_name = &a,
		.msg_namelen = len,
		.msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
	must(inet_pton(AF_INET, args[0],
		     &((struct in_pktinfo *)(void *)CMSG_DATA(c))->ipi_spec_dst) == 1
			? 0
			: -1);
	return result(sendmsg(must(socket(AF_INET, SOCK_DGRAM, 0)), &m, 0));
}

static int act_fastopen(void)
{
	struct sockaddr_storage a;
	socklen_t len = inet_address(&a, args[1], args[2]);

	return result(
		sendto(inet_socket(args[0], &a), "x", 1, MSG_FASTOPEN, (struct sockaddr *)&a, len));
}

static int act_disconnect(void)
{
	struct sockaddr_storage a;
	socklen_t len = inet_address(&a, args[1], args[2]);
	int fd = inet_socket(args[0], &a);

	must(connect(fd, (struct sockaddr *)&a, len));
	a.ss_family = AF_UNSPEC;
	return result(connect(fd, (struct sockaddr *)&a, len));
}

static int act_bind(void)
{
	struct sockaddr_storage a;
	socklen_t len = inet_address(&a, args[1], args[2]);

	return result(bind(inet_socket(args[0], &a), (struct sockaddr *)&a, len));
}

static int act_bind_unspecified(void)
{
	struct sockaddr_storage a;
	socklen_t len = inet_address(&a, "0.0.0.0", args[1]);
	int fd = inet_socket(args[0], &a);

	a.ss_family = AF_UNSPEC;
	return result(bind(fd, (struct sockaddr *)&a, len));
}

static int act_listen(void)
{
	struct sockaddr_storage a;
	socklen_t len = inet_address(&a, args[1], args[2]);
	int fd = inet_socket(args[0], &a), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	must(bind(fd, (struct sockaddr *)&a, len));
	return result(listen(fd, 1));
}

/* The kernel chooses the port. */
static int act_listen_unbound(void)
{
	return result(listen(must(socket(AF_INET, SOCK_STREAM, 0)), 1));
}

/* Descriptor 4 is a listening socket with a connection waiting. */
static int act_accept(void)
{
	return result(accept(4, NULL, NULL));
}

/* Several addresses at once; the second is args[3]. */
static int act_sctp(void)
{
	struct sockaddr_storage a, b;
	socklen_t len = inet_address(&a, args[1], args[2]),
		  len_b = inet_address(&b, args[3], args[2]);
	int fd = must(socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP));
	bool connects = !strcmp(args[0], "connectx");
	char packed[2 * sizeof(a)];
	int r;

	memcpy(packed, &a, len);
	memcpy(packed + len, &b, len_b);
	r = setsockopt(fd, IPPROTO_SCTP, connects ? SCTP_SOCKOPT_CONNECTX : SCTP_SOCKOPT_BINDX_ADD,
		packed, len + len_b);
	/* Nobody listens. */
	return connects && r < 0 && errno == ECONNREFUSED ? 0 : result(r);
}

/* "@name" is abstract. */
static socklen_t unix_address(struct sockaddr_un *ret, const char *name)
{
	memset(ret, 0, sizeof(*ret));
	ret->sun_family = AF_UNIX;
	strncpy(ret->sun_path, name, sizeof(ret->sun_path) - 1);
	if (*name == '@')
		ret->sun_path[0] = 0;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + (*name != '@'));
}

static int unix_socket(const char *kind)
{
	return must(socket(AF_UNIX,
		!strcmp(kind, "dgram")	     ? SOCK_DGRAM
		: !strcmp(kind, "seqpacket") ? SOCK_SEQPACKET
					     : SOCK_STREAM,
		0));
}

static int act_unix_connect(void)
{
	struct sockaddr_un a;
	socklen_t len = unix_address(&a, args[1]);

	return result(connect(unix_socket(args[0]), (struct sockaddr *)&a, len));
}

static int act_unix_send(void)
{
	struct sockaddr_un a;
	socklen_t len = unix_address(&a, args[1]);

	return result(
		sendto(unix_socket(args[0]), "x", 1, MSG_DONTWAIT, (struct sockaddr *)&a, len));
}

static int act_unix_bind(void)
{
	struct sockaddr_un a;
	socklen_t len = unix_address(&a, args[1]);

	return result(bind(unix_socket(args[0]), (struct sockaddr *)&a, len));
}

static int act_unix_listen(void)
{
	struct sockaddr_un a;
	socklen_t len = unix_address(&a, args[1]);
	int fd = unix_socket(args[0]);

	must(bind(fd, (struct sockaddr *)&a, len));
	return result(listen(fd, 1));
}

static int act_socketpair(void)
{
	int fds[2];

	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds));
	return result(write(fds[0], "x", 1));
}

static int act_socket(void)
{
	return result(socket(atoi(args[0]), atoi(args[1]), atoi(args[2])));
}

#endif
