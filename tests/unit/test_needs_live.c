/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real programs under the derived set, on this kernel. A call outside it kills the process, so that
 * none can hide behind a fallback. The filter is made by libseccomp straight from the table.
 */
#include "compiler/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a program under test may do. */
struct grants {
	uint64_t operations;
	uint32_t protocols;
	uint64_t capabilities;
};

static bool granted(const struct grants *g, const struct vocab_need *n)
{
	switch (n->kind) {
	case NEED_ALWAYS:
		return true;
	case NEED_OPERATION:
		return g->operations >> n->which & 1;
	case NEED_CAPABILITY:
		return g->capabilities >> n->which & 1;
	case NEED_PROTOCOL:
		return g->protocols >> n->which & 1;
	case NEED_FAMILY:
		return false;
	}
	return false;
}

/* One libseccomp rule for each choice of values; comparisons at the argument's width. */
static void add(
	scmp_filter_ctx ctx, const struct vocab_need *n, struct scmp_arg_cmp *cmp, uint32_t k)
{
	enum abi abi = vocab_abi_native();
	const struct vocab_condition *c = &n->conditions[k];
	uint64_t all;
	int r;

	if (k == n->n_conditions) {
		r = seccomp_rule_add_exact_array(
			ctx, SCMP_ACT_ALLOW, vocab_syscalls[n->syscall].number[abi], k, cmp);
		if (r < 0 && r != -EEXIST)
			_exit(91);
		return;
	}
	all = c->argument->width == 64 ? UINT64_MAX : UINT32_MAX;
	for (uint32_t i = 0; i < c->n_values; i++) {
		cmp[k] = (struct scmp_arg_cmp){
			.arg = c->argument->index[abi],
			.op = SCMP_CMP_MASKED_EQ,
			.datum_a = c->comparison == NEED_MASK_EQ ? c->mask & all : all,
			.datum_b = c->values[i] & all,
		};
		add(ctx, n, cmp, k + 1);
	}
}

static void confine(const struct grants *g)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);

	for (uint32_t i = 0; i < vocab_n_needs; i++) {
		struct scmp_arg_cmp cmp[6];

		if (granted(g, &vocab_needs[i]) &&
			vocab_syscalls[vocab_needs[i].syscall].number[vocab_abi_native()] >= 0)
			add(ctx, &vocab_needs[i], cmp, 0);
	}
	if (seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) < 0 ||
		seccomp_load(ctx) < 0)
		_exit(92);
	seccomp_release(ctx);
}

#define READ (OP_BIT(OP_EXEC) | OP_BIT(OP_FORK) | OP_BIT(OP_READ) | OP_BIT(OP_MAP))
#define CHANGE                                                                                     \
	(OP_BIT(OP_WRITE) | OP_BIT(OP_CREATE) | OP_BIT(OP_DELETE) | OP_BIT(OP_RENAME) |            \
		OP_BIT(OP_LINK) | OP_BIT(OP_SETATTR))
#define READER                                                                                     \
	{                                                                                          \
		.operations = READ                                                                 \
	}
/* These look names of users up, and so try nscd. */
#define NAMES                                                                                      \
	{                                                                                          \
		.operations = READ | OP_BIT(OP_CONNECT), .protocols = 1 << PROTOCOL_UNIX           \
	}
#define WRITER                                                                                     \
	{                                                                                          \
		.operations = READ | CHANGE | OP_BIT(OP_CONNECT), .protocols = 1 << PROTOCOL_UNIX  \
	}
#define CLIENT                                                                                     \
	{                                                                                          \
		.operations = READ | OP_BIT(OP_CONNECT),                                           \
		.protocols = 1 << PROTOCOL_TCP | 1 << PROTOCOL_UDP | 1 << PROTOCOL_UNIX            \
	}

struct program {
	struct grants grants;
	const char *argv[6];
};

static const struct program programs[] = {
	{ READER, { "/bin/true" } },
	{ READER, { "/bin/cat", "/etc/passwd" } },
	{ READER,
		{ "/bin/sh", "-c", "set -e; echo a | cat; (exit 0); x=$(date); date & wait $!" } },
	{ READER, { "/bin/bash", "-c",
			  "set -e -o pipefail; for i in /etc/*.conf; do read a <$i; "
			  "done; ulimit -n; cat <(echo x) | cat" } },
	{ READER, { "/bin/grep", "-r", "root", "/etc/passwd" } },
	{ READER, { "/usr/bin/find", "/etc", "-name", "passwd" } },
	{ READER, { "/usr/bin/sort", "/etc/passwd" } },
	{ READER, { "/usr/bin/tail", "-n1", "/etc/passwd" } },
	{ READER, { "/bin/busybox", "cat", "/etc/passwd" } },
	{ READER, { "/bin/busybox", "sh", "-c",
			  "set -o pipefail; busybox ls -l /etc/hosts | busybox wc" } },
	{ NAMES, { "/bin/ls", "-l", "/" } },
	{ NAMES, { "/usr/bin/id", "root" } },
	{ NAMES, { "/usr/bin/env", "-i", "/bin/bash", "-c", "echo $SHELL" } },
	{ READER, { "/usr/bin/python3", "-c",
			  "import json, threading, subprocess, asyncio, locale, time\n"
			  "locale.setlocale(locale.LC_ALL, 'C.UTF-8'); time.localtime()\n"
			  "t = threading.Thread(target=int); t.start(); t.join()\n"
			  "assert subprocess.run(['/bin/true']).returncode == 0\n" } },
	{ READER, { "/usr/bin/perl", "-e",
			  "open F, '/etc/passwd'; print <F>; system('/bin/true')" } },
	{ WRITER,
		{ "/bin/sh", "-c",
			"d=$(mktemp -d) && cd $d && echo a >a && cp -a a b && ln a c && ln -s a d "
			"&& "
			"mv b e && chmod 600 a && touch -d 1970-01-01 a && mkdir f && rmdir f && "
			"truncate -s 9 a && dd if=/dev/zero of=z count=1 conv=fsync 2>/dev/null && "
			"tar cf t.tar a c d e && gzip t.tar && cd / && rm -r $d" } },
	{ READER, { "/usr/bin/openssl", "dgst", "/etc/passwd" } },
	{ WRITER, { "/bin/sh", "-c",
			  "d=$(mktemp -d) && cd $d && git init -q && echo a >a && git add a && "
			  "git -c user.name=a -c user.email=a@b commit -qm a && git log | cat && "
			  "git gc -q && rm -rf $d" } },
	{ CLIENT, { "/usr/bin/curl", "-s", "file:///etc/passwd" } },
};

/* Not the caller's: a shell that finds no SHELL or HOME looks its user up. */
static const char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp",
	"SHELL=/bin/sh", "LANG=C.UTF-8", NULL };

static int run(const struct program *p, const struct grants *g)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
			_exit(90);
		alarm(60);
		confine(g);
		execve(p->argv[0], (char *const *)p->argv, (char *const *)environment);
		_exit(93);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void test_programs_run(void **state)
{
	size_t ran = 0;

	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		const struct program *p = &programs[i];
		int status;

		if (access(p->argv[0], X_OK) < 0) {
			print_message("# %s is not installed\n", p->argv[0]);
			continue;
		}
		status = run(p, &p->grants);
		if (status == 128 + SIGSYS)
			fail_msg("%s %s: made a call outside its set", p->argv[0],
				p->argv[1] ? p->argv[1] : "");
		if (status != 0)
			fail_msg("%s %s: ended with %d", p->argv[0], p->argv[1] ? p->argv[1] : "",
				status);
		ran++;
	}
	assert_true(ran >= 10);
}

/* Each does one thing that a reader has no right to, and returns if it could. */
static void try_socket(void)
{
	socket(AF_INET, SOCK_STREAM, 0);
}
static void try_mount(void)
{
	mount("none", "/proc/self/nowhere", "tmpfs", 0, NULL);
}
static void try_userns(void)
{
	syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
}
static void try_userns_thread(void)
{
	syscall(SYS_clone, CLONE_NEWUSER | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, 0, 0, 0, 0);
}
static void try_unshare(void)
{
	syscall(SYS_unshare, 0);
}
static void try_push_input(void)
{
	ioctl(0, TIOCSTI, "x");
}
static void try_keepcaps(void)
{
	prctl(PR_SET_KEEPCAPS, 1);
}
static void try_seccomp(void)
{
	prctl(PR_SET_SECCOMP, 1);
}
static void try_personality(void)
{
	syscall(SYS_personality, 0x0040000);
}
static void try_limits_of_init(void)
{
	syscall(SYS_prlimit64, 1, 7, 0, 0);
}
static void try_unlink(void)
{
	syscall(SYS_unlinkat, AT_FDCWD, "/nonexistent/x", 0);
}
static void try_kill(void)
{
	syscall(SYS_kill, getpid(), 0);
}
static void try_io_uring(void)
{
	syscall(SYS_io_uring_setup, 1, NULL);
}

static void test_what_is_not_needed_is_refused(void **state)
{
	static void (*const attempts[])(void) = { try_socket, try_mount, try_userns,
		try_userns_thread, try_unshare, try_push_input, try_keepcaps, try_seccomp,
		try_personality, try_limits_of_init, try_unlink, try_kill, try_io_uring };
	static const struct grants reader = READER;

	for (size_t i = 0; i < sizeof(attempts) / sizeof(*attempts); i++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			alarm(10);
			confine(&reader);
			attempts[i]();
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("attempt %zu passed", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs_run),
		cmocka_unit_test(test_what_is_not_needed_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
