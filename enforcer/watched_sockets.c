/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/watched_sockets.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/object_text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

#define MESSAGES_MAX 1024 /* UIO_MAXIOV, which bounds sendmmsg too */

struct socket_facts {
	int domain, type, protocol;
};

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_storage storage;
};

static bool abi_is_32bit(enum abi abi)
{
	return abi == ABI_X86 || abi == ABI_ARM || abi == ABI_X32;
}

uint64_t watched_pointer(enum abi abi, uint64_t argument)
{
	return abi == ABI_X86 || abi == ABI_ARM ? (uint32_t)argument : argument;
}

static int read_socket(const struct process *p, int fd, struct socket_facts *ret)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	_cleanup_close_ int copy = -1;
	socklen_t len = sizeof(int);

	if (pidfd < 0)
		return -errno;
	copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	if (copy < 0)
		return -errno;
	if (getsockopt(copy, SOL_SOCKET, SO_DOMAIN, &ret->domain, &len) < 0 ||
		getsockopt(copy, SOL_SOCKET, SO_TYPE, &ret->type, &len) < 0 ||
		getsockopt(copy, SOL_SOCKET, SO_PROTOCOL, &ret->protocol, &len) < 0)
		return errno == ENOTSOCK ? -EBADF : -errno;
	return 0;
}

/* PROTOCOL_…, or -1 for sockets that the `socket` operation covers. */
static int protocol_of(const struct socket_facts *s)
{
	if (s->domain == AF_UNIX)
		return PROTOCOL_UNIX;
	if ((s->domain != AF_INET && s->domain != AF_INET6) || s->type == SOCK_RAW)
		return -1;
	switch (s->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_MPTCP:
		return PROTOCOL_TCP;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return PROTOCOL_UDP;
	case IPPROTO_SCTP:
		return PROTOCOL_SCTP;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return PROTOCOL_ICMP;
	default:
		return -1;
	}
}

static int add_unix(const struct process *p, enum operation op, const union address *a, size_t len,
	struct accesses *out)
{
	const char *path = a->un.sun_path;
	size_t n = len - offsetof(struct sockaddr_un, sun_path);
	struct access *access;

	if (len <= offsetof(struct sockaddr_un, sun_path))
		return 0; /* unnamed: autobind */
	if (path[0]) {
		_cleanup_(resolved_path_release) struct resolved_path r = RESOLVED_PATH_INIT;
		_cleanup_(text_release) struct text object = TEXT_INIT;
		char name[sizeof(a->un.sun_path) + 1];
		int e;

		n = strnlen(path, n < sizeof(a->un.sun_path) ? n : sizeof(a->un.sun_path));
		memcpy(name, path, n);
		name[n] = '\0';
		e = resolve_path(p, AT_FDCWD, name,
			op == OP_LISTEN ? RESOLVE_PATH_ENTRY : RESOLVE_PATH_FOLLOW, false, &r);
		if (e < 0)
			return e;
		if (r.exists && (op == OP_LISTEN || !S_ISSOCK(r.st.st_mode)))
			return 0; /* EADDRINUSE, ECONNREFUSED */
		access = accesses_add(out);
		if (!access)
			return 0;
		access->request.operation = op;
		access->request.protocol = PROTOCOL_UNIX;
		access->request.owner = r.exists && r.st.st_uid == p->fsuid;
		text_puts(&object, "unix ");
		text_add(&object, text_str(&r.path), r.path.len);
		access->object_len = object.len;
		access->object = text_take(&object);
		access->request.path = r.has_path ? access->object + 5 : NULL;
		access->request.path_len = r.has_path ? (uint32_t)access->object_len - 5 : 0;
	} else {
		static const char prefix[] = "unix abstract:";
		_cleanup_(text_release) struct text object = TEXT_INIT;

		access = accesses_add(out);
		if (!access)
			return 0;
		text_puts(&object, prefix);
		text_add(&object, path + 1, n - 1);
		access->object_len = object.len;
		access->object = text_take(&object);
		access->request.operation = op;
		access->request.protocol = PROTOCOL_UNIX;
		access->request.name = access->object + sizeof(prefix) - 1;
		access->request.name_len = (uint32_t)(n - 1);
	}
	return 0;
}

static void add_inet(
	enum operation op, int protocol, const union address *a, size_t len, struct accesses *out)
{
	_cleanup_(text_release) struct text object = TEXT_INIT;
	struct request r = { .operation = op, .protocol = protocol };
	struct access *access;

	if (a->any.sa_family == AF_INET && len >= sizeof(a->in)) {
		r.family = 4;
		memcpy(r.address, &a->in.sin_addr, 4);
		r.port = ntohs(a->in.sin_port);
	} else if (a->any.sa_family == AF_INET6 &&
		   len >= offsetof(struct sockaddr_in6, sin6_scope_id)) {
		r.port = ntohs(a->in6.sin6_port);
		if (IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr)) {
			r.family = 4;
			memcpy(r.address, &a->in6.sin6_addr.s6_addr[12], 4);
		} else {
			r.family = 6;
			memcpy(r.address, &a->in6.sin6_addr, 16);
		}
	} else {
		return; /* EINVAL, EAFNOSUPPORT */
	}
	if (protocol == PROTOCOL_ICMP)
		r.port = 0;
	access = accesses_add(out);
	if (!access)
		return;
	object_text_endpoint(&object, protocol, r.family, r.address, r.port);
	access->request = r;
	access->object_len = object.len;
	access->object = text_take(&object);
}

/* Of accesses from @first on. */
static void mark_fast_open(struct accesses *out, unsigned first)
{
	for (unsigned i = first; i < out->n; i++)
		out->v[i].fast_open = true;
}

static int add_address(const struct process *p, enum operation op, int protocol,
	const struct socket_facts *s, uint64_t pointer, uint64_t len, struct accesses *out)
{
	union address a = { 0 };
	int r;

	if (!pointer || len < sizeof(sa_family_t))
		return 0;
	if (len > sizeof(a))
		return 0; /* EINVAL */
	r = process_read(p, pointer, &a, len);
	if (r < 0)
		return r;
	if (protocol == PROTOCOL_UNIX)
		return a.any.sa_family == AF_UNIX ? add_unix(p, op, &a, len, out) : 0;
	if (a.any.sa_family == AF_UNSPEC) {
		/* connect: undoes one; bind and sendto of AF_INET sockets take it for AF_INET. */
		if (s->domain != AF_INET || (op == OP_CONNECT && protocol == PROTOCOL_TCP))
			return 0;
		a.any.sa_family = AF_INET;
	}
	add_inet(op, protocol, &a, len, out);
	return 0;
}

/* struct msghdr begins with the name's address and length. */
static int read_name(const struct process *p, enum abi abi, uint64_t header, uint64_t *ret_pointer,
	uint64_t *ret_len)
{
	uint32_t narrow[2];
	uint64_t wide[2];
	int r;

	if (abi_is_32bit(abi)) {
		r = process_read(p, header, narrow, sizeof(narrow));
		*ret_pointer = narrow[0];
		*ret_len = narrow[1];
	} else {
		r = process_read(p, header, wide, sizeof(wide));
		*ret_pointer = wide[0];
		*ret_len = (uint32_t)wide[1];
	}
	return r;
}

int watched_socket_accesses(const struct process *p, enum abi abi, const char *call,
	const uint64_t arguments[6], struct accesses *out)
{
	bool many = !strcmp(call, "sendmmsg"), to = !strcmp(call, "sendto");
	bool message = many || !strcmp(call, "sendmsg"), bind = !strcmp(call, "bind");
	size_t header_bytes = abi_is_32bit(abi) ? 32 : 64; /* struct mmsghdr */
	uint64_t n = many ? (uint32_t)arguments[2] : 1;
	uint64_t flags = to || many ? arguments[3] : arguments[2];
	unsigned first = out->n;
	struct socket_facts s;
	int protocol, r;

	/* Most sends have no address: spare the socket a visit. */
	if (to && !watched_pointer(abi, arguments[4]))
		return 0;
	if (!message && !to && (uint32_t)arguments[2] < sizeof(sa_family_t))
		return 0;
	r = read_socket(p, (int)arguments[0], &s);
	if (r < 0)
		return r;
	protocol = protocol_of(&s);
	if (protocol < 0)
		return 0;
	if (to || message) {
		/* A stream has its peer already, but for what opens a connection on the way. */
		if ((protocol == PROTOCOL_TCP && !(flags & MSG_FASTOPEN)) ||
			(protocol == PROTOCOL_UNIX && s.type != SOCK_DGRAM))
			return 0;
	}
	if (!message) {
		r = add_address(p, bind ? OP_LISTEN : OP_CONNECT, protocol, &s,
			watched_pointer(abi, arguments[to ? 4 : 1]),
			(uint32_t)arguments[to ? 5 : 2], out);
		if (to && protocol == PROTOCOL_TCP)
			mark_fast_open(out, first);
		return r;
	}
	if (n > MESSAGES_MAX)
		n = MESSAGES_MAX;
	for (uint64_t i = 0; i < n && !out->cut; i++) {
		uint64_t pointer, len;

		r = read_name(p, abi, watched_pointer(abi, arguments[1]) + i * header_bytes,
			&pointer, &len);
		if (r < 0)
			return r;
		r = add_address(p, OP_CONNECT, protocol, &s, pointer, len, out);
		if (r < 0)
			return r;
	}
	if (protocol == PROTOCOL_TCP)
		mark_fast_open(out, first);
	return 0;
}
