/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_ATTACK_PROGRAMS_H
#define PALE_TESTS_ATTACK_PROGRAMS_H

/* Code that should not run, in programs and in memory. A program run with "nothing" says "ran". */
#include "tests/attacks/catalogue/attack_proof.h"
#include "tests/vm/lsm_actor_network.h"
#include "tests/vm/lsm_actor_programs.h"

static int child_status(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, 0));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 200;
}

/* A program by its descriptor, without its path. */
static int act_exec_fd(void)
{
	char *argv[] = { args[0], nothing, NULL };

	syscall(SYS_execveat, must(open(args[0], O_PATH)), "", argv, environ, AT_EMPTY_PATH);
	return errno;
}

static int act_exec_tmpfile(void)
{
	char path[64], *argv[] = { nothing, nothing, NULL };
	int fd = open(args[0], O_RDWR | O_TMPFILE, 0700), again;

	if (fd < 0)
		return errno;
	copy_to(fd, args[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = must(open(path, O_PATH));
	close(fd);
	syscall(SYS_execveat, again, "", argv, environ, AT_EMPTY_PATH);
	return errno;
}

/* drop_then_exec NEW FROM */
static int act_drop_then_exec(void)
{
	char *argv[] = { args[0], nothing, NULL };
	int fd = must(open(args[0], O_WRONLY | O_CREAT | O_TRUNC, 0755));

	copy_to(fd, args[1]);
	close(fd);
	execv(args[0], argv);
	return errno;
}

static char program_action[] = "secure_or_not";

/* preload LIBRARY PROGRAM: ld.so leaves out what it cannot map and goes on. */
static int act_preload(void)
{
	char *argv[] = { args[1], program_action, NULL };
	pid_t pid;

	setenv("LD_PRELOAD", args[0], 1);
	pid = must(fork());
	if (pid == 0) {
		execv(args[1], argv);
		_exit(errno);
	}
	return child_status(pid);
}

static int act_secure_or_not(void)
{
	return 0;
}

/* feed PROGRAM SCRIPT: what the program reads on its standard input is the script. */
static int act_feed(void)
{
	char *argv[] = { args[0], NULL };
	const char *script = "echo ran >&5";
	int pipes[2];
	pid_t pid;

	must(pipe(pipes));
	must(write(pipes[1], script, strlen(script)));
	close(pipes[1]);
	pid = must(fork());
	if (pid == 0) {
		dup2(pipes[0], 0);
		execv(args[0], argv);
		_exit(errno);
	}
	return child_status(pid);
}

/* mov $42, %eax; ret */
static const unsigned char machine_code[] = { 0xb8, 42, 0, 0, 0, 0xc3 };

static int call_code(void *p)
{
	int (*code)(void);

	memcpy(&code, &p, sizeof(code));
	if (code() == 42)
		say("ran");
	return 0;
}

static int code_file(void)
{
	int fd = must(open(args[0], O_RDWR));

	must(write(fd, machine_code, sizeof(machine_code)));
	return fd;
}

/* Code written to a file and mapped, at once or by a later mprotect(2). */
static int act_map_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, code_file(), 0);

	return p == MAP_FAILED ? errno : call_code(p);
}

static int act_mprotect_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, code_file(), 0);

	must(p == MAP_FAILED ? -1 : 0);
	return mprotect(p, 4096, PROT_READ | PROT_EXEC) < 0 ? errno : call_code(p);
}

static int act_map_code_memfd(void)
{
	int fd = must(memfd_create("x", 0));
	void *p;

	must(write(fd, machine_code, sizeof(machine_code)));
	p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	return p == MAP_FAILED ? errno : call_code(p);
}

/* As a compiler in the process does it; nothing that a file policy is about. */
static int act_jit(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p == MAP_FAILED ? -1 : 0);
	memcpy(p, machine_code, sizeof(machine_code));
	must(mprotect(p, 4096, PROT_READ | PROT_EXEC));
	return call_code(p);
}

/* A shell whose terminal is a socket: reverse_shell PORT SHELL */
static int act_reverse_shell(void)
{
	static char option[] = "-c", command[] = "echo owned; echo shell >&5";
	char *argv[] = { args[1], option, command, NULL };
	struct sockaddr_storage a;
	socklen_t len = inet_address(&a, "127.0.0.1", args[0]);
	int fd = inet_socket("tcp", &a);
	pid_t pid;

	must(connect(fd, (struct sockaddr *)&a, len));
	pid = must(fork());
	if (pid == 0) {
		for (int i = 0; i < 3; i++)
			dup2(fd, i);
		execv(args[1], argv);
		_exit(errno);
	}
	close(fd);
	return child_status(pid);
}

struct exe_change {
	long fd;
	const char *path;
	struct {
		unsigned long begin, size;
	} maps[16];
	long n_maps, errnum, got;
	char buf[256];
};

static inline __attribute__((always_inline)) long call(
	long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e;
	long r = number;

	__asm__ volatile("syscall"
			 : "+a"(r)
			 : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return r;
}

/* Runs from a copy, for the program itself must not be mapped any more. */
static __attribute__((noinline, used, section("text_to_copy"))) void change_exe(
	struct exe_change *x)
{
	for (long i = 0; i < x->n_maps; i++)
		call(SYS_munmap, (long)x->maps[i].begin, (long)x->maps[i].size, 0, 0, 0);
	x->errnum = -call(SYS_prctl, PR_SET_MM, PR_SET_MM_EXE_FILE, x->fd, 0, 0);
	if (!x->errnum) {
		long fd = call(SYS_open, (long)x->path, O_RDONLY, 0, 0, 0);

		x->errnum = fd < 0 ? -fd : 0;
		if (fd >= 0) {
			x->got = call(SYS_read, fd, (long)x->buf, sizeof(x->buf), 0, 0);
			call(SYS_write, PROOF_FD, (long)x->buf, x->got, 0, 0);
		}
	} else {
		x->errnum = 251;
	}
	call(SYS_exit_group, x->errnum, 0, 0, 0, 0);
}

/* read_as_program PROGRAM FILE: /proc/self/exe is another program when the file is opened. */
static int act_read_as_program(void)
{
	extern const char __start_text_to_copy[], __stop_text_to_copy[];
	size_t size = (size_t)(__stop_text_to_copy - __start_text_to_copy);
	struct exe_change *x =
		mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *copy = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	FILE *maps = fopen("/proc/self/maps", "re");
	char exe[256] = "", line[512];
	void (*code)(struct exe_change *);

	must(x == MAP_FAILED || copy == MAP_FAILED || !maps || size > 4096 ? -1 : 0);
	must(readlink("/proc/self/exe", exe, sizeof(exe) - 1));
	while (fgets(line, sizeof(line), maps)) {
		unsigned long begin, end;

		if (!strstr(line, exe) || sscanf(line, "%lx-%lx", &begin, &end) != 2)
			continue;
		must(x->n_maps < 16 ? 0 : -1);
		x->maps[x->n_maps].begin = begin;
		x->maps[x->n_maps++].size = end - begin;
	}
	x->fd = must(open(args[0], O_RDONLY));
	x->path = args[1];
	memcpy(copy, __start_text_to_copy, size);
	must(mprotect(copy, 4096, PROT_READ | PROT_EXEC));
	memcpy(&code, &copy, sizeof(code));
	code(x);
	return 250;
}

/* What the kernel cannot execute changes nothing: then the other is executed. */
static int act_exec_in_vain_then(void)
{
	char *const in_vain[] = { args[0], NULL };

	execv(args[0], in_vain);
	must(errno == ENOEXEC ? 0 : -1);
	execv(args[1], args + 1);
	return errno;
}

static pid_t fork_twice(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pid = fork();
		if (pid != 0)
			_exit(pid < 0 ? errno : child_status(pid));
	}
	return pid;
}

static int act_read_in_grandchild(void)
{
	pid_t pid = must(fork_twice());

	if (pid == 0)
		_exit(show_file(args[0]));
	return child_status(pid);
}

#endif
