/* SPDX-License-Identifier: Apache-2.0 */
/* What verdict tables cannot ask: requests as the kernel makes them, beyond what a question can
 * say. */
#include "compiler/compile.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

#include "random.h"

static struct compilation c;

static const struct policy *policy(const char *text)
{
	static const struct compile_options none;

	compile_bytes(&c, "test.pale", text, strlen(text), &none);
	if (c.diags.n_errors) {
		diag_print(&c.diags, stderr, false);
		fail_msg("the policy is wrong");
	}
	return c.policies[0];
}

static int stop(void **state)
{
	(void)state;
	compilation_release(&c);
	return 0;
}

static struct request file(enum operation op, const char *path)
{
	return (struct request){
		.operation = op, .path = path, .path_len = path ? (uint32_t)strlen(path) : 0
	};
}

static struct request call(enum abi abi, const char *name)
{
	int i = vocab_syscall_find(name);

	assert_true(i >= 0);
	return (struct request){ .operation = OP_SYSCALL,
		.abi = abi,
		.number = vocab_syscalls[i].number[abi],
		.has_arguments = true };
}

static void is(const struct policy *p, uint32_t domain, struct request r, enum verdict verdict,
	int errnum, const char *rule)
{
	struct decision d = decide(p, domain, &r);

	if (d.verdict != verdict || d.depends || d.errnum != errnum ||
		strncmp(d.rule->text, rule, strlen(rule)) != 0)
		fail_msg("%s: verdict %d, errno %d, by '%s', not verdict %d, errno %d, by '%s'",
			vocab_operations[r.operation].name, d.verdict, d.errnum, d.rule->text,
			verdict, errnum, rule);
}

static struct request connect6(const char *bytes, uint16_t port)
{
	struct request r = {
		.operation = OP_CONNECT, .protocol = PROTOCOL_TCP, .family = 6, .port = port
	};

	memcpy(r.address, bytes, 16);
	return r;
}

#define MAPPED(a, b, c, d) "\0\0\0\0\0\0\0\0\0\0\xff\xff" a b c d

static void a_mapped_address_is_ipv4(void **state)
{
	const struct policy *p = policy("profile p { abi x86_64; network {\n"
					"allow connect tcp 10.0.0.0/8:443, [::/0]:80\n"
					"deny connect tcp 10.1.0.0/16:443\n } }");
	struct request four = {
		.operation = OP_CONNECT, .protocol = PROTOCOL_TCP, .family = 4, .port = 443
	};

	(void)state;
	is(p, 0, connect6(MAPPED("\x0a", "\x02", "\x03", "\x04"), 443), VERDICT_ALLOW, 0,
		"allow connect");
	is(p, 0, connect6(MAPPED("\x0a", "\x01", "\x03", "\x04"), 443), VERDICT_DENY, EACCES,
		"deny connect tcp 10.1");
	/* Not through a rule of every IPv6 address. */
	is(p, 0, connect6(MAPPED("\x0a", "\x02", "\x03", "\x04"), 80), VERDICT_DENY, EACCES,
		"deny connect by default");
	/* IPv4-compatible (::10.2.3.4) is something else, and IPv6. */
	is(p, 0, connect6("\0\0\0\0\0\0\0\0\0\0\0\0\x0a\x02\x03\x04", 443), VERDICT_DENY, EACCES,
		"deny connect by default");
	is(p, 0, connect6("\0\0\0\0\0\0\0\0\0\0\0\0\x0a\x02\x03\x04", 80), VERDICT_ALLOW, 0,
		"allow");
	/* Bytes after an IPv4 address do not count. */
	memset(four.address, 0xff, sizeof(four.address));
	memcpy(four.address, "\x0a\x02\x00\x00", 4);
	is(p, 0, four, VERDICT_ALLOW, 0, "allow");
}

static void what_no_table_knows_is_denied(void **state)
{
	const struct policy *p = policy(
		"profile p { abi x86_64\n"
		"network { allow connect tcp, udp *:*; allow socket vsock, netlink(ROUTE) }\n"
		"process { allow signal HUP to any }\n capability { allow kill } }");
	struct request r = { .operation = OP_CONNECT, .protocol = PROTOCOL_COUNT, .family = 4 };

	(void)state;
	is(p, 0, r, VERDICT_DENY, EACCES, "deny connect by default");
	r.protocol = -1;
	is(p, 0, r, VERDICT_DENY, EACCES, "deny connect by default");
	r.protocol = PROTOCOL_UDP;
	is(p, 0, r, VERDICT_ALLOW, 0, "allow");
	r = (struct request){
		.operation = OP_SOCKET, .socket_family = 9999, .socket_type = SOCK_STREAM
	};
	is(p, 0, r, VERDICT_DENY, EACCES, "deny socket by default");
	r.socket_family = AF_VSOCK;
	is(p, 0, r, VERDICT_ALLOW, 0, "allow");
	r.socket_family = AF_NETLINK;
	is(p, 0, r, VERDICT_ALLOW, 0, "allow");
	r.socket_protocol = 32;
	is(p, 0, r, VERDICT_DENY, EACCES, "deny socket by default");
	r.socket_protocol = -1;
	is(p, 0, r, VERDICT_DENY, EACCES, "deny socket by default");
	for (int s = -1; s <= 66; s++) {
		r = (struct request){
			.operation = OP_SIGNAL, .signal = s, .target = REQUEST_OUTSIDE
		};
		is(p, 0, r, s == 1 ? VERDICT_ALLOW : VERDICT_DENY, s == 1 ? 0 : EACCES,
			s == 1 ? "allow" : "deny signal by default");
	}
	for (int cap = -1; cap <= 64; cap++) {
		r = (struct request){ .operation = OP_CAPABILITY, .capability = cap };
		is(p, 0, r, cap == 5 ? VERDICT_ALLOW : VERDICT_DENY, cap == 5 ? 0 : EACCES,
			cap == 5 ? "allow" : "deny capability by default");
	}
}

static void what_has_no_path_is_denied_and_its_class_is_anonymous(void **state)
{
	const struct policy *p = policy("profile p { abi x86_64\n"
					"file { allow read, write, create, delete, rename, link, "
					"setattr, map, ioctl, lock /** }\n"
					"network { allow connect unix /** }\n"
					"process { allow exec /bin/**; allow exec drift /tmp/*; "
					"allow exec anonymous owner }\n"
					"profile sub { process { allow exec /bin/x } } process { "
					"allow exec /opt/x as sub } }");
	static const enum operation pathless[] = { OP_READ, OP_WRITE, OP_APPEND, OP_CREATE,
		OP_DELETE, OP_RENAME, OP_LINK, OP_SETATTR, OP_MAP, OP_IOCTL, OP_LOCK, OP_EXEC,
		OP_UMOUNT };
	struct request r;

	(void)state;
	for (size_t i = 0; i < sizeof(pathless) / sizeof(*pathless); i++) {
		char want[64];

		snprintf(want, sizeof(want), "deny %s by default",
			vocab_operations[pathless[i]].name);
		is(p, 0, file(pathless[i], NULL), VERDICT_DENY, EACCES, want);
	}
	r = (struct request){ .operation = OP_CONNECT, .protocol = PROTOCOL_UNIX };
	is(p, 0, r, VERDICT_DENY, EACCES, "deny connect by default");

	/* A class counts for exec and map, not for reading. */
	for (int owner = 0; owner < 2; owner++) {
		for (int with_path = 0; with_path < 2; with_path++) {
			/* A deleted file may still have a name; it is not one. */
			r = file(OP_EXEC, with_path ? "/bin/x" : NULL);
			r.object_class = CLASS_ANONYMOUS;
			r.owner = owner;
			is(p, 0, r, owner ? VERDICT_ALLOW : VERDICT_DENY, owner ? 0 : EACCES,
				owner ? "allow exec anonymous" : "deny exec by default");
			r.operation = OP_MAP;
			is(p, 0, r, owner ? VERDICT_ALLOW : VERDICT_DENY, owner ? 0 : EACCES,
				owner ? "allow exec anonymous" : "deny map by default");
		}
	}
	r = file(OP_EXEC, "/tmp/x");
	is(p, 0, r, VERDICT_DENY, EACCES, "deny exec by default");
	r.object_class = CLASS_DRIFT;
	is(p, 0, r, VERDICT_ALLOW, 0, "allow exec drift");
	r = file(OP_EXEC, "/bin/x");
	r.object_class = CLASS_DRIFT;
	is(p, 0, r, VERDICT_DENY, EACCES, "deny exec by default");
	r.operation = OP_READ;
	is(p, 0, r, VERDICT_ALLOW, 0, "allow");
	/* A transition is an exec's that is allowed, and nothing else's. */
	assert_int_equal(
		decide(p, 0,
			&(struct request){ .operation = OP_EXEC, .path = "/opt/x", .path_len = 6 })
			.transition,
		1);
	assert_int_equal(
		decide(p, 0,
			&(struct request){ .operation = OP_READ, .path = "/opt/x", .path_len = 6 })
			.transition,
		-1);
	assert_int_equal(
		decide(p, 1,
			&(struct request){ .operation = OP_EXEC, .path = "/opt/x", .path_len = 6 })
			.transition,
		-1);
}

static void paths_are_bytes_of_a_length(void **state)
{
	const struct policy *p =
		policy("profile p { abi x86_64\n file { allow read /a\\x80, /b/* } }");
	struct request r = file(OP_READ, "/a\x80");

	(void)state;
	is(p, 0, r, VERDICT_ALLOW, 0, "allow");
	r = file(OP_READ, "/b/c/d");
	is(p, 0, r, VERDICT_DENY, EACCES, "deny read by default");
	r.path_len = 4;
	is(p, 0, r, VERDICT_ALLOW, 0, "allow");
	r.path_len = 0;
	is(p, 0, r, VERDICT_DENY, EACCES, "deny read by default");
	/* NUL is a byte like others, and no glob of a path matches it away. */
	r = (struct request){ .operation = OP_READ, .path = "/b/\0/x", .path_len = 6 };
	is(p, 0, r, VERDICT_DENY, EACCES, "deny read by default");
}

static void targets_are_the_sender_s_domain_or_another(void **state)
{
	const struct policy *p = policy(
		"profile p { abi x86_64\n"
		"process { allow signal TERM to self; allow signal KILL to p/sub; allow ptrace "
		"p/sub }\n"
		"profile sub { process { allow signal HUP to p; allow signal TERM to self } } }");
	struct request r = { .operation = OP_SIGNAL, .signal = 15, .target = REQUEST_SELF };

	(void)state;
	is(p, 0, r, VERDICT_ALLOW, 0, "allow signal TERM");
	/* Self by its number. */
	r.target = REQUEST_DOMAIN;
	r.target_domain = 0;
	is(p, 0, r, VERDICT_ALLOW, 0, "allow signal TERM");
	is(p, 1, r, VERDICT_DENY, EACCES, "deny signal by default");
	r.target_domain = 1;
	is(p, 0, r, VERDICT_DENY, EACCES, "deny signal by default");
	is(p, 1, r, VERDICT_ALLOW, 0, "allow signal TERM");
	r.target = REQUEST_OUTSIDE;
	is(p, 0, r, VERDICT_DENY, EACCES, "deny signal by default");
	r = (struct request){
		.operation = OP_PTRACE, .target = REQUEST_DOMAIN, .target_domain = 1
	};
	is(p, 0, r, VERDICT_ALLOW, 0, "allow ptrace");
	is(p, 1, r, VERDICT_DENY, EACCES, "deny ptrace by default");
	r.target = REQUEST_OUTSIDE;
	is(p, 0, r, VERDICT_DENY, EACCES, "deny ptrace by default");
}

static void a_call_that_no_table_knows_is_not_there(void **state)
{
	const struct policy *p = policy("profile p { abi x86_64; on violation kill\n"
					"syscall { only read, clone(clone_flags == 0) } }");
	static const int64_t unknown[] = { 9999, 0x3fffffff, 0x7fffffff, -1, INT32_MIN };
	struct request r = { .operation = OP_SYSCALL, .abi = ABI_X86_64, .has_arguments = true };
	struct decision d;

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
		for (int known = 0; known < 2; known++) {
			r.number = unknown[i];
			r.has_arguments = known;
			d = decide(p, 0, &r);
			/* As a kernel that lacks it, whatever a violation does; and no violation.
			 */
			assert_int_equal(d.verdict, VERDICT_DENY);
			assert_int_equal(d.errnum, ENOSYS);
			assert_false(d.reported || d.depends);
		}
	}
	r = call(ABI_X86_64, "clone3");
	d = decide(p, 0, &r);
	assert_int_equal(d.errnum, ENOSYS);
	assert_false(d.reported);
	/* A call that is known is refused as any. */
	is(p, 0, call(ABI_X86_64, "openat"), VERDICT_KILL, EPERM, "kill syscall by default");
}

static void other_abis_are_refused_whatever_the_number(void **state)
{
	const struct policy *p = policy("profile p { abi x86_64, x86; syscall { only read, write; "
					"deny mmap2 errno ENOMEM } }");
	static const enum abi silent[] = { ABI_X32, ABI_AARCH64, ABI_ARM };

	(void)state;
	is(p, 0, call(ABI_X86_64, "read"), VERDICT_ALLOW, 0, "only");
	is(p, 0, call(ABI_X86, "read"), VERDICT_ALLOW, 0, "only");
	is(p, 0, call(ABI_X86, "mmap2"), VERDICT_DENY, ENOMEM, "deny mmap2");
	/* Its numbers are another ABI's. */
	assert_int_not_equal(call(ABI_X86, "read").number, call(ABI_X86_64, "read").number);
	for (size_t i = 0; i < sizeof(silent) / sizeof(*silent); i++) {
		struct request r = call(silent[i], "read");
		struct decision d;

		is(p, 0, r, VERDICT_DENY, EPERM, "deny syscall by default");
		r.number = 9999;
		is(p, 0, r, VERDICT_DENY, EPERM, "deny syscall by default");
		r.has_arguments = false;
		d = decide(p, 0, &r);
		assert_int_equal(d.verdict, VERDICT_DENY);
		assert_false(d.depends);
		assert_true(d.reported);
	}
}

static void one_tree_has_one_filter(void **state)
{
	const struct policy *p = policy(
		"profile p { abi x86_64\n"
		"syscall { only read; kill ptrace; deny uname errno EFAULT; allow ioctl(cmd == 1) "
		"}\n"
		"process { allow exec /a as a; allow exec /b as b }\n"
		"profile a { syscall { only read, ptrace; audit uname; allow ioctl(cmd == 2) } }\n"
		"profile b { syscall { only write; allow ptrace, uname } } }");
	struct request r;
	struct decision d;

	(void)state;
	r = call(ABI_X86_64, "read");
	d = decide_syscall_union(p, &r);
	assert_true(d.verdict == VERDICT_ALLOW && d.rule->domain == 0);
	/* The first that allows, also against a kill of the profile's own. */
	r = call(ABI_X86_64, "ptrace");
	d = decide_syscall_union(p, &r);
	assert_true(d.verdict == VERDICT_ALLOW && d.rule->domain == 1);
	r = call(ABI_X86_64, "write");
	d = decide_syscall_union(p, &r);
	assert_true(d.verdict == VERDICT_ALLOW && d.rule->domain == 2);
	r = call(ABI_X86_64, "uname");
	d = decide_syscall_union(p, &r);
	assert_true(d.verdict == VERDICT_ALLOW && d.reported && d.rule->domain == 1);
	/* Where all refuse, as the profile does. */
	r = call(ABI_X86_64, "openat");
	d = decide_syscall_union(p, &r);
	assert_true(d.verdict == VERDICT_DENY && d.rule == p->domains[0]->defaults[OP_SYSCALL]);
	for (uint64_t cmd = 0; cmd < 4; cmd++) {
		r = call(ABI_X86_64, "ioctl");
		r.arguments[1] = cmd;
		assert_int_equal(
			decide_syscall_union(p, &r).verdict == VERDICT_ALLOW, cmd == 1 || cmd == 2);
	}
	r = call(ABI_X86_64, "ioctl");
	r.has_arguments = false;
	d = decide_syscall_union(p, &r);
	assert_true(d.depends);
	assert_true(d.allowed_witness[1] == 1 || d.allowed_witness[1] == 2);
	assert_true(d.denied_witness[1] != 1 && d.denied_witness[1] != 2);
}

static void witnesses_are_true(void **state)
{
	const struct policy *p = policy(
		"profile p { abi x86_64, x86; syscall { only read\n"
		"allow ioctl(cmd in {1, 2, 0xffffffff} and fd != 3)\n"
		"allow socket(family == AF_UNIX and type & 0xf == SOCK_STREAM)\n"
		"allow mprotect(prot & 6 != 6); deny mprotect(prot & 1 == 1 and len > 0x1000)\n"
		"allow setpriority(niceval >= -5 and niceval < 10 and which in 0..1)\n"
		"allow kill(sig not in {9, 19}); kill kill(pid == 1)\n"
		"allow personality } }");
	unsigned int depends = 0;

	(void)state;
	for (uint32_t i = 0; i < vocab_n_syscalls; i++) {
		for (int abi = ABI_X86_64; abi <= ABI_X86; abi++) {
			struct request r = { .operation = OP_SYSCALL,
				.abi = (enum abi)abi,
				.number = vocab_syscalls[i].number[abi] };
			struct decision d, with;

			if (r.number < 0)
				continue;
			d = decide(p, 0, &r);
			if (!d.depends)
				continue;
			depends++;
			r.has_arguments = true;
			memcpy(r.arguments, d.allowed_witness, sizeof(r.arguments));
			with = decide(p, 0, &r);
			assert_int_equal(with.verdict, VERDICT_ALLOW);
			memcpy(r.arguments, d.denied_witness, sizeof(r.arguments));
			with = decide(p, 0, &r);
			assert_int_not_equal(with.verdict, VERDICT_ALLOW);
			assert_ptr_equal(with.rule, d.rule);
		}
	}
	/* Five calls, under both ABIs. */
	assert_int_equal(depends, 10);
}

static void arguments_that_are_known_settle_their_part(void **state)
{
	const struct policy *p =
		policy("profile p { abi x86_64; syscall { only read\n"
		       "allow ioctl(cmd == 7 and fd == 3); allow ioctl(cmd == 8) } }");
	struct request r = call(ABI_X86_64, "ioctl");
	struct decision d;

	(void)state;
	r.has_arguments = false;
	r.known_arguments = 1 << 1;
	r.arguments[1] = 7;
	d = decide(p, 0, &r);
	assert_true(d.depends);
	assert_true(d.allowed_witness[0] == 3 && d.allowed_witness[1] == 7);
	assert_true(d.denied_witness[0] != 3 && d.denied_witness[1] == 7);
	r.arguments[1] = 8;
	d = decide(p, 0, &r);
	assert_false(d.depends);
	assert_int_equal(d.verdict, VERDICT_ALLOW);
	r.arguments[1] = 9;
	d = decide(p, 0, &r);
	assert_false(d.depends);
	assert_int_equal(d.verdict, VERDICT_DENY);
	/* The kernel reads 32 bits of it. */
	r.arguments[1] = 0xabcd00000008;
	assert_int_equal(decide(p, 0, &r).verdict, VERDICT_ALLOW);
}

/* Meaning does not depend on order: the same rules, shuffled, answer alike. */
static void order_has_no_meaning(void **state)
{
	static const char *const rules[] = {
		"file { allow read, write /a/**, /b/* }",
		"file { deny write /a/*/c }",
		"file { audit read /a/b }",
		"file { allow read /a/** except /a/b/** owner }",
		"file { quiet deny read /b/c }",
		"file { kill delete /a/b/* }",
		"file { deny write /b/** errno EROFS }",
		"process { allow exec /a/*, /b/c }",
		"process { deny exec /a/c }",
		"process { allow signal TERM, KILL to any }",
		"process { deny signal KILL to any }",
		"network { allow connect tcp 10.0.0.0/8:*, [fd00::/8]:1-99 }",
		"network { deny connect tcp 10.1.0.0/16:80 errno EHOSTUNREACH }",
		"network { audit connect tcp 10.1.1.0/24:* }",
		"syscall { allow ioctl(cmd in 1..9) }",
		"syscall { deny ioctl(cmd == 5) errno ENOTTY }",
		"syscall { kill ioctl(cmd == 6) }",
		"syscall { audit ioctl(cmd == 7) }",
	};
	static const char *const names[] = { "/a/b", "/a/c", "/a/b/c", "/a/x/c", "/b/c", "/b/x",
		"/b/c/d", "/c", NULL };
	enum { N = sizeof(rules) / sizeof(*rules), ASKED = 400 };
	struct decision first[ASKED];
	uint64_t from;

	(void)state;
	random_seed(2654435761u);
	from = random_state;
	for (int round = 0; round < 12; round++) {
		const char *order[N];
		char text[4096];
		const struct policy *p;
		size_t len;
		uint64_t shuffled;

		memcpy(order, rules, sizeof(rules));
		for (uint32_t i = N - 1; round && i > 0; i--) {
			uint32_t k = random_below(i + 1);
			const char *swap = order[i];

			order[i] = order[k];
			order[k] = swap;
		}
		len = (size_t)snprintf(text, sizeof(text), "profile p { abi x86_64\n");
		for (uint32_t i = 0; i < N; i++)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\n", order[i]);
		snprintf(text + len, sizeof(text) - len, "}\n");
		if (round)
			compilation_release(&c);
		p = policy(text);
		shuffled = random_state;
		random_state = from;
		for (int i = 0; i < ASKED; i++) {
			static const enum operation ops[] = { OP_READ, OP_WRITE, OP_APPEND,
				OP_DELETE, OP_EXEC, OP_MAP, OP_SIGNAL, OP_CONNECT, OP_SYSCALL,
				OP_SYSCALL };
			enum operation op = ops[random_below(sizeof(ops) / sizeof(*ops))];
			struct request r =
				file(op, names[random_below(sizeof(names) / sizeof(*names))]);
			struct decision d;

			r.owner = random_below(2);
			r.object_class = random_below(4) ? CLASS_PLAIN : CLASS_DRIFT;
			r.signal = random_below(2) ? 9 : 15;
			r.target = REQUEST_OUTSIDE;
			r.protocol = PROTOCOL_TCP;
			r.family = 4;
			r.address[0] = 10;
			r.address[1] = r.address[2] = (uint8_t)random_below(2);
			r.port = random_below(2) ? 80 : 81;
			if (op == OP_SYSCALL) {
				r = call(ABI_X86_64, "ioctl");
				r.arguments[1] = random_below(12);
			}
			d = decide(p, 0, &r);
			if (round == 0)
				first[i] = d;
			if (d.verdict != first[i].verdict || d.reported != first[i].reported ||
				d.errnum != first[i].errnum)
				fail_msg("%s %s: %d %d %d by '%s', in the first order %d %d %d",
					vocab_operations[op].name, r.path ? r.path : "", d.verdict,
					d.reported, d.errnum, d.rule->text, first[i].verdict,
					first[i].reported, first[i].errnum);
		}
		random_state = shuffled;
	}
}

#define TEST(f) cmocka_unit_test_teardown(f, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_mapped_address_is_ipv4),
		TEST(what_no_table_knows_is_denied),
		TEST(what_has_no_path_is_denied_and_its_class_is_anonymous),
		TEST(paths_are_bytes_of_a_length),
		TEST(targets_are_the_sender_s_domain_or_another),
		TEST(a_call_that_no_table_knows_is_not_there),
		TEST(other_abis_are_refused_whatever_the_number),
		TEST(one_tree_has_one_filter),
		TEST(witnesses_are_true),
		TEST(arguments_that_are_known_settle_their_part),
		TEST(order_has_no_meaning),
	};

	return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
