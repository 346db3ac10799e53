/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What counting the calls of a group costs (enforcer/count_calls.h), in nanoseconds: a getppid(2)
 * of a task of no group, of one in a group, and there a fcntl(2), whose argument is counted, too;
 * while the programs are attached and while they are not. Runs take turns; what is printed are
 * medians.
 *
 *	count_calls [CALLS [RUNS]]
 */
#include "compiler/base/cleanup.h"
#include "enforcer/cgroup.h"
#include "enforcer/count_calls.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS_MAX 101

enum task { TASK_OUTSIDE, TASK_COUNTED, TASK_ARGUMENTS, TASK_COUNT };

static const char *const names[TASK_COUNT] = { "outside", "counted", "with its argument" };

/* Of this process alone: the machine has others to run. */
static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double measure(enum task task, const struct cgroup *group, long calls, double *shared)
{
	pid_t pid = fork();

	if (pid == 0) {
		double start;

		if (task != TASK_OUTSIDE && write(group->procs_fd, "0", 1) != 1)
			abort();
		start = seconds();
		for (long i = 0; i < calls; i++)
			task == TASK_ARGUMENTS ? syscall(SYS_fcntl, 0, F_GETFD)
					       : syscall(SYS_getppid);
		*shared = (seconds() - start) / (double)calls * 1e9;
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		abort();
	return *shared;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), compare);
	return v[n / 2];
}

int main(int argc, char **argv)
{
	static double times[TASK_COUNT][2][RUNS_MAX];
	long calls = argc > 1 ? atol(argv[1]) : 2000000;
	int runs = argc > 2 ? atoi(argv[2]) : 9;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(cgroup_freep) struct cgroup *group = NULL;
	double *shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	/* Who comes later is the group's own as long as its program has not begun. */
	struct counted_group counted = { .phase = LEARN_RUNTIME, .init = -1 };
	char name[64];

	if (runs < 1 || runs > RUNS_MAX || shared == MAP_FAILED)
		return 2;
	snprintf(name, sizeof(name), "pale-bench-%d", getpid());
	if (cgroup_new(name, 0, &group, &err) < 0) {
		fprintf(stderr, "count_calls: %s\n", pale_err_text(err));
		return 1;
	}
	counted.cgroup = group->id;
	for (int run = 0; run < runs; run++) {
		for (int attached = 0; attached < 2; attached++) {
			_cleanup_(count_calls_freep) struct count_calls *c = NULL;

			if (attached && count_calls_new(&counted, 1, true, &c, &err) < 0) {
				fprintf(stderr, "count_calls: %s\n", pale_err_text(err));
				return 1;
			}
			for (int task = 0; task < TASK_COUNT; task++)
				times[task][attached][run] =
					measure((enum task)task, group, calls, shared);
		}
	}
	for (int task = 0; task < TASK_COUNT; task++) {
		double without = median(times[task][0], runs), with = median(times[task][1], runs);

		printf("%-18s %6.0f ns alone, %6.0f ns while calls are counted: %+.0f ns\n",
			names[task], without, with, with - without);
	}
	return 0;
}
