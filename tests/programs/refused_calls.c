/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's program that makes one call for each of its arguments, which the policy refuses, or
 * the kernel, or nobody: refused_calls.pale. Prints the argument and "ok" or the errno. Static, for
 * a rootfs that has nothing else.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static long is_there(void)
{
	pause();
	return 0;
}

static long make_directory(void)
{
	return syscall(SYS_mkdir, "/x", 0700);
}

/* The last of a test: what came before has been told when this has. */
static long mark(void)
{
	return syscall(SYS_mkdir, "/x", 01234);
}

/* By the 32-bit gate, of which nothing but the number is read. */
static long make_directory_32(void)
{
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(39L), "b"(0x1111L), "c"(0x1c0L) : "memory");
	errno = r < 0 ? (int)-r : 0;
	return r < 0 ? -1 : r;
}

/* Its parent knows nothing of it when it is read about. */
static long make_directory_in_passing(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		syscall(SYS_mkdirat, -100, "/x", 0701);
		_exit(0);
	}
	return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

static long set_name(void)
{
	return syscall(SYS_sethostname, "x", 1);
}

static long ask_personality(void)
{
	return syscall(SYS_personality, 0xffffffffL);
}

static long set_personality(void)
{
	return syscall(SYS_personality, 0x40000L);
}

static long fault(void)
{
	char unused[1024];

	return syscall(SYS_uname, unused);
}

static long quiet(void)
{
	return syscall(SYS_swapoff, "/x");
}

static long unknown(void)
{
	return syscall(4000);
}

static long own(void)
{
	char unused[1024];

	return syscall(SYS_sysinfo, unused);
}

static volatile int interrupted;

static void on_alarm(int unused)
{
	(void)unused;
	interrupted = 1;
}

/* sigreturn(2) leaves the -1 that was interrupted, as if it were its own result, EPERM. */
static long return_from_handler(void)
{
	const struct itimerval soon = { .it_value = { .tv_usec = 20000 } };

	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &soon, NULL);
	__asm__ volatile("1: cmpl $0, %0\n\tje 1b" : : "m"(interrupted), "a"(-1L) : "memory", "cc");
	return 0;
}

static long flood(void)
{
	for (int i = 0; i < 100000; i++)
		syscall(SYS_mkdir, "/x", 0702);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		long (*call)(void);
	} acts[] = {
		{ "wait", is_there },
		{ "mkdir", make_directory },
		{ "mark", mark },
		{ "mkdir-32", make_directory_32 },
		{ "mkdir-in-passing", make_directory_in_passing },
		{ "sethostname", set_name },
		{ "personality", ask_personality },
		{ "personality-new", set_personality },
		{ "uname", fault },
		{ "swapoff", quiet },
		{ "unknown", unknown },
		{ "sysinfo", own },
		{ "sigreturn", return_from_handler },
		{ "flood", flood },
	};

	for (int i = 1; i < argc; i++) {
		for (size_t k = 0; k < sizeof(acts) / sizeof(*acts); k++) {
			if (strcmp(acts[k].name, argv[i]) != 0)
				continue;
			errno = 0;
			printf("%s\t%d\n", argv[i], acts[k].call() < 0 ? errno : 0);
		}
	}
	return 0;
}
