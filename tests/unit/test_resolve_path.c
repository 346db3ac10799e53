/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/resolve_path.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

/*
 * Another process, whose root, working directory and descriptors differ from ours:
 *	/tmp/pale-resolve-XXXXXX/{a/b/file, a/up -> .., a/abs -> /tmp/…/a/b, loop -> loop,
 *	dangling -> a/new, gone (unlinked)}
 */
static char base[] = "/tmp/pale-resolve-XXXXXX";
static pid_t subject;
static struct process *process;

enum { FD_BASE = 50, FD_FILE, FD_GONE, FD_MEMFD, FD_PIPE, FD_SOCKET };

static void must(long r)
{
	if (r < 0) {
		perror("setup");
		_exit(99);
	}
}

static void become(int fd, int number)
{
	must(fd);
	must(dup2(fd, number));
	close(fd);
}

static void in_subject(int ready)
{
	int p[2], s[2];

	must(chdir("a"));
	become(open(base, O_PATH | O_DIRECTORY), FD_BASE);
	become(open("b/file", O_RDONLY), FD_FILE);
	become(open("../gone", O_RDWR | O_CREAT, 0600), FD_GONE);
	must(unlink("../gone"));
	become(memfd_create("x", 0), FD_MEMFD);
	must(pipe(p));
	become(p[0], FD_PIPE);
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	become(s[0], FD_SOCKET);
	must(write(ready, "x", 1));
	for (;;)
		pause();
}

static pid_t start(void (*body)(int))
{
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		body(ready[1]);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int setup(void **state)
{
	must(mkdtemp(base) ? 0 : -1);
	must(chdir(base));
	must(mkdir("a", 0755));
	must(mkdir("a/b", 0755));
	close(open("a/b/file", O_WRONLY | O_CREAT, 0644));
	must(symlink("..", "a/up"));
	must(symlink("loop", "loop"));
	must(symlink("a/new", "dangling"));
	must(symlink("/proc/self/cwd", "mycwd"));
	{
		char target[128];

		snprintf(target, sizeof(target), "%s/a/b", base);
		must(symlink(target, "a/abs"));
	}
	subject = start(in_subject);
	return process_open(subject, &process);
}

static int teardown(void **state)
{
	char command[64];

	process_free(process);
	stop(subject);
	snprintf(command, sizeof(command), "rm -rf %s", base);
	return system(command);
}

/* @expected beginning without '/' stands below the base; NULL: no path at all. */
static void expect(const struct process *p, int dirfd, const char *path, enum resolve_how how,
	bool exists, const char *expected)
{
	_cleanup_(resolved_path_release) struct resolved_path r = RESOLVED_PATH_INIT;
	char whole[256];
	int n = resolve_path(p, dirfd, path, how, false, &r);

	if (n < 0)
		fail_msg("%s: %s", path, strerror(-n));
	assert_int_equal(r.has_path, expected != NULL);
	if (expected) {
		snprintf(whole, sizeof(whole), "%s%s%s", *expected == '/' ? "" : base,
			*expected == '/' ? "" : "/", expected);
		assert_string_equal(text_str(&r.path), whole);
	}
	assert_int_equal(r.exists, exists);
	assert_int_equal(r.fd >= 0, exists);
}

static void expect_error(int dirfd, const char *path, enum resolve_how how, int errnum)
{
	_cleanup_(resolved_path_release) struct resolved_path r = RESOLVED_PATH_INIT;

	assert_int_equal(resolve_path(process, dirfd, path, how, false, &r), -errnum);
	assert_int_equal(r.fd, -1);
}

static void relative_to_its_folder(void **state)
{
	expect(process, AT_FDCWD, "b/file", RESOLVE_PATH_FOLLOW, true, "a/b/file");
	expect(process, AT_FDCWD, "./b//../b/file", RESOLVE_PATH_FOLLOW, true, "a/b/file");
	expect(process, AT_FDCWD, ".", RESOLVE_PATH_FOLLOW, true, "a/");
	expect(process, FD_BASE, "a/b/file", RESOLVE_PATH_FOLLOW, true, "a/b/file");
	expect(process, FD_FILE, "", RESOLVE_PATH_FOLLOW, true, "a/b/file");
}

static void directories_end_in_a_slash(void **state)
{
	expect(process, AT_FDCWD, "b", RESOLVE_PATH_FOLLOW, true, "a/b/");
	expect(process, AT_FDCWD, "/", RESOLVE_PATH_FOLLOW, true, "/");
	expect(process, AT_FDCWD, "b", RESOLVE_PATH_ENTRY, true, "a/b/");
	expect(process, AT_FDCWD, "fresh/", RESOLVE_PATH_ENTRY, false, "a/fresh/");
}

static void links_grant_nothing(void **state)
{
	expect(process, AT_FDCWD, "up/a/abs/file", RESOLVE_PATH_FOLLOW, true, "a/b/file");
	expect(process, AT_FDCWD, "abs", RESOLVE_PATH_FOLLOW, true, "a/b/");
	expect(process, AT_FDCWD, "abs", RESOLVE_PATH_NOFOLLOW, true, "a/abs");
	expect(process, AT_FDCWD, "abs/", RESOLVE_PATH_NOFOLLOW, true, "a/b/");
	expect(process, AT_FDCWD, "up/dangling", RESOLVE_PATH_ENTRY, true, "dangling");
	expect_error(FD_BASE, "loop", RESOLVE_PATH_FOLLOW, ELOOP);
	expect_error(FD_BASE, "loop", RESOLVE_PATH_CREATE, ELOOP);
}

static void entries_need_not_exist(void **state)
{
	expect(process, AT_FDCWD, "abs/new", RESOLVE_PATH_ENTRY, false, "a/b/new");
	expect(process, AT_FDCWD, "abs/new", RESOLVE_PATH_CREATE, false, "a/b/new");
	/* O_CREAT makes what a dangling link leads to. */
	expect(process, FD_BASE, "dangling", RESOLVE_PATH_CREATE, false, "a/new");
	expect_error(FD_BASE, "dangling", RESOLVE_PATH_FOLLOW, ENOENT);
	expect_error(AT_FDCWD, "none/new", RESOLVE_PATH_ENTRY, ENOENT);
	expect_error(AT_FDCWD, "none/new", RESOLVE_PATH_CREATE, ENOENT);
	expect_error(AT_FDCWD, "b/file/new", RESOLVE_PATH_ENTRY, ENOTDIR);
	expect_error(AT_FDCWD, "b/file/", RESOLVE_PATH_FOLLOW, ENOTDIR);
	expect_error(AT_FDCWD, "b/..", RESOLVE_PATH_ENTRY, EINVAL);
	expect_error(77, "x", RESOLVE_PATH_FOLLOW, EBADF);
}

static void proc_self_is_the_callers(void **state)
{
	char by_number[64];

	expect(process, AT_FDCWD, "/proc/self/status", RESOLVE_PATH_FOLLOW, true,
		"/proc/self/status");
	expect(process, AT_FDCWD, "/proc/self", RESOLVE_PATH_FOLLOW, true, "/proc/self/");
	snprintf(by_number, sizeof(by_number), "/proc/%d/status", subject);
	expect(process, AT_FDCWD, by_number, RESOLVE_PATH_FOLLOW, true, "/proc/self/status");
	/* Ours is another's to it. */
	snprintf(by_number, sizeof(by_number), "/proc/%d/status", getpid());
	expect(process, AT_FDCWD, by_number, RESOLVE_PATH_FOLLOW, true, by_number);
	snprintf(by_number, sizeof(by_number), "/proc/self/task/%d/comm", subject);
	expect(process, AT_FDCWD, "/proc/thread-self/comm", RESOLVE_PATH_FOLLOW, true, by_number);
	expect(process, AT_FDCWD, "/proc/mounts", RESOLVE_PATH_FOLLOW, true, "/proc/self/mounts");
}

static void links_of_proc_lead_to_its_objects(void **state)
{
	char fd[64];

	expect(process, AT_FDCWD, "/proc/self/cwd/b/file", RESOLVE_PATH_FOLLOW, true, "a/b/file");
	expect(process, FD_BASE, "mycwd/b", RESOLVE_PATH_FOLLOW, true, "a/b/");
	snprintf(fd, sizeof(fd), "/dev/fd/%d", FD_FILE);
	expect(process, AT_FDCWD, fd, RESOLVE_PATH_FOLLOW, true, "a/b/file");
	snprintf(fd, sizeof(fd), "/proc/self/fd/%d", FD_PIPE);
	expect(process, AT_FDCWD, fd, RESOLVE_PATH_FOLLOW, true, NULL);
}

static void what_has_no_path(void **state)
{
	expect(process, FD_GONE, "", RESOLVE_PATH_FOLLOW, true, NULL);
	expect(process, FD_MEMFD, "", RESOLVE_PATH_FOLLOW, true, NULL);
	expect(process, FD_PIPE, "", RESOLVE_PATH_FOLLOW, true, NULL);
	expect(process, FD_SOCKET, "", RESOLVE_PATH_FOLLOW, true, NULL);
}

static void in_chroot(int ready)
{
	must(chroot("a"));
	must(chdir("/b"));
	must(write(ready, "x", 1));
	for (;;)
		pause();
}

static void in_mount_namespace(int ready)
{
	must(unshare(CLONE_NEWNS));
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	must(mount("none", "a/b", "tmpfs", 0, NULL));
	must(mkdir("a/b/inside", 0755));
	must(write(ready, "x", 1));
	for (;;)
		pause();
}

/* Its paths begin at its mount namespace's root, whatever chroot it is in. */
static void another_root(void **state)
{
	_cleanup_(process_freep) struct process *p = NULL, *q = NULL;
	pid_t chrooted, unshared;

	if (geteuid() != 0)
		skip();
	chrooted = start(in_chroot);
	assert_int_equal(process_open(chrooted, &p), 0);
	expect(p, AT_FDCWD, "/b/file", RESOLVE_PATH_FOLLOW, true, "a/b/file");
	expect(p, AT_FDCWD, "/../../b/file", RESOLVE_PATH_FOLLOW, true, "a/b/file");
	expect(p, AT_FDCWD, "../../../b", RESOLVE_PATH_FOLLOW, true, "a/b/");
	expect(p, AT_FDCWD, "/up", RESOLVE_PATH_FOLLOW, true, "a/");
	stop(chrooted);
	unshared = start(in_mount_namespace);
	assert_int_equal(process_open(unshared, &q), 0);
	expect(q, AT_FDCWD, "a/b/inside", RESOLVE_PATH_FOLLOW, true, "a/b/inside/");
	stop(unshared);
}

static void the_dead_are_gone(void **state)
{
	_cleanup_(process_freep) struct process *p = NULL;
	_cleanup_(resolved_path_release) struct resolved_path r = RESOLVED_PATH_INIT;
	pid_t pid = start(in_subject);

	assert_int_equal(process_open(pid, &p), 0);
	stop(pid);
	assert_true(resolve_path(p, AT_FDCWD, "b", RESOLVE_PATH_FOLLOW, false, &r) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(relative_to_its_folder),
		cmocka_unit_test(directories_end_in_a_slash),
		cmocka_unit_test(links_grant_nothing),
		cmocka_unit_test(entries_need_not_exist),
		cmocka_unit_test(proc_self_is_the_callers),
		cmocka_unit_test(links_of_proc_lead_to_its_objects),
		cmocka_unit_test(what_has_no_path),
		cmocka_unit_test(another_root),
		cmocka_unit_test(the_dead_are_gone),
	};

	return cmocka_run_group_tests_name("resolve_path", tests, setup, teardown);
}
