/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/cover_seccomp.h"

#include "compiler/cells.h"
#include "compiler/decide.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/*
 * The calls that do what an operation speaks of. With an argument, only where argument & mask ==
 * value. A call that hides what it does in memory (clone3, socketcall, io_uring) stands for all of
 * it.
 */
static const struct performer {
	enum operation op;
	const char *call;
	const char *argument;
	uint64_t mask, value;
} performers[] = {
	{ OP_EXEC, "execve", NULL, 0, 0 },
	{ OP_EXEC, "execveat", NULL, 0, 0 },
	{ OP_SIGNAL, "kill", NULL, 0, 0 },
	{ OP_SIGNAL, "tkill", NULL, 0, 0 },
	{ OP_SIGNAL, "tgkill", NULL, 0, 0 },
	{ OP_SIGNAL, "rt_sigqueueinfo", NULL, 0, 0 },
	{ OP_SIGNAL, "rt_tgsigqueueinfo", NULL, 0, 0 },
	{ OP_SIGNAL, "pidfd_send_signal", NULL, 0, 0 },
	{ OP_PTRACE, "ptrace", NULL, 0, 0 },
	{ OP_PTRACE, "process_vm_readv", NULL, 0, 0 },
	{ OP_PTRACE, "process_vm_writev", NULL, 0, 0 },
	{ OP_PTRACE, "pidfd_getfd", NULL, 0, 0 },
	{ OP_PTRACE, "kcmp", NULL, 0, 0 },
	{ OP_FORK, "fork", NULL, 0, 0 },
	{ OP_FORK, "vfork", NULL, 0, 0 },
	/* CLONE_THREAD makes a thread. */
	{ OP_FORK, "clone", "clone_flags", 0x10000, 0 },
	{ OP_FORK, "clone3", NULL, 0, 0 },
	/* CLONE_NEWUSER */
	{ OP_USERNS, "clone", "clone_flags", 0x10000000, 0x10000000 },
	{ OP_USERNS, "unshare", "unshare_flags", 0x10000000, 0x10000000 },
	{ OP_USERNS, "clone3", NULL, 0, 0 },
	/* O_CREAT, and __O_TMPFILE, the same on every ABI here; openat2 has its flags in memory */
	{ OP_CREATE, "open", "flags", 0x40, 0x40 },
	{ OP_CREATE, "open", "flags", 0x400000, 0x400000 },
	{ OP_CREATE, "openat", "flags", 0x40, 0x40 },
	{ OP_CREATE, "openat", "flags", 0x400000, 0x400000 },
	{ OP_CREATE, "openat2", NULL, 0, 0 },
	{ OP_CREATE, "creat", NULL, 0, 0 },
	{ OP_CREATE, "mkdir", NULL, 0, 0 },
	{ OP_CREATE, "mkdirat", NULL, 0, 0 },
	{ OP_CREATE, "mknod", NULL, 0, 0 },
	{ OP_CREATE, "mknodat", NULL, 0, 0 },
	{ OP_CREATE, "symlink", NULL, 0, 0 },
	{ OP_CREATE, "symlinkat", NULL, 0, 0 },
	{ OP_CREATE, "io_uring_setup", NULL, 0, 0 },
	{ OP_DELETE, "unlink", NULL, 0, 0 },
	{ OP_DELETE, "unlinkat", NULL, 0, 0 },
	{ OP_DELETE, "rmdir", NULL, 0, 0 },
	{ OP_DELETE, "io_uring_setup", NULL, 0, 0 },
	{ OP_RENAME, "rename", NULL, 0, 0 },
	{ OP_RENAME, "renameat", NULL, 0, 0 },
	{ OP_RENAME, "renameat2", NULL, 0, 0 },
	{ OP_RENAME, "io_uring_setup", NULL, 0, 0 },
	{ OP_LINK, "link", NULL, 0, 0 },
	{ OP_LINK, "linkat", NULL, 0, 0 },
	{ OP_LINK, "io_uring_setup", NULL, 0, 0 },
	{ OP_SETATTR, "chmod", NULL, 0, 0 },
	{ OP_SETATTR, "fchmod", NULL, 0, 0 },
	{ OP_SETATTR, "fchmodat", NULL, 0, 0 },
	{ OP_SETATTR, "fchmodat2", NULL, 0, 0 },
	{ OP_SETATTR, "chown", NULL, 0, 0 },
	{ OP_SETATTR, "fchown", NULL, 0, 0 },
	{ OP_SETATTR, "lchown", NULL, 0, 0 },
	{ OP_SETATTR, "chown32", NULL, 0, 0 },
	{ OP_SETATTR, "fchown32", NULL, 0, 0 },
	{ OP_SETATTR, "lchown32", NULL, 0, 0 },
	{ OP_SETATTR, "fchownat", NULL, 0, 0 },
	{ OP_SETATTR, "utime", NULL, 0, 0 },
	{ OP_SETATTR, "utimes", NULL, 0, 0 },
	{ OP_SETATTR, "futimesat", NULL, 0, 0 },
	{ OP_SETATTR, "utimensat", NULL, 0, 0 },
	{ OP_SETATTR, "utimensat_time64", NULL, 0, 0 },
	{ OP_SETATTR, "setxattr", NULL, 0, 0 },
	{ OP_SETATTR, "lsetxattr", NULL, 0, 0 },
	{ OP_SETATTR, "fsetxattr", NULL, 0, 0 },
	{ OP_SETATTR, "setxattrat", NULL, 0, 0 },
	{ OP_SETATTR, "removexattr", NULL, 0, 0 },
	{ OP_SETATTR, "lremovexattr", NULL, 0, 0 },
	{ OP_SETATTR, "fremovexattr", NULL, 0, 0 },
	{ OP_SETATTR, "removexattrat", NULL, 0, 0 },
	{ OP_SETATTR, "file_setattr", NULL, 0, 0 },
	/* FS_IOC_SETFLAGS, its 32-bit twin, FS_IOC_SETVERSION and its twin, FS_IOC_FSSETXATTR */
	{ OP_SETATTR, "ioctl", "cmd", UINT32_MAX, 0x40086602 },
	{ OP_SETATTR, "ioctl", "cmd", UINT32_MAX, 0x40046602 },
	{ OP_SETATTR, "ioctl", "cmd", UINT32_MAX, 0x40087602 },
	{ OP_SETATTR, "ioctl", "cmd", UINT32_MAX, 0x40047602 },
	{ OP_SETATTR, "ioctl", "cmd", UINT32_MAX, 0x401c5820 },
	{ OP_SETATTR, "io_uring_setup", NULL, 0, 0 },
	{ OP_IOCTL, "ioctl", NULL, 0, 0 },
	{ OP_LOCK, "flock", NULL, 0, 0 },
	/* F_SETLK, F_SETLKW, F_SETLK64, F_SETLKW64, F_OFD_SETLK, F_OFD_SETLKW, F_SETLEASE */
	{ OP_LOCK, "fcntl", "cmd", UINT32_MAX, 6 },
	{ OP_LOCK, "fcntl", "cmd", UINT32_MAX, 7 },
	{ OP_LOCK, "fcntl", "cmd", UINT32_MAX, 37 },
	{ OP_LOCK, "fcntl", "cmd", UINT32_MAX, 38 },
	{ OP_LOCK, "fcntl", "cmd", UINT32_MAX, 1024 },
	{ OP_LOCK, "fcntl64", "cmd", UINT32_MAX, 6 },
	{ OP_LOCK, "fcntl64", "cmd", UINT32_MAX, 7 },
	{ OP_LOCK, "fcntl64", "cmd", UINT32_MAX, 13 },
	{ OP_LOCK, "fcntl64", "cmd", UINT32_MAX, 14 },
	{ OP_LOCK, "fcntl64", "cmd", UINT32_MAX, 37 },
	{ OP_LOCK, "fcntl64", "cmd", UINT32_MAX, 38 },
	{ OP_LOCK, "fcntl64", "cmd", UINT32_MAX, 1024 },
	/* sendto and its like connect on the way: MSG_FASTOPEN, and datagrams */
	{ OP_CONNECT, "connect", NULL, 0, 0 },
	{ OP_CONNECT, "sendto", NULL, 0, 0 },
	{ OP_CONNECT, "sendmsg", NULL, 0, 0 },
	{ OP_CONNECT, "sendmmsg", NULL, 0, 0 },
	{ OP_CONNECT, "socketcall", NULL, 0, 0 },
	{ OP_CONNECT, "io_uring_setup", NULL, 0, 0 },
	{ OP_LISTEN, "bind", NULL, 0, 0 },
	{ OP_LISTEN, "listen", NULL, 0, 0 },
	{ OP_LISTEN, "accept", NULL, 0, 0 },
	{ OP_LISTEN, "accept4", NULL, 0, 0 },
	{ OP_LISTEN, "socketcall", NULL, 0, 0 },
	{ OP_LISTEN, "io_uring_setup", NULL, 0, 0 },
	{ OP_MOUNT, "mount", NULL, 0, 0 },
	{ OP_MOUNT, "fsopen", NULL, 0, 0 },
	{ OP_MOUNT, "fspick", NULL, 0, 0 },
	{ OP_MOUNT, "fsconfig", NULL, 0, 0 },
	{ OP_MOUNT, "fsmount", NULL, 0, 0 },
	{ OP_MOUNT, "move_mount", NULL, 0, 0 },
	{ OP_MOUNT, "mount_setattr", NULL, 0, 0 },
	{ OP_BIND, "mount", NULL, 0, 0 },
	{ OP_BIND, "open_tree", NULL, 0, 0 },
	{ OP_BIND, "open_tree_attr", NULL, 0, 0 },
	{ OP_BIND, "move_mount", NULL, 0, 0 },
	{ OP_UMOUNT, "umount2", NULL, 0, 0 },
	{ OP_UMOUNT, "umount", NULL, 0, 0 },
	{ OP_PIVOT, "pivot_root", NULL, 0, 0 },
};

/* Ways to the same end that are no call of its own; NULL: none. */
static const char *beyond(enum operation op)
{
	switch (op) {
	case OP_PTRACE:
		return "refuses the calls, but /proc/PID/mem is opened like any file";
	case OP_SIGNAL:
		return "refuses the calls, but F_SETOWN lets the kernel send signals";
	default:
		return NULL;
	}
}

/* How the union of all domains answers what an operation speaks of. */
struct tally {
	uint32_t allowed, denied, killed;
};

static struct request call_request(enum abi abi, uint32_t syscall, const uint64_t arguments[6])
{
	struct request r = {
		.operation = OP_SYSCALL,
		.abi = abi,
		.number = vocab_syscalls[syscall].number[abi],
		.has_arguments = true,
	};

	memcpy(r.arguments, arguments, sizeof(r.arguments));
	return r;
}

static void count(struct tally *t, enum verdict v)
{
	t->allowed += v == VERDICT_ALLOW;
	t->denied += v == VERDICT_DENY;
	t->killed += v == VERDICT_KILL;
}

static void tally_call(const struct policy *p, const struct performer *by, enum abi abi,
	uint32_t syscall, struct tally *t)
{
	struct arena *a = arena_new();
	uint64_t value = by->value, arguments[6];
	struct syscall_test test = { .kind = TEST_MASK, .mask = by->mask, .values = &value };
	struct syscall_match match = { .syscall = (int)syscall };
	struct cells cells;

	if (by->argument) {
		test.argument = vocab_argument_find((int)syscall, by->argument);
		assert(test.argument);
		test.n_values = 1;
		match.tests = &test;
		match.n_tests = 1;
	}
	if (!cells_new(a, p, abi, (int)syscall, &test, match.n_tests, &cells)) {
		t->allowed++; /* not known to be refused */
		cells.n = 0;
	}
	for (uint32_t cell = 0; cell < cells.n; cell++) {
		struct request r;

		cells_witness(&cells, cell, arguments);
		r = call_request(abi, syscall, arguments);
		/* A register that the ABI keeps in memory: it may be anything. */
		if (!match.n_tests || test.argument->index[abi] >= 6 ||
			syscall_match_holds(&match, abi, arguments))
			count(t, decide_syscall_union(p, &r).verdict);
	}
	arena_free(a);
}

static void tally_operation(const struct policy *p, enum operation op, struct tally *t)
{
	for (size_t i = 0; i < sizeof(performers) / sizeof(*performers); i++) {
		const struct performer *by = &performers[i];
		int syscall;

		if (by->op != op)
			continue;
		syscall = vocab_syscall_find(by->call);
		assert(syscall >= 0);
		for (int abi = 0; abi < ABI_COUNT; abi++) {
			if (p->abis & 1u << abi && vocab_syscalls[syscall].number[abi] >= 0)
				tally_call(p, by, (enum abi)abi, (uint32_t)syscall, t);
		}
	}
}

static bool passes(const struct rule *rule)
{
	return rule->effect == EFFECT_ALLOW || rule->effect == EFFECT_AUDIT;
}

static void set(struct coverage *c, const struct rule *rule, enum operation op, enum mechanism m,
	enum coverage_verdict verdict, const char *why)
{
	coverage_set(c, rule, op, m, verdict, why);
}

/* Whether a rule without objects stands before this one and decides everything. */
static bool never_decides(const struct policy *p, const struct rule *rule, enum operation op)
{
	struct request r = { .operation = op };

	return vocab_operations[op].object == OBJECT_NONE &&
	       decide(p, rule->domain, &r).rule != rule;
}

static void cover_operation(const struct policy *p, struct coverage *c, enum mechanism m,
	const struct rule *rule, enum operation op, const struct tally *t)
{
	uint32_t refused = t->denied + t->killed;

	if (never_decides(p, rule, op)) {
		set(c, rule, op, m, COVERAGE_EXACT, NULL);
	} else if (passes(rule)) {
		if (refused && !t->allowed)
			set(c, rule, op, m, COVERAGE_NARROWER, "refuses every call that does it");
		else if (vocab_operations[op].object == OBJECT_NONE)
			set(c, rule, op, m, COVERAGE_EXACT, NULL);
	} else if (t->allowed && refused) {
		set(c, rule, op, m, COVERAGE_WIDER,
			"refuses only some of the calls that do it, whatever the object");
	} else if (refused && beyond(op)) {
		set(c, rule, op, m, COVERAGE_WIDER, beyond(op));
	} else if (refused && rule->effect == EFFECT_KILL && t->denied) {
		set(c, rule, op, m, COVERAGE_WIDER, "refuses, but does not kill the process");
	} else if (refused && rule->errnum && rule->errnum != EPERM) {
		set(c, rule, op, m, COVERAGE_WIDER, "refuses, but with EPERM");
	} else if (refused) {
		set(c, rule, op, m, COVERAGE_EXACT, NULL);
	}
}

/* Syscall rules: in one domain the filter is the policy; among several it is their union. */
struct uniting {
	const struct policy *policy;
	struct coverage *coverage;
	enum mechanism mechanism;
	enum abi abi;
	uint32_t syscall;
};

static bool compare_domains(void *ctx, const uint64_t arguments[6])
{
	struct uniting *u = ctx;
	struct request r = call_request(u->abi, u->syscall, arguments);
	enum verdict have = decide_syscall_union(u->policy, &r).verdict;

	for (uint32_t i = 0; i < u->policy->n_domains; i++) {
		struct decision d = decide(u->policy, i, &r);

		if (d.verdict == VERDICT_ALLOW)
			continue;
		if (have == VERDICT_ALLOW)
			set(u->coverage, d.rule, OP_SYSCALL, u->mechanism, COVERAGE_WIDER,
				"a process tree has one filter, and another of its profiles may");
		else if (d.verdict == VERDICT_KILL && have != VERDICT_KILL)
			set(u->coverage, d.rule, OP_SYSCALL, u->mechanism, COVERAGE_WIDER,
				"refuses, but does not kill: a process tree has one filter");
	}
	return true;
}

/* What passes through one socket(2) or socketpair(2), against what `socket` rules say of it. */
struct sockets {
	const struct policy *policy;
	struct coverage *coverage;
	enum mechanism mechanism;
	enum abi abi;
	uint32_t syscall;
	bool pair;
	const struct vocab_argument *family, *type, *protocol;
};

static void compare_socket(struct sockets *s, const uint64_t arguments[6])
{
	struct request call = call_request(s->abi, s->syscall, arguments);
	struct request r = {
		.operation = OP_SOCKET,
		.socket_family = (int)vocab_argument_value(s->family, s->abi, arguments),
		.socket_type = (int)vocab_argument_value(s->type, s->abi, arguments),
		.socket_protocol = (int)vocab_argument_value(s->protocol, s->abi, arguments),
	};
	enum verdict have = decide_syscall_union(s->policy, &call).verdict;
	/* That it is refused takes nothing away from who may have such a socket. */
	bool another_way = s->pair;

	/* net/socket.c: the old way to ask for a packet socket */
	if (r.socket_family == AF_INET && (r.socket_type & 0xf) == SOCK_PACKET) {
		r.socket_family = AF_PACKET;
		another_way = true;
	}
	if (vocab_family_of_socket(r.socket_family, r.socket_type) == VOCAB_FAMILY_COVERED)
		return;
	for (uint32_t i = 0; i < s->policy->n_domains; i++) {
		struct decision d = decide(s->policy, i, &r);
		const char *why = NULL;

		if (d.verdict == VERDICT_ALLOW && have != VERDICT_ALLOW && !another_way) {
			set(s->coverage, d.rule, OP_SOCKET, s->mechanism, COVERAGE_NARROWER,
				"the syscall rules refuse it");
			continue;
		}
		if (d.verdict != VERDICT_ALLOW && have == VERDICT_ALLOW)
			why = "the syscall rules allow it";
		else if (d.verdict == VERDICT_KILL && have == VERDICT_DENY)
			why = "refuses, but does not kill the process";
		if (why)
			set(s->coverage, d.rule, OP_SOCKET, s->mechanism, COVERAGE_WIDER, why);
	}
}

static void add_value(struct arena *a, struct syscall_test *t, uint32_t *cap, uint64_t v)
{
	ARENA_PUSH(a, t->values, t->n_values, *cap, v);
}

/* The families and types that vocab_family_of_socket() tells apart; protocols for netlink. */
static bool socket_cells(struct arena *a, const struct sockets *s, struct cells *ret)
{
	static uint64_t raw = SOCK_RAW, packet = SOCK_PACKET;
	struct syscall_test tests[] = {
		{ .argument = s->family, .kind = TEST_IN },
		{ .argument = s->type,
			.kind = TEST_MASK,
			.mask = 0xf,
			.values = &raw,
			.n_values = 1 },
		{ .argument = s->type,
			.kind = TEST_MASK,
			.mask = 0xf,
			.values = &packet,
			.n_values = 1 },
		{ .argument = s->protocol, .kind = TEST_IN },
	};
	uint32_t cap_families = 0, cap_protocols = 0;
	bool netlink = false;

	for (uint64_t family = 0; family < 64; family++)
		add_value(a, &tests[0], &cap_families, family);
	for (uint32_t i = 0; i < s->policy->n_rules; i++)
		netlink = netlink || s->policy->rules[i]->netlink;
	for (uint64_t protocol = 0; netlink && protocol < 32; protocol++)
		add_value(a, &tests[3], &cap_protocols, protocol);
	return cells_new(a, s->policy, s->abi, (int)s->syscall, tests, 4, ret);
}

static void settle_sockets(const struct policy *p, struct coverage *c, enum mechanism m,
	enum coverage_verdict verdict, const char *why)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		if (p->rules[i]->operations & OP_BIT(OP_SOCKET) &&
			(verdict == COVERAGE_EXACT || !passes(p->rules[i])))
			set(c, p->rules[i], OP_SOCKET, m, verdict, why);
	}
}

static bool any_allowed(const struct policy *p, const char *name)
{
	struct performer by = { .op = OP_SOCKET, .call = name };
	int syscall = vocab_syscall_find(name);
	struct tally t = { 0 };

	for (int abi = 0; abi < ABI_COUNT; abi++) {
		if (p->abis & 1u << abi && vocab_syscalls[syscall].number[abi] >= 0)
			tally_call(p, &by, (enum abi)abi, (uint32_t)syscall, &t);
	}
	return t.allowed > 0;
}

static void cover_sockets(const struct policy *p, struct coverage *c, enum mechanism m)
{
	static const char *const calls[] = { "socket", "socketpair" };
	static const char *const around[] = { "socketcall", "io_uring_setup" };

	settle_sockets(p, c, m, COVERAGE_EXACT, NULL);
	for (int i = 0; i < 2; i++) {
		int syscall = vocab_syscall_find(calls[i]);

		for (int abi = 0; abi < ABI_COUNT; abi++) {
			struct sockets s = { p, c, m, (enum abi)abi, (uint32_t)syscall, i == 1,
				vocab_argument_find(syscall, "family"),
				vocab_argument_find(syscall, "type"),
				vocab_argument_find(syscall, "protocol") };
			struct arena *a = arena_new();
			struct cells cells;
			uint64_t arguments[6];

			if (!(p->abis & 1u << abi) || vocab_syscalls[syscall].number[abi] < 0) {
				arena_free(a);
				continue;
			}
			if (!socket_cells(a, &s, &cells)) {
				settle_sockets(p, c, m, COVERAGE_WIDER,
					"too many conditions on socket to tell");
				cells.n = 0;
			}
			for (uint32_t cell = 0; cell < cells.n; cell++) {
				cells_witness(&cells, cell, arguments);
				compare_socket(&s, arguments);
			}
			arena_free(a);
		}
	}
	for (int i = 0; i < 2; i++) {
		if (any_allowed(p, around[i]))
			settle_sockets(p, c, m, COVERAGE_WIDER,
				arena_printf(p->arena, "the syscall rules allow %s", around[i]));
	}
}

static void cover_syscalls(const struct policy *p, struct coverage *c, enum mechanism m)
{
	struct uniting u = { .policy = p, .coverage = c, .mechanism = m };

	for (uint32_t i = 0; i < p->n_rules; i++) {
		if (p->rules[i]->operations & OP_BIT(OP_SYSCALL))
			set(c, p->rules[i], OP_SYSCALL, m, COVERAGE_EXACT, NULL);
	}
	if (p->n_domains == 1)
		return;
	for (u.syscall = 0; u.syscall < vocab_n_syscalls; u.syscall++) {
		for (int abi = 0; abi < ABI_COUNT; abi++) {
			u.abi = (enum abi)abi;
			if (p->abis & 1u << abi && vocab_syscalls[u.syscall].number[abi] >= 0)
				cells_walk(p, u.abi, (int)u.syscall, false, compare_domains, &u);
		}
	}
}

static void cover(const struct policy *p, struct coverage *c, enum mechanism m)
{
	cover_syscalls(p, c, m);
	cover_sockets(p, c, m);
	for (int op = 0; op < OP_COUNT; op++) {
		struct tally t = { 0 };

		if (op == OP_SYSCALL || op == OP_SOCKET)
			continue;
		tally_operation(p, (enum operation)op, &t);
		if (t.denied && !t.allowed)
			c->settled_by_seccomp |= OP_BIT(op);
		for (uint32_t i = 0; i < p->n_rules; i++) {
			if (p->rules[i]->operations & OP_BIT(op))
				cover_operation(p, c, m, p->rules[i], (enum operation)op, &t);
		}
	}
}

void cover_seccomp(const struct policy *p, struct coverage *c)
{
	cover(p, c, MECHANISM_SECCOMP);
}

struct leaving_out {
	struct uniting in;
	const char *why;
};

static bool note_left_out(void *ctx, const uint64_t arguments[6])
{
	struct leaving_out *l = ctx;
	struct request r = call_request(l->in.abi, l->in.syscall, arguments);
	struct decision d = decide_syscall_union(l->in.policy, &r);

	if (d.verdict == VERDICT_ALLOW)
		set(l->in.coverage, d.rule, OP_SYSCALL, MECHANISM_OCI, COVERAGE_NARROWER, l->why);
	else if (d.verdict == VERDICT_KILL)
		set(l->in.coverage, d.rule, OP_SYSCALL, MECHANISM_OCI, COVERAGE_WIDER,
			arena_printf(l->in.policy->arena, "%s: refused, but not killed", l->why));
	return true;
}

/* libseccomp (src/arch-x86.c) adds to every rule on a call that x86 also reaches through
 * socketcall or ipc one on that call, which cannot see the arguments. */
static void note_multiplexers(const struct policy *p, struct coverage *c)
{
	static const enum operation ops[] = { OP_SYSCALL, OP_SOCKET, OP_CONNECT, OP_LISTEN };
	static const char why[] = "libseccomp lets through socketcall and ipc on x86 for each of "
				  "their calls that is allowed";

	for (uint32_t i = 0; i < p->n_rules; i++) {
		for (size_t k = 0; k < sizeof(ops) / sizeof(*ops); k++) {
			const struct rule *rule = p->rules[i];

			if (rule->operations & OP_BIT(ops[k]) && !passes(rule) &&
				c->v[i][ops[k]][MECHANISM_OCI].verdict == COVERAGE_EXACT)
				set(c, rule, ops[k], MECHANISM_OCI, COVERAGE_WIDER, why);
		}
	}
}

void cover_oci(const struct oci_filter *f, struct coverage *c)
{
	struct leaving_out l = {
		.in = { .policy = f->policy, .coverage = c, .mechanism = MECHANISM_OCI },
	};

	cover(f->policy, c, MECHANISM_OCI);
	for (l.in.syscall = 0; l.in.syscall < vocab_n_syscalls; l.in.syscall++) {
		l.why = f->left_out[l.in.syscall];
		for (int abi = 0; l.why && abi < ABI_COUNT; abi++) {
			l.in.abi = (enum abi)abi;
			if (f->policy->abis & 1u << abi &&
				vocab_syscalls[l.in.syscall].number[abi] >= 0)
				cells_walk(f->policy, l.in.abi, (int)l.in.syscall, false,
					note_left_out, &l);
		}
	}
	if (f->policy->abis & 1u << ABI_X86)
		note_multiplexers(f->policy, c);
}
