/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_ATTACK_TASKS_H
#define PALE_TESTS_ATTACK_TASKS_H

/* Other processes, and cgroups. The victim has a word at a known address and a file open. */
#include "tests/attacks/catalogue/attack_proof.h"

#include "tests/attacks/catalogue/attack_programs.h"

#include <linux/sched.h>
#include <sys/uio.h>

static long word = 0;

static pid_t whom(void)
{
	pid_t pid = atoi(args[0]);

	return pid ? pid : getpid();
}

/* ADDRESS as hexadecimal; one's own word where there is none. */
static void *where(void)
{
	return args[1] ? (void *)(uintptr_t)strtoull(args[1], NULL, 16) : &word;
}

/* poke_mem PID [ADDRESS] */
static int act_poke_mem(void)
{
	char path[64];
	long one = 1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", whom());
	fd = open(path, O_RDWR);
	if (fd < 0)
		return errno;
	return result(pwrite(fd, &one, sizeof(one), (off_t)(uintptr_t)where()));
}

static int act_poke_vm(void)
{
	long one = 1;
	struct iovec from = { &one, sizeof(one) }, to = { where(), sizeof(one) };

	return result(process_vm_writev(whom(), &from, 1, &to, 1, 0));
}

static int act_poke_ptrace(void)
{
	pid_t pid = whom();
	int status, r;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		return errno;
	must(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL));
	must(waitpid(pid, &status, 0));
	r = result(ptrace(PTRACE_POKEDATA, pid, where(), 1L));
	must(ptrace(PTRACE_DETACH, pid, NULL, NULL));
	return r;
}

/* The tracee asks for it itself; then its parent changes its memory. */
static int act_poke_traceme(void)
{
	pid_t pid = must(fork());
	int status;

	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(errno);
		raise(SIGSTOP);
		if (word)
			say("traced");
		_exit(0);
	}
	must(waitpid(pid, &status, 0));
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	must(ptrace(PTRACE_POKEDATA, pid, &word, 1L));
	must(ptrace(PTRACE_CONT, pid, NULL, NULL));
	must(waitpid(pid, &status, 0));
	return WEXITSTATUS(status);
}

/* steal_fd PID FD */
static int act_steal_fd(void)
{
	int pidfd = must(syscall(SYS_pidfd_open, whom(), 0));

	return result(syscall(SYS_pidfd_getfd, pidfd, atoi(args[1]), 0));
}

/* The program that a process runs, opened while it does and written when it is gone. */
static int act_write_exe(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/exe", args[0]);
	fd = open(path, O_PATH);
	if (fd < 0)
		return errno;
	must(kill(atoi(args[0]), SIGKILL));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	/* Busy until its last process is gone. */
	for (int i = 0; i < 500; i++) {
		fd = open(path, O_WRONLY);
		if (fd >= 0 || errno != ETXTBSY)
			break;
		usleep(10000);
	}
	return result(fd);
}

static int act_wait(void)
{
	while (pause() < 0)
		;
	return 0;
}

/* clone3(2) into another cgroup. */
static int act_read_in_cgroup(void)
{
	struct clone_args c = { .flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)must(open(args[0], O_PATH | O_DIRECTORY)) };
	pid_t pid = must(syscall(SYS_clone3, &c, sizeof(c)));

	if (pid == 0)
		_exit(show_file(args[1]));
	return child_status(pid);
}

/* The runner's socket must not stay open. */
static void outlive_not(pid_t parent)
{
	close(3);
	while (getppid() == parent)
		usleep(20000);
	_exit(0);
}

/*
 * Has the runner kill the loader, and tries until the kernel, which takes off programs some time
 * after their last holder is gone, has had enough of it.
 */
static int act_read_after_kill(void)
{
	char c = 'k';
	int r = EACCES;

	if (send(3, &c, 1, 0) != 1 || recv(3, &c, 1, 0) != 1)
		return 254;
	for (int i = 0; i < 100 && r == EACCES; i++) {
		usleep(100000);
		r = show_file(args[0]);
	}
	return r;
}

/* Many tasks, so that memory for labels could run out, and then the thing. */
static int act_read_among_many(void)
{
	int n = atoi(args[0]);
	pid_t parent = getpid();

	for (int i = 0; i < n; i++) {
		if (must(fork()) == 0) {
			outlive_not(parent);
		}
	}
	return show_file(args[1]);
}

static int act_fork_many(void)
{
	int n = atoi(args[0]), r = 0;
	pid_t parent = getpid();

	for (int i = 0; i < n && r == 0; i++) {
		pid_t pid = fork();

		if (pid < 0)
			r = errno;
		if (pid == 0) {
			outlive_not(parent);
		}
	}
	return say_if(r, "forked");
}

static int act_grow(void)
{
	size_t size = (size_t)atoi(args[0]) << 20;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p == MAP_FAILED ? -1 : 0);
	for (size_t i = 0; i < size; i += 4096)
		p[i] = 1;
	return say_if(0, "grown");
}

static int act_open_many(void)
{
	int n = atoi(args[0]), r = 0;

	for (int i = 0; i < n && r == 0; i++)
		r = dup(0) < 0 ? errno : 0;
	return say_if(r, "opened");
}

static int act_connect_mptcp(void)
{
	struct sockaddr_storage a;
	socklen_t len = inet_address(&a, args[0], args[1]);

	return result(connect(
		must(socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP)), (struct sockaddr *)&a, len));
}

static int act_sweep(void)
{
	struct sockaddr_storage a;
	int r = 0;

	for (int port = atoi(args[0]); port <= atoi(args[1]) && r == 0; port++) {
		char text[16];
		socklen_t len;

		snprintf(text, sizeof(text), "%d", port);
		len = inet_address(&a, "127.0.0.1", text);
		r = result(connect(inet_socket("tcp", &a), (struct sockaddr *)&a, len));
		if (r == ECONNREFUSED)
			r = 0;
	}
	return r;
}

#endif
