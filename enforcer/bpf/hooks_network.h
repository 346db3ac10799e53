/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PALE_BPF_HOOKS_NETWORK_H
#define PALE_BPF_HOOKS_NETWORK_H

/*
 * Sockets. Addresses are judged as the kernel will use them: an IPv4-mapped one as IPv4, the
 * unspecified address that one connects to as the host itself, AF_UNSPEC of a datagram on an IPv4
 * socket as IPv4. A unix socket that is bound to a path is judged by the path that it was found by,
 * which no hook is told: connect and sendmsg have kern_path() watched for it.
 */

#include "enforcer/bpf/endpoint.h"
#include "enforcer/bpf/file.h"

#define SUN_PATH_OFFSET 2
#define LOOPBACK4	bswap32(0x7f000001u)

static __always_inline bool is_inet(__u16 family)
{
	return family == AF_INET || family == AF_INET6;
}

/* Raw sockets and other families are judged when they are made. */
static __always_inline bool has_endpoints(const struct sock *sk)
{
	return sk && is_inet(BPF_CORE_READ(sk, __sk_common.skc_family)) &&
	       BPF_CORE_READ(sk, sk_type) != SOCK_RAW;
}

static __always_inline __u32 protocol_of(const struct sock *sk)
{
	switch (BPF_CORE_READ(sk, sk_protocol)) {
	case IPPROTO_TCP:
	case IPPROTO_MPTCP:
		return PROTOCOL_TCP;
	case IPPROTO_UDP:
		return PROTOCOL_UDP;
	case IPPROTO_SCTP:
		return PROTOCOL_SCTP;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return PROTOCOL_ICMP;
	}
	return PROTOCOL_NONE;
}

static __always_inline void set_address6(struct endpoint *e, const void *address)
{
	bpf_probe_read_kernel(e->address, sizeof(e->address), address);
	e->family = 6;
	if (!e->address[0] && !e->address[1] && e->address[2] == bswap32(0xffffu)) {
		e->family = 4;
		e->address[0] = e->address[3];
		e->address[2] = 0;
		e->address[3] = 0;
	}
}

/* false: the address says nothing that could be used; the kernel refuses it. @family is that which
 * the kernel goes by. */
static __always_inline bool read_sockaddr(
	struct endpoint *e, const void *address, int len, __u16 family)
{
	__u16 port = 0;

	if (len < 8)
		return false;
	bpf_probe_read_kernel(&port, 2, address + 2);
	e->port = e->protocol == PROTOCOL_ICMP ? 0 : bswap16(port);
	if (family == AF_INET6) {
		if (len < 24)
			return false;
		set_address6(e, address + 8);
		return true;
	}
	e->family = 4;
	bpf_probe_read_kernel(&e->address[0], 4, address + 4);
	return true;
}

/* Who connects to no address in particular reaches the address that he is bound to, or loopback. */
static __always_inline void name_self(struct endpoint *e, const struct sock *sk)
{
	const struct inet_sock *inet = (const struct inet_sock *)sk;

	if (e->family == 4 && !e->address[0]) {
		e->address[0] = BPF_CORE_READ(inet, inet_saddr);
		if (!e->address[0])
			e->address[0] = LOOPBACK4;
	} else if (e->family == 6 && !e->address[0] && !e->address[1] && !e->address[2] &&
		   !e->address[3]) {
		set_address6(e, (const void *)((__u64)sk + bpf_core_field_offset(struct sock,
								   __sk_common.skc_v6_rcv_saddr)));
		if (e->family == 4) {
			e->address[0] = LOOPBACK4;
		} else {
			e->address[0] = e->address[1] = e->address[2] = 0;
			e->address[3] = bswap32(1);
		}
	}
}

static __always_inline bool is_unspecified(const struct endpoint *e)
{
	return !e->address[0] &&
	       (e->family == 4 || (!e->address[1] && !e->address[2] && !e->address[3]));
}

/*
 * What has packets go elsewhere first than to the address that is judged: source routes of IPv4,
 * routing headers of IPv6 and what may hold them. IPV6_2292RTHDR, IPV6_2292PKTOPTIONS,
 * IPV6_FLOWLABEL_MGR and IPV6_RTHDR (linux/in6.h); IP_OPTIONS and IP_RETOPTS (linux/in.h).
 */
static __always_inline bool is_route(int level, int name)
{
	if (level == IPPROTO_IPV6)
		return name == 5 || name == 6 || name == 32 || name == 57;
	return level == IPPROTO_IP && (name == 4 || name == 7);
}

/* IP_PKTINFO, IPV6_2292PKTINFO, IPV6_PKTINFO: the source, and so where "no address" leads. */
static __always_inline bool is_source(int level, int name)
{
	return level == IPPROTO_IPV6 ? name == 2 || name == 50 : level == IPPROTO_IP && name == 8;
}

/* No rule speaks of such packets: the default decides, and the report says why. */
static __always_inline int refuse_route(struct label *label)
{
	struct request q = {
		.operation = OP_CONNECT, .object = LSM_OBJECT_NONE, .why = LSM_WHY_ROUTED
	};

	return lsm_return(act(label, &q, domain_decision(label, d->by_default[OP_CONNECT]), 0));
}

#define CONTROL_MESSAGES_MAX 16
#define CONTROL_ROUTE	     1u
#define CONTROL_SOURCE	     2u

/* Which of these the message's control data holds; both when there is more of it than is looked at.
 * It was copied into the kernel, in its own form, before the hook (net/socket.c, ____sys_sendmsg).
 */
static __always_inline __u32 control_of(const struct msghdr *msg)
{
	__u64 at = (__u64)msg->msg_control, left = msg->msg_controllen;
	struct cmsghdr c;
	__u32 found = 0, i;

	for (i = 0; i < CONTROL_MESSAGES_MAX; i++) {
		if (!at || left < sizeof(c))
			return found;
		if (bpf_probe_read_kernel(&c, sizeof(c), (const void *)at))
			break;
		if (is_route(c.cmsg_level, c.cmsg_type))
			found |= CONTROL_ROUTE;
		if (is_source(c.cmsg_level, c.cmsg_type))
			found |= CONTROL_SOURCE;
		/* The kernel refuses such a length. */
		if (c.cmsg_len < sizeof(c) || c.cmsg_len > left)
			return found;
		c.cmsg_len = (c.cmsg_len + 7) & ~7ull;
		if (c.cmsg_len >= left)
			return found;
		at += c.cmsg_len;
		left -= c.cmsg_len;
	}
	return CONTROL_ROUTE | CONTROL_SOURCE;
}

static __always_inline int judge_destination(struct label *label, const struct sock *sk,
	const void *address, int len, __u16 family, __u32 control)
{
	struct endpoint e = { .protocol = protocol_of(sk) };

	if (!read_sockaddr(&e, address, len, family))
		return CANNOT_JUDGE;
	if (control & CONTROL_SOURCE && is_unspecified(&e))
		return refuse_route(label);
	name_self(&e, sk);
	return lsm_return(judge_endpoint(label, &e, ENDPOINT_CONNECT, 0));
}

static __always_inline bool is_unix(const struct sock *sk)
{
	return sk && BPF_CORE_READ(sk, __sk_common.skc_family) == AF_UNIX;
}

/* A peer will be looked for, perhaps by its path. */
static __always_inline int expect_peer(struct label *label)
{
	label->finding = 1;
	label->found = 0;
	return 0;
}

SEC("lsm/socket_connect")
int BPF_PROG(socket_connect, struct socket *sock, struct sockaddr *address, int len, int ret)
{
	struct label *label = confined();
	struct sock *sk;
	__u16 family = AF_UNSPEC;

	if (ret || !label)
		return ret;
	sk = sock->sk;
	if (is_unix(sk))
		return expect_peer(label);
	if (!has_endpoints(sk))
		return 0;
	if (len >= 2)
		bpf_probe_read_kernel(&family, sizeof(family), address);
	/* AF_UNSPEC dissolves an association; the kernel refuses other families. */
	if (!is_inet(family))
		return 0;
	return judge_destination(label, sk, address, len, family, 0);
}

SEC("lsm/socket_setsockopt")
int BPF_PROG(socket_setsockopt, struct socket *sock, int level, int name, int ret)
{
	struct label *label = confined();

	if (ret || !label)
		return ret;
	if (!is_route(level, name) || !has_endpoints(sock->sk))
		return 0;
	return refuse_route(label);
}

SEC("lsm/socket_sendmsg")
int BPF_PROG(socket_sendmsg, struct socket *sock, struct msghdr *msg, int size, int ret)
{
	struct label *label = confined();
	struct sock *sk;
	const void *address;
	__u16 family = AF_UNSPEC;
	__u32 control = 0;
	int len;

	if (ret || !label)
		return ret;
	address = msg->msg_name;
	sk = sock->sk;
	if (is_unix(sk))
		return address ? expect_peer(label) : 0;
	if (!has_endpoints(sk) || BPF_CORE_READ_BITFIELD_PROBED(sk, sk_kern_sock))
		return 0;
	if (msg->msg_controllen)
		control = control_of(msg);
	if (control & CONTROL_ROUTE)
		return refuse_route(label);
	if (!address)
		return 0;
	/* A stream has its peer by now, unless this is the first packet and connects. */
	if (BPF_CORE_READ(sk, sk_type) == SOCK_STREAM && protocol_of(sk) != PROTOCOL_SCTP &&
		!(msg->msg_flags & MSG_FASTOPEN))
		return 0;
	len = msg->msg_namelen;
	if (len < 2)
		return 0;
	bpf_probe_read_kernel(&family, sizeof(family), address);
	if (family == AF_UNSPEC) {
		if (BPF_CORE_READ(sk, __sk_common.skc_family) != AF_INET ||
			BPF_CORE_READ(sk, sk_type) == SOCK_STREAM)
			return 0;
		family = AF_INET;
	}
	if (!is_inet(family))
		return 0;
	return judge_destination(label, sk, address, len, family, control);
}

/* The local end of a bound socket. */
static __always_inline int judge_local(struct label *label, const struct sock *sk, __u32 act_flags)
{
	struct endpoint e = { .protocol = protocol_of(sk) };

	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET6) {
		set_address6(&e, (const void *)((__u64)sk + bpf_core_field_offset(struct sock,
								    __sk_common.skc_v6_rcv_saddr)));
	} else {
		e.family = 4;
		e.address[0] = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
	}
	if (e.protocol != PROTOCOL_ICMP)
		e.port = BPF_CORE_READ(sk, __sk_common.skc_num);
	return lsm_return(judge_endpoint(label, &e, ENDPOINT_LISTEN, act_flags));
}

#define SCTP_ADDRESSES_MAX 32

/* Judges the address at @offset of those that the scratch points to: its size, or a negative errno.
 */
__noinline int judge_packed(
	struct label *label, struct scratch *s, __u32 offset, __u32 len, __u32 which)
{
	struct endpoint e = { .protocol = PROTOCOL_SCTP };
	__u16 family = AF_UNSPEC;
	const void *at;
	int r;

	if (!label || !s)
		return -EACCES;
	at = (const void *)(s->leaf_mount + offset);
	bpf_probe_read_kernel(&family, sizeof(family), at);
	if (!is_inet(family) || !read_sockaddr(&e, at, len - offset, family))
		return CANNOT_JUDGE;
	if (which == ENDPOINT_CONNECT)
		name_self(&e, (const struct sock *)s->leaf);
	r = judge_endpoint(label, &e, which, 0);
	if (r)
		return r;
	return family == AF_INET ? 16 : 28;
}

/* Addresses beyond the first, or in control messages, do not come by socket_bind and
 * socket_connect. What a packet brings (PARAM) is nobody's request: it is judged in whatever task
 * was interrupted. */
SEC("lsm/sctp_bind_connect")
int BPF_PROG(
	sctp_bind_connect, struct sock *sk, int option, struct sockaddr *address, int len, int ret)
{
	struct label *label = confined();
	struct scratch *s;
	__u32 which, i, offset = 0;
	int r;

	if (ret || !label || option == SCTP_PARAM_ADD_IP || option == SCTP_PARAM_SET_PRIMARY)
		return ret;
	s = scratch();
	if (!s)
		return fail_closed(label, LSM_WHY_STORAGE);
	s->leaf = (__u64)sk;
	s->leaf_mount = (__u64)address;
	which = option == SCTP_SOCKOPT_BINDX_ADD || option == SCTP_SET_PEER_PRIMARY_ADDR
			? ENDPOINT_LISTEN
			: ENDPOINT_CONNECT;
	for (i = 0; i < SCTP_ADDRESSES_MAX; i++) {
		if (offset >= (__u32)len)
			return 0;
		r = judge_packed(label, s, offset, len, which);
		if (r <= 0)
			return lsm_return(r ? r : CANNOT_JUDGE);
		offset += r;
	}
	return CANNOT_JUDGE;
}

/* Puts an abstract name, which may hold any bytes, where paths stand. */
static __always_inline bool set_name(struct scratch *s, const void *sockaddr, int len)
{
	len -= SUN_PATH_OFFSET + 1;
	s->begin = LSM_PATH_BYTES;
	s->why = LSM_WHY_NONE;
	if (len <= 0)
		return len == 0;
	return prepend(s, sockaddr + SUN_PATH_OFFSET + 1, len);
}

/* By what a unix socket is bound to. One that is bound to nothing cannot be found, only inherited,
 * sent or made in a pair. */
static __always_inline int judge_unix(
	struct label *label, const struct sock *sk, __u32 op, __u32 judge_flags)
{
	const struct unix_sock *u = (const struct unix_sock *)sk;
	const struct unix_address *address = BPF_CORE_READ(u, addr);
	const struct dentry *dentry = BPF_CORE_READ(u, path.dentry);
	struct scratch *s;
	const void *name;

	if (!address && !dentry)
		return 0;
	s = scratch();
	if (!s)
		return fail_closed(label, LSM_WHY_STORAGE);
	if (dentry) {
		walk_file(s, dentry, BPF_CORE_READ(u, path.mnt));
		return lsm_return(judge(label, s, OPS1(op),
			judge_flags | owner_of(BPF_CORE_READ(dentry, d_inode))));
	}
	name = (const void *)((__u64)address + bpf_core_field_offset(struct unix_address, name));
	if (!set_name(s, name, BPF_CORE_READ(address, len)))
		s->why = LSM_WHY_TOO_LONG;
	return lsm_return(judge(label, s, OPS1(op), judge_flags | JUDGE_NAME));
}

/* A path is judged by path_mknod, where it is resolved. A socket that lets the kernel choose its
 * name is judged when it listens. */
SEC("lsm/socket_bind")
int BPF_PROG(socket_bind, struct socket *sock, struct sockaddr *address, int len, int ret)
{
	struct label *label = confined();
	struct endpoint e = {};
	struct scratch *s;
	struct sock *sk;
	__u16 family = AF_UNSPEC, own_family;
	char first = 0;

	if (ret || !label)
		return ret;
	sk = sock->sk;
	if (!sk || len < 2)
		return 0;
	own_family = BPF_CORE_READ(sk, __sk_common.skc_family);
	bpf_probe_read_kernel(&family, sizeof(family), address);
	if (own_family == AF_UNIX) {
		if (family != AF_UNIX || len <= SUN_PATH_OFFSET)
			return 0;
		bpf_probe_read_kernel(&first, 1, (const void *)address + SUN_PATH_OFFSET);
		if (first) {
			label->binding = 1;
			return 0;
		}
		s = scratch();
		if (!s)
			return fail_closed(label, LSM_WHY_STORAGE);
		if (!set_name(s, address, len))
			s->why = LSM_WHY_TOO_LONG;
		return lsm_return(judge(label, s, OPS1(LSM_LISTEN), JUDGE_NAME | LSM_OWNER));
	}
	if (!has_endpoints(sk))
		return 0;
	if (family == AF_UNSPEC)
		family = own_family;
	if (!is_inet(family))
		return 0;
	e.protocol = protocol_of(sk);
	if (!read_sockaddr(&e, address, len, family))
		return CANNOT_JUDGE;
	return lsm_return(judge_endpoint(label, &e, ENDPOINT_LISTEN, 0));
}

SEC("lsm/socket_listen")
int BPF_PROG(socket_listen, struct socket *sock, int backlog, int ret)
{
	struct label *label = confined();
	struct sock *sk;

	if (ret || !label)
		return ret;
	sk = sock->sk;
	if (!sk)
		return 0;
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_UNIX)
		return judge_unix(label, sk, LSM_LISTEN, 0);
	return has_endpoints(sk) ? judge_local(label, sk, 0) : 0;
}

/* A listening socket may have been inherited. Each connection is not news. */
SEC("lsm/socket_accept")
int BPF_PROG(socket_accept, struct socket *sock, struct socket *newsock, int ret)
{
	struct label *label = confined();
	struct sock *sk;

	if (ret || !label)
		return ret;
	sk = sock->sk;
	if (!sk)
		return 0;
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_UNIX)
		return judge_unix(label, sk, LSM_LISTEN, JUDGE_SILENT_ALLOW);
	return has_endpoints(sk) ? judge_local(label, sk, ACT_SILENT_ALLOW) : 0;
}

/* The path that connect and sendmsg found is judged here, and acted upon when it turns out to be a
 * socket with somebody behind it. */
SEC("fexit/kern_path")
int BPF_PROG(path_found, const char *name, unsigned int flags, struct path *path, int ret)
{
	struct label *label = confined();
	const struct dentry *dentry;
	struct scratch *s;

	if (!label || !label->finding || ret)
		return 0;
	label->found = 0;
	s = scratch();
	if (!s)
		return 0;
	dentry = BPF_CORE_READ(path, dentry);
	walk_file(s, dentry, BPF_CORE_READ(path, mnt));
	judge(label, s, OPS1(LSM_CONNECT), JUDGE_WAIT | owner_of(BPF_CORE_READ(dentry, d_inode)));
	label->found = label->waiting;
	label->waiting = 0;
	return 0;
}

/* By the path that it was found by, or else by what it is bound to. */
static __always_inline int judge_peer(struct label *label, const struct sock *peer)
{
	const struct unix_sock *u = (const struct unix_sock *)peer;
	struct request q = { .operation = OP_CONNECT, .object = LSM_OBJECT_PATH };
	__u64 decision = label->found;
	struct scratch *s;

	label->finding = 0;
	label->found = 0;
	if (!decision || !BPF_CORE_READ(u, path.dentry))
		return judge_unix(label, peer, LSM_CONNECT, 0);
	s = scratch();
	if (s)
		q.why = s->why;
	return lsm_return(act(label, &q, decision, 0));
}

SEC("lsm/unix_stream_connect")
int BPF_PROG(
	unix_stream_connect, struct sock *sock, struct sock *other, struct sock *newsk, int ret)
{
	struct label *label = confined();

	if (ret || !label)
		return ret;
	return judge_peer(label, other);
}

/* Asked when a datagram socket is connected, and for each datagram. */
SEC("lsm/unix_may_send")
int BPF_PROG(unix_may_send, struct socket *sock, struct socket *other, int ret)
{
	struct label *label = confined();
	struct sock *own, *peer;

	if (ret || !label)
		return ret;
	own = sock->sk;
	peer = other->sk;
	if (!own || !peer || BPF_CORE_READ((struct unix_sock *)own, peer) == peer)
		return 0;
	return judge_peer(label, peer);
}

/* What connect and listen cover is not asked; sockets that the kernel makes for itself neither. */
SEC("lsm/socket_create")
int BPF_PROG(socket_create, int family, int type, int protocol, int kern, int ret)
{
	struct label *label = confined();
	struct request q = { .operation = OP_SOCKET,
		.object = LSM_OBJECT_NUMBER,
		.number = family,
		.detail = protocol };
	__u32 f = family, p = protocol;
	__u64 decision;

	if (ret || !label || kern)
		return ret;
	if (f == AF_UNIX || (is_inet(f) && type != SOCK_RAW))
		return 0;
	if (is_inet(f))
		decision = domain_decision(label, d->raw);
	else if (f == AF_NETLINK && p < 32)
		decision = domain_decision(label, d->netlink[masked(p, 32)]);
	else if (f < 64)
		decision = domain_decision(label, d->family[masked(f, 64)]);
	else
		decision = domain_decision(label, d->by_default[OP_SOCKET]);
	return lsm_return(act(label, &q, decision, 0));
}

#endif
