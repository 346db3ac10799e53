/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What looking on at the end of every call costs (enforcer/seccomp_exit.h): a getppid(2) of a task
 * without a filter and of one with a filter that allows it, and one that is refused, in
 * nanoseconds, while the program is attached and while it is not. Runs take turns; what is printed
 * are medians.
 *
 *	sys_exit [CALLS [RUNS]]
 */
#include "compiler/base/cleanup.h"
#include "enforcer/seccomp_exit.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS_MAX 101

enum task { TASK_BARE, TASK_FILTERED, TASK_REFUSED, TASK_COUNT };

static void filter(uint32_t answer)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, answer),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(*code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		abort();
}

/* Of this process alone: the machine has others to run. */
static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Nanoseconds a call, of a process of its own: a filter stays. */
static double measure(enum task task, long calls, double *shared)
{
	pid_t pid = fork();

	if (pid == 0) {
		double start;

		if (task != TASK_BARE)
			filter(task == TASK_REFUSED ? SECCOMP_RET_ERRNO | EPERM
						    : SECCOMP_RET_ALLOW);
		start = seconds();
		for (long i = 0; i < calls; i++)
			syscall(SYS_getppid);
		*shared = (seconds() - start) * 1e9 / (double)calls;
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return *shared;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_size);
	return v[n / 2];
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "no filter", "filter, allowed", "filter, refused" };
	static double times[TASK_COUNT][2][RUNS_MAX];
	const long calls = argc > 1 ? atol(argv[1]) : 10000000;
	const size_t runs = argc > 2 ? (size_t)atol(argv[2]) : 7;
	const uint64_t errnos[SECCOMP_EXIT_WORDS] = { 1u << EPERM };
	_cleanup_(seccomp_exit_freep) struct seccomp_exit *s = NULL;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	double *shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED || calls < 1 || runs < 1 || runs > RUNS_MAX)
		return 2;
	if (seccomp_exit_load(&s, &err) < 0) {
		fprintf(stderr, "%s\n", pale_err_text(err));
		return 1;
	}
	seccomp_exit_look_for(s, errnos);
	seccomp_exit_limit(s, 1000, 2000);
	for (size_t i = 0; i < runs; i++) {
		for (int attached = 0; attached < 2; attached++) {
			if (attached && seccomp_exit_attach(s, &err) < 0) {
				fprintf(stderr, "%s\n", pale_err_text(err));
				return 1;
			}
			for (int t = 0; t < TASK_COUNT; t++)
				times[t][attached][i] = measure((enum task)t, calls, shared);
			seccomp_exit_detach(s);
		}
	}
	for (int t = 0; t < TASK_COUNT; t++) {
		double off = median(times[t][0], runs), on = median(times[t][1], runs);

		printf("%-16s %7.1f ns, attached %7.1f ns (%+.1f)\n", names[t], off, on, on - off);
	}
	return 0;
}
