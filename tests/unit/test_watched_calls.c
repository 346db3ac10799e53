/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/watched_calls.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

/*
 * The subject is a fork of this process, so that addresses here are addresses there. It stands in
 * /tmp/pale-watched-XXXXXX/ with {d/, file, script, nested, new-script, link -> file, sock}.
 */
static char base[] = "/tmp/pale-watched-XXXXXX";
static pid_t subject;
static struct process *process;
static uint64_t start_ns;

enum { FD_BASE = 50, FD_TCP, FD_UDP, FD_UNIX, FD_DATAGRAM, FD_FILE, FD_PACKET };

static void put(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0755);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static uint64_t coarse_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void place(int fd, int number)
{
	assert_true(fd >= 0);
	assert_int_equal(dup2(fd, number), number);
	close(fd);
}

static int setup(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "sock" };
	struct timespec tick = { .tv_nsec = 50 * 1000 * 1000 };
	int s;

	assert_non_null(mkdtemp(base));
	assert_int_equal(chdir(base), 0);
	assert_int_equal(mkdir("d", 0755), 0);
	put("file", "x");
	put("script", "#! /usr/bin/env -S x\n");
	put("nested", "#!script\n");
	assert_int_equal(symlink("file", "link"), 0);
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(s, (struct sockaddr *)&a, sizeof(a)), 0);
	nanosleep(&tick, NULL);
	start_ns = coarse_now_ns();
	put("new-script", "#!/usr/bin/env\n");
	place(open(".", O_PATH | O_DIRECTORY), FD_BASE);
	place(socket(AF_INET, SOCK_STREAM, 0), FD_TCP);
	place(socket(AF_INET6, SOCK_DGRAM, 0), FD_UDP);
	place(socket(AF_UNIX, SOCK_STREAM, 0), FD_UNIX);
	place(socket(AF_UNIX, SOCK_DGRAM, 0), FD_DATAGRAM);
	place(open("file", O_RDONLY), FD_FILE);
	subject = fork();
	if (subject == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return process_open(subject, &process);
}

static int teardown(void **state)
{
	char command[64];

	process_free(process);
	kill(subject, SIGKILL);
	waitpid(subject, NULL, 0);
	snprintf(command, sizeof(command), "rm -rf %s", base);
	return system(command);
}

/* Arguments in memory that the subject has too: all of it is static. */
static struct sockaddr_in v4 = { .sin_family = AF_INET };
static struct sockaddr_in6 mapped = { .sin6_family = AF_INET6 }, v6 = { .sin6_family = AF_INET6 };
static struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "sock" },
			  abstract = { .sun_family = AF_UNIX, .sun_path = "\0a\0b" },
			  fresh = { .sun_family = AF_UNIX, .sun_path = "d/fresh" };
static struct sockaddr unspec = { .sa_family = AF_UNSPEC };
static struct open_how how_create = { .flags = O_CREAT | O_RDWR },
		       how_in_root = { .resolve = RESOLVE_IN_ROOT };
static struct msghdr message = { .msg_name = &v6, .msg_namelen = sizeof(v6) };
static struct mmsghdr messages[2] = {
	{ .msg_hdr = { .msg_name = &v6, .msg_namelen = sizeof(v6) } },
	{ .msg_hdr = { .msg_name = &mapped, .msg_namelen = sizeof(mapped) } },
};

__attribute__((constructor)) static void fill_addresses(void)
{
	inet_pton(AF_INET, "10.0.0.1", &v4.sin_addr);
	v4.sin_port = htons(443);
	inet_pton(AF_INET6, "::ffff:10.0.0.2", &mapped.sin6_addr);
	mapped.sin6_port = htons(53);
	inet_pton(AF_INET6, "fd00::1", &v6.sin6_addr);
	v6.sin6_port = htons(53);
}

#define P(pointer) ((uint64_t)(uintptr_t)(pointer))
#define CWD	   ((uint64_t)(uint32_t)AT_FDCWD)
#define ABSTRACT   (offsetof(struct sockaddr_un, sun_path) + 4)

/* @expected: "operation object" of each access, "; " between; objects below the base without it. */
static void expect(const char *call, const char *expected, uint64_t a, uint64_t b, uint64_t c,
	uint64_t d, uint64_t e, uint64_t f)
{
	_cleanup_(accesses_release) struct accesses accesses = { .n = 0 };
	_cleanup_(text_release) struct text t = TEXT_INIT;
	uint64_t arguments[6] = { a, b, c, d, e, f };
	int r = watched_call_accesses(process, vocab_abi_native(), vocab_syscall_find(call),
		arguments, start_ns, &accesses);

	assert_int_equal(r, 0);
	for (unsigned i = 0; i < accesses.n; i++) {
		const struct access *x = &accesses.v[i];
		const char *object = x->object, *prefix = strstr(object, base);

		text_printf(
			&t, "%s%s ", i ? "; " : "", vocab_operations[x->request.operation].name);
		if (prefix)
			text_printf(&t, "%.*s%s", (int)(prefix - object), object,
				prefix + strlen(base));
		else
			text_escaped(&t, object, x->object_len);
		if (x->request.object_class == CLASS_DRIFT)
			text_puts(&t, " (drift)");
	}
	if (strcmp(text_str(&t), expected))
		fail_msg("%s: \"%s\", not \"%s\"", call, text_str(&t), expected);
}

static void opening(void **state)
{
	expect("open", "read /file", P("file"), O_RDONLY, 0, 0, 0, 0);
	expect("openat", "read /file", FD_BASE, P("link"), O_RDONLY, 0, 0, 0);
	expect("openat", "", CWD, P("link"), O_RDONLY | O_NOFOLLOW, 0, 0, 0);
	expect("openat", "write /file", CWD, P("file"), O_WRONLY, 0, 0, 0);
	expect("openat", "read /file; write /file", CWD, P("file"), O_RDWR, 0, 0, 0);
	expect("openat", "append /file", CWD, P("file"), O_WRONLY | O_APPEND, 0, 0, 0);
	expect("openat", "write /file", CWD, P("file"), O_WRONLY | O_APPEND | O_TRUNC, 0, 0, 0);
	expect("openat", "read /file; write /file", CWD, P("file"), O_RDONLY | O_TRUNC, 0, 0, 0);
	expect("openat", "", CWD, P("file"), O_PATH, 0, 0, 0);
	expect("openat", "", CWD, P("missing"), O_RDONLY, 0, 0, 0);
	expect("openat", "", CWD, P(""), O_RDONLY, 0, 0, 0);
	expect("openat", "", CWD, 1, O_RDONLY, 0, 0, 0);
	expect("openat", "read /d/", CWD, P("d"), O_RDONLY | O_DIRECTORY, 0, 0, 0);
	expect("openat", "", CWD, P("d"), O_RDWR, 0, 0, 0);
	expect("openat", "", CWD, P("file"), O_RDONLY | O_DIRECTORY, 0, 0, 0);
}

static void creating(void **state)
{
	expect("openat", "create /new; write /new", CWD, P("new"), O_WRONLY | O_CREAT, 0600, 0, 0);
	expect("openat", "write /file", CWD, P("link"), O_WRONLY | O_CREAT, 0600, 0, 0);
	expect("openat", "", CWD, P("file"), O_WRONLY | O_CREAT | O_EXCL, 0600, 0, 0);
	expect("openat", "create /d/new; append /d/new", CWD, P("d/new"),
		O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0600, 0, 0);
	expect("openat", "write (without a path)", CWD, P("d"), O_RDWR | O_TMPFILE, 0600, 0, 0);
	expect("creat", "create /d/new; write /d/new", P("d/new"), 0600, 0, 0, 0, 0);
	expect("openat2", "create /new; read /new; write /new", CWD, P("new"), P(&how_create),
		sizeof(how_create), 0, 0);
	expect("openat2", "read /file", FD_BASE, P("/d/../../file"), P(&how_in_root),
		sizeof(how_in_root), 0, 0);
	expect("mkdir", "create /new/", P("new"), 0700, 0, 0, 0, 0);
	expect("mkdir", "", P("d"), 0700, 0, 0, 0, 0);
	expect("mknodat", "create /new", FD_BASE, P("new"), S_IFIFO, 0, 0, 0);
	expect("symlink", "create /new", P("anything"), P("new"), 0, 0, 0, 0);
}

static void changing(void **state)
{
	expect("unlink", "delete /link", P("link"), 0, 0, 0, 0, 0);
	expect("unlink", "", P("missing"), 0, 0, 0, 0, 0);
	expect("rmdir", "delete /d/", P("d"), 0, 0, 0, 0, 0);
	expect("unlinkat", "delete /d/", FD_BASE, P("d"), AT_REMOVEDIR, 0, 0, 0);
	expect("rename", "rename /file; rename /d/file", P("file"), P("d/file"), 0, 0, 0, 0);
	expect("renameat2", "rename /d/; rename /e/", CWD, P("d"), FD_BASE, P("e"), 0, 0);
	expect("link", "link /file; link /new", P("file"), P("new"), 0, 0, 0, 0);
	expect("linkat", "link /link; link /new", CWD, P("link"), CWD, P("new"), 0, 0);
	expect("linkat", "link /file; link /new", CWD, P("link"), CWD, P("new"), AT_SYMLINK_FOLLOW,
		0);
	expect("linkat", "link /file; link /new", FD_FILE, P(""), CWD, P("new"), AT_EMPTY_PATH, 0);
	expect("truncate", "write /file", P("link"), 0, 0, 0, 0, 0);
	expect("chmod", "setattr /file", P("link"), 0, 0, 0, 0, 0);
	expect("lchown", "setattr /link", P("link"), 0, 0, 0, 0, 0);
	expect("fchownat", "setattr /file", FD_FILE, P(""), 0, 0, AT_EMPTY_PATH, 0);
	expect("fchmod", "setattr /file", FD_FILE, 0, 0, 0, 0, 0);
	expect("utimensat", "setattr /file", FD_FILE, 0, 0, 0, 0, 0);
}

static void executing(void **state)
{
	expect("execve", "exec /file", P("link"), 0, 0, 0, 0, 0);
	expect("execve", "exec /script; exec /usr/bin/env", P("script"), 0, 0, 0, 0, 0);
	expect("execve", "exec /nested; exec /script; exec /usr/bin/env", P("nested"), 0, 0, 0, 0,
		0);
	expect("execve", "exec /new-script (drift); exec /usr/bin/env", P("new-script"), 0, 0, 0, 0,
		0);
	expect("execve", "", P("d"), 0, 0, 0, 0, 0);
	expect("execve", "", P("missing"), 0, 0, 0, 0, 0);
	expect("execveat", "exec /file", FD_FILE, P(""), 0, 0, AT_EMPTY_PATH, 0);
	expect("execveat", "exec /file", FD_BASE, P("file"), 0, 0, 0, 0);
}

static void connecting(void **state)
{
	expect("connect", "connect tcp 10.0.0.1:443", FD_TCP, P(&v4), sizeof(v4), 0, 0, 0);
	expect("connect", "", FD_TCP, P(&unspec), sizeof(unspec), 0, 0, 0);
	expect("connect", "connect udp [fd00::1]:53", FD_UDP, P(&v6), sizeof(v6), 0, 0, 0);
	expect("connect", "connect udp 10.0.0.2:53", FD_UDP, P(&mapped), sizeof(mapped), 0, 0, 0);
	expect("connect", "connect unix /sock", FD_UNIX, P(&un), sizeof(un), 0, 0, 0);
	expect("connect", "", FD_UNIX, P(&fresh), sizeof(fresh), 0, 0, 0);
	expect("connect", "connect unix abstract:a\\x00b", FD_UNIX, P(&abstract), ABSTRACT, 0, 0,
		0);
	expect("connect", "", 99, P(&v4), sizeof(v4), 0, 0, 0);
	expect("connect", "", FD_FILE, P(&v4), sizeof(v4), 0, 0, 0);
	expect("bind", "listen tcp 10.0.0.1:443", FD_TCP, P(&v4), sizeof(v4), 0, 0, 0);
	expect("bind", "listen unix /d/fresh", FD_UNIX, P(&fresh), sizeof(fresh), 0, 0, 0);
	expect("bind", "", FD_UNIX, P(&un), sizeof(un), 0, 0, 0);
	expect("bind", "", FD_UNIX, P(&un), sizeof(sa_family_t), 0, 0, 0);
}

static void sending(void **state)
{
	expect("sendto", "", FD_UDP, 0, 0, 0, 0, 0);
	expect("sendto", "connect udp [fd00::1]:53", FD_UDP, 0, 0, 0, P(&v6), sizeof(v6));
	/* TCP has its peer, but for what connects on the way. */
	expect("sendto", "", FD_TCP, 0, 0, 0, P(&v4), sizeof(v4));
	expect("sendto", "connect tcp 10.0.0.1:443", FD_TCP, 0, 0, MSG_FASTOPEN, P(&v4),
		sizeof(v4));
	expect("sendto", "connect unix /sock", FD_DATAGRAM, 0, 0, 0, P(&un), sizeof(un));
	expect("sendmsg", "connect udp [fd00::1]:53", FD_UDP, P(&message), 0, 0, 0, 0);
	expect("sendmmsg", "connect udp [fd00::1]:53; connect udp 10.0.0.2:53", FD_UDP, P(messages),
		2, 0, 0, 0);
}

static void the_dead_tell_nothing(void **state)
{
	_cleanup_(accesses_release) struct accesses accesses = { .n = 0 };
	_cleanup_(process_freep) struct process *p = NULL;
	uint64_t arguments[6] = { CWD, P("file") };
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	assert_int_equal(process_open(pid, &p), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_true(watched_call_accesses(p, vocab_abi_native(), vocab_syscall_find("openat"),
			    arguments, 0, &accesses) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening),
		cmocka_unit_test(creating),
		cmocka_unit_test(changing),
		cmocka_unit_test(executing),
		cmocka_unit_test(connecting),
		cmocka_unit_test(sending),
		cmocka_unit_test(the_dead_tell_nothing),
	};

	return cmocka_run_group_tests_name("watched_calls", tests, setup, teardown);
}
