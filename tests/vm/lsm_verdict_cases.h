/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_LSM_VERDICT_CASES_H
#define PALE_TESTS_LSM_VERDICT_CASES_H

/*
 * Random cases: an act, what must be there before it, and what it asks of the policy, one request
 * after the other. The first that is refused ends it. What the policy says to each is not known
 * here.
 */

#include "compiler/decide.h"
#include "tests/vm/lsm_verdict_acts.h"
#include "tests/vm/lsm_verdict_objects.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct step {
	struct request r;
	bool together;	 /* with the step before: asked at once, and each refusal is told */
	bool goes_on;	 /* when refused: the kernel asks what else would do */
	bool after_exec; /* in the domain that the step before enters */
	int errnum;	 /* what the call fails with, if that is not what the policy says */
};

struct before {
	const char *path; /* of the case */
	enum { BEFORE_NOTHING, BEFORE_FILE, BEFORE_DIRECTORY } what;
	bool others; /* belongs to another */
};

#define STEPS_MAX 4

struct kind;

struct planned {
	const struct kind *kind;
	uint32_t domain;
	struct act act;
	struct step steps[STEPS_MAX];
	uint32_t n_steps;
	struct before before[2];
	uint32_t n_before;
	bool unordered;	      /* its events */
	char objects[2][104]; /* as a request has them: directories end in '/' */
};

/* Whom signals may go to. */
struct company {
	uint32_t n_domains;
	int helpers[2]; /* by domain */
	int outside;
};

struct kind {
	const char *name;
	uint32_t weight;
	void (*plan)(struct planned *p, const struct company *company);
	enum act_kind act;
	enum operation operations[2]; /* OP_COUNT ends them */
	bool directory;
	int first, n; /* of the leaves */
};

static struct step *add_step(struct planned *p, enum operation op)
{
	struct step *s = &p->steps[p->n_steps++];

	s->r.operation = op;
	return s;
}

static void add_capability(struct planned *p, int capability, int errnum)
{
	struct step *s = add_step(p, OP_CAPABILITY);

	s->r.capability = capability;
	s->errnum = errnum;
}

static void set_object(struct planned *p, struct step *s, int i, bool owner)
{
	s->r.path = p->objects[i];
	s->r.path_len = (uint32_t)strlen(p->objects[i]);
	s->r.owner = owner;
}

/* The leaf. Takes a path of the act, and the object of that. */
static int pick_path(struct planned *p, int i, const char *root, int first, int n, bool directory)
{
	int leaf = first + (int)random_below((uint32_t)n);
	char *path = i ? p->act.path2 : p->act.path;

	snprintf(path, sizeof(p->act.path), "%s%s/%s", root, ONE_OF(folders), leaves[leaf]);
	snprintf(p->objects[i], sizeof(p->objects[i]), "%s%s", path, directory ? "/" : "");
	return leaf;
}

/* Whether the file is the caller's. */
static bool add_before(struct planned *p, int i, bool there, bool directory)
{
	struct before *b = &p->before[p->n_before++];

	b->path = i ? p->act.path2 : p->act.path;
	b->what = !there ? BEFORE_NOTHING : directory ? BEFORE_DIRECTORY : BEFORE_FILE;
	b->others = there && chance(40);
	return !b->others;
}

static bool is_changing(int leaf)
{
	static const int range[] = { LEAVES_CHANGING };

	return leaf < range[0] + range[1];
}

/* What is there, or what is to be made. */
static void plan_file(struct planned *p, const struct company *company)
{
	const struct kind *k = p->kind;
	static const int drift[] = { LEAVES_DRIFT };
	bool makes = k->operations[0] == OP_CREATE, owner;
	int leaf = pick_path(p, 0, ONE_OF(roots), k->first, k->n, k->directory);

	owner = is_changing(leaf) ? add_before(p, 0, !makes, k->directory) : !(leaf & 1);
	/* The kernel asks for that first; who has it not must be able to write. */
	if (k->act == ACT_UTIMES && !owner) {
		add_capability(p, CAP_FOWNER, 0);
		p->steps[0].goes_on = true;
	}
	for (int i = 0; i < 2 && k->operations[i] != OP_COUNT; i++) {
		struct step *s = add_step(p, k->operations[i]);

		set_object(p, s, 0, owner);
		if (leaf >= drift[0] && leaf < drift[0] + drift[1])
			s->r.object_class = CLASS_DRIFT;
		s->together = i && k->act == ACT_READ_WRITE;
	}
	/* open() is told of what it made at its end. */
	p->unordered = k->act == ACT_CREATE;
	if (k->act == ACT_CHMOD && !owner)
		add_capability(p, CAP_FOWNER, EPERM);
}

static void plan_folder(struct planned *p, const struct company *company)
{
	snprintf(p->act.path, sizeof(p->act.path), "%s%s", ONE_OF(roots), ONE_OF(folders));
	snprintf(p->objects[0], sizeof(p->objects[0]), "%s/", p->act.path);
	set_object(p, add_step(p, OP_READ), 0, true);
}

static void plan_two_names(struct planned *p, const struct company *company)
{
	enum operation op = p->kind->operations[0];
	bool directory = op == OP_RENAME && chance(20), replaces = op == OP_RENAME && chance(40);
	const char *root = ONE_OF(roots);
	bool old_owner, new_owner;

	pick_path(p, 0, root, LEAVES_CHANGING, directory);
	do
		pick_path(p, 1, root, LEAVES_CHANGING, directory);
	while (!strcmp(p->act.path, p->act.path2));
	old_owner = add_before(p, 0, true, directory);
	new_owner = add_before(p, 1, replaces, directory);
	set_object(p, add_step(p, op), 0, old_owner);
	set_object(p, add_step(p, op), 1, replaces ? new_owner : old_owner);
}

static void plan_exec(struct planned *p, const struct company *company)
{
	static const int drift[] = { LEAVES_DRIFT };
	int leaf = pick_path(p, 0, ONE_OF(roots), LEAVES_CODE, false);
	enum object_class class = leaf >= drift[0] ? CLASS_DRIFT : CLASS_PLAIN;
	struct step *s;

	add_step(p, OP_FORK);
	s = add_step(p, OP_EXEC);
	set_object(p, s, 0, !(leaf & 1));
	s->r.object_class = class;
	s = add_step(p, OP_MAP);
	set_object(p, s, 0, !(leaf & 1));
	s->r.object_class = class;
	s->after_exec = true;
	s->errnum = ACT_SIGNALLED + SIGSEGV; /* the old program is gone by then */
}

static void plan_memory(struct planned *p, const struct company *company)
{
	struct step *s;

	if (p->kind->act == ACT_EXEC_MEMFD) {
		add_step(p, OP_FORK);
		s = add_step(p, OP_EXEC);
		s->r.object_class = CLASS_ANONYMOUS;
		s->r.owner = true;
	}
	s = add_step(p, OP_MAP);
	s->r.object_class = CLASS_ANONYMOUS;
	s->r.owner = true;
	if (p->kind->act == ACT_EXEC_MEMFD) {
		s->after_exec = true;
		s->errnum = ACT_SIGNALLED + SIGSEGV;
	}
}

/* ---- sockets */

/* A mapped address is asked about as it is: decide() knows. */
static void plan_inet(struct planned *p, const struct company *company)
{
	static const struct {
		int family;
		uint8_t address[16];
		uint8_t reached; /* by who connects to it: last byte of the loopback address, or 0
				  */
	} addresses[] = {
		{ 4, { 127, 0, 0, 1 }, 0 },
		{ 4, { 127, 0, 0, 2 }, 0 },
		{ 4, { 127, 0, 1, 5 }, 0 },
		{ 4, { 127, 0, 1, 6 }, 0 },
		{ 4, { 0 }, 1 },
		{ 6, { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, 0 },
		{ 6, { 0 }, 1 },
		{ 6, { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 2 }, 0 },
	};
	uint32_t i = random_below(N(addresses));
	bool binds = p->kind->act == ACT_BIND;
	enum operation op = binds ? OP_LISTEN : OP_CONNECT;
	bool stream = p->kind->act != ACT_SENDTO && chance(60);
	struct request r = { .operation = op,
		.protocol = stream ? PROTOCOL_TCP : PROTOCOL_UDP,
		.family = (uint8_t)addresses[i].family };

	p->act.a = stream ? SOCK_STREAM : SOCK_DGRAM;
	p->act.b = addresses[i].family;
	p->act.c = !binds	? PORT_PEERS + (int)random_below(N_PEERS)
		   : chance(30) ? 81 + (int)random_below(3)
				: PORT_BOUND + (int)random_below(5);
	memcpy(p->act.address, addresses[i].address, 16);
	r.port = (uint16_t)p->act.c;
	memcpy(r.address, addresses[i].address, 16);
	if (!binds && addresses[i].reached) {
		if (r.family == 4)
			r.address[0] = 127;
		r.address[r.family == 4 ? 3 : 15] = addresses[i].reached;
	}
	add_step(p, op)->r = r;
	if (binds && r.port < 1024)
		add_capability(p, CAP_NET_BIND_SERVICE, EACCES);
	if (binds && stream)
		add_step(p, op)->r = r;
}

static void plan_unix(struct planned *p, const struct company *company)
{
	enum act_kind kind = p->kind->act;
	bool binds = kind == ACT_UNIX_BIND, datagrams = kind == ACT_UNIX_SENDTO, owner = true;
	enum operation op = binds ? OP_LISTEN : OP_CONNECT;
	struct step *s = add_step(p, op);

	p->act.a = datagrams ? SOCK_DGRAM : SOCK_STREAM;
	s->r.protocol = PROTOCOL_UNIX;
	if (chance(40)) {
		const char *name = binds       ? chance(50) ? "v-new" : "w"
				   : datagrams ? "v-d"
					       : ONE_OF(names_of_peers);

		snprintf(p->act.path, sizeof(p->act.path), "@%s", name);
		s->r.name = p->act.path + 1;
		s->r.name_len = (uint32_t)strlen(name);
	} else if (binds) {
		pick_path(p, 0, ONE_OF(roots), LEAVES_CHANGING, false);
		add_before(p, 0, false, false);
	} else {
		owner = !(pick_path(p, 0, ONE_OF(roots), datagrams ? LEAF_DATAGRAM : LEAF_STREAM, 1,
				  false) &
			  1);
	}
	if (!s->r.name)
		set_object(p, s, 0, owner);
	if (!binds || datagrams)
		return;
	/* bind(), and listen() */
	p->steps[p->n_steps] = *s;
	p->n_steps++;
}

static void plan_socket(struct planned *p, const struct company *company)
{
	static const struct {
		int family, type, protocol;
	} sockets[] = {
		{ AF_INET, SOCK_RAW, IPPROTO_ICMP },
		{ AF_INET6, SOCK_RAW, IPPROTO_ICMPV6 },
		{ AF_NETLINK, SOCK_RAW, NETLINK_ROUTE },
		{ AF_NETLINK, SOCK_DGRAM, NETLINK_ROUTE },
		{ AF_NETLINK, SOCK_RAW, NETLINK_GENERIC },
		{ AF_NETLINK, SOCK_RAW, NETLINK_AUDIT },
		{ AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT },
	};
	uint32_t i = random_below(N(sockets));
	struct step *s = add_step(p, OP_SOCKET);

	p->act.a = s->r.socket_family = sockets[i].family;
	p->act.b = s->r.socket_type = sockets[i].type;
	p->act.c = s->r.socket_protocol = sockets[i].protocol;
	if (sockets[i].family != AF_NETLINK)
		add_capability(p, CAP_NET_RAW, EPERM);
}

/* ---- power, and other processes */

static void plan_capable(struct planned *p, const struct company *company)
{
	static const int capabilities[] = { CAP_SYS_ADMIN, CAP_SYS_CHROOT, CAP_SETGID, CAP_SETUID,
		CAP_SETPCAP, CAP_SYS_NICE, CAP_SYS_BOOT, CAP_SYS_RESOURCE, CAP_WAKE_ALARM,
		CAP_NET_ADMIN };

	p->act.a = capabilities[random_below(N(capabilities))];
	add_capability(p, p->act.a, p->act.a == CAP_SYS_NICE ? EACCES : EPERM);
}

static void plan_other(struct planned *p, const struct company *company)
{
	static const int signals[] = { SIGHUP, SIGTERM, SIGUSR1, 34, 64 };
	struct step *s = add_step(p, p->kind->operations[0]);
	uint32_t target = random_below(company->n_domains + 1);

	if (target == company->n_domains) {
		s->r.target = REQUEST_OUTSIDE;
		p->act.a = company->outside;
	} else {
		s->r.target = target == p->domain ? REQUEST_SELF : REQUEST_DOMAIN;
		s->r.target_domain = target;
		p->act.a = company->helpers[target];
	}
	s->r.signal = p->act.b = signals[random_below(N(signals))];
}

static void plan_child(struct planned *p, const struct company *company)
{
	add_step(p, OP_FORK);
	if (p->kind->operations[0] != OP_FORK)
		add_step(p, p->kind->operations[0]);
}

#define FILE_KIND(name, weight, act, ...)                                                          \
	{                                                                                          \
		name, weight, plan_file, act, __VA_ARGS__                                          \
	}
#define ONE(op)                                                                                    \
	{                                                                                          \
		op, OP_COUNT                                                                       \
	}
#define TWO(op, q)                                                                                 \
	{                                                                                          \
		op, q                                                                              \
	}

static const struct kind kinds[] = {
	FILE_KIND("read", 6, ACT_READ, ONE(OP_READ), false, LEAVES_FILES),
	{ "list", 2, plan_folder, ACT_LIST, ONE(OP_READ), true, 0, 0 },
	FILE_KIND("write", 4, ACT_WRITE, ONE(OP_WRITE), false, LEAVES_CHANGING),
	FILE_KIND("truncate", 2, ACT_TRUNCATE, ONE(OP_WRITE), false, LEAVES_CHANGING),
	FILE_KIND("append", 3, ACT_APPEND, ONE(OP_APPEND), false, LEAVES_CHANGING),
	FILE_KIND("read and write", 3, ACT_READ_WRITE, TWO(OP_READ, OP_WRITE), false,
		LEAVES_CHANGING),
	FILE_KIND("create", 3, ACT_CREATE, TWO(OP_CREATE, OP_WRITE), false, LEAVES_CHANGING),
	FILE_KIND("mknod", 2, ACT_MKNOD, ONE(OP_CREATE), false, LEAVES_CHANGING),
	FILE_KIND("mkdir", 2, ACT_MKDIR, ONE(OP_CREATE), true, LEAVES_CHANGING),
	FILE_KIND("mkfifo", 1, ACT_MKFIFO, ONE(OP_CREATE), false, LEAVES_CHANGING),
	FILE_KIND("symlink", 1, ACT_SYMLINK, ONE(OP_CREATE), false, LEAVES_CHANGING),
	FILE_KIND("unlink", 3, ACT_UNLINK, ONE(OP_DELETE), false, LEAVES_CHANGING),
	FILE_KIND("rmdir", 2, ACT_RMDIR, ONE(OP_DELETE), true, LEAVES_CHANGING),
	FILE_KIND("chmod", 2, ACT_CHMOD, ONE(OP_SETATTR), false, LEAVES_CHANGING),
	FILE_KIND("utimes", 2, ACT_UTIMES, ONE(OP_SETATTR), false, LEAVES_CHANGING),
	FILE_KIND("map", 3, ACT_MAP, TWO(OP_READ, OP_MAP), false, LEAVES_CODE),
	FILE_KIND("ioctl", 3, ACT_IOCTL, TWO(OP_READ, OP_IOCTL), false, LEAVES_FILES),
	FILE_KIND("lock", 3, ACT_LOCK, TWO(OP_READ, OP_LOCK), false, LEAVES_FILES),
	{ "rename", 5, plan_two_names, ACT_RENAME, ONE(OP_RENAME), false, 0, 0 },
	{ "link", 4, plan_two_names, ACT_LINK, ONE(OP_LINK), false, 0, 0 },
	{ "exec", 8, plan_exec, ACT_EXEC, ONE(OP_EXEC), false, 0, 0 },
	{ "exec of a memfd", 2, plan_memory, ACT_EXEC_MEMFD, ONE(OP_EXEC), false, 0, 0 },
	{ "map of a memfd", 2, plan_memory, ACT_MAP_MEMFD, ONE(OP_MAP), false, 0, 0 },
	{ "connect", 5, plan_inet, ACT_CONNECT, ONE(OP_CONNECT), false, 0, 0 },
	{ "sendto", 3, plan_inet, ACT_SENDTO, ONE(OP_CONNECT), false, 0, 0 },
	{ "bind and listen", 5, plan_inet, ACT_BIND, ONE(OP_LISTEN), false, 0, 0 },
	{ "unix connect", 4, plan_unix, ACT_UNIX_CONNECT, ONE(OP_CONNECT), false, 0, 0 },
	{ "unix sendto", 2, plan_unix, ACT_UNIX_SENDTO, ONE(OP_CONNECT), false, 0, 0 },
	{ "unix bind and listen", 3, plan_unix, ACT_UNIX_BIND, ONE(OP_LISTEN), false, 0, 0 },
	{ "socket", 4, plan_socket, ACT_SOCKET, ONE(OP_SOCKET), false, 0, 0 },
	{ "capability", 6, plan_capable, ACT_CAPABLE, ONE(OP_CAPABILITY), false, 0, 0 },
	{ "signal", 6, plan_other, ACT_KILL, ONE(OP_SIGNAL), false, 0, 0 },
	{ "ptrace", 3, plan_other, ACT_PTRACE, ONE(OP_PTRACE), false, 0, 0 },
	{ "fork", 1, plan_child, ACT_FORK, ONE(OP_FORK), false, 0, 0 },
	{ "userns", 2, plan_child, ACT_USERNS, ONE(OP_USERNS), false, 0, 0 },
};

static void plan_case(struct planned *p, const struct company *company)
{
	uint32_t total = 0, at, i = 0;

	for (size_t k = 0; k < N(kinds); k++)
		total += kinds[k].weight;
	for (at = random_below(total); at >= kinds[i].weight; i++)
		at -= kinds[i].weight;
	*p = (struct planned){ .kind = &kinds[i] };
	p->act.kind = kinds[i].act;
	p->domain = random_below(company->n_domains);
	kinds[i].plan(p, company);
}

#endif
