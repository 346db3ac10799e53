/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/task_limit.h"

#include "compiler/base/cleanup.h"
#include "compiler/vocab.h"
#include "enforcer/descendants.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PERCENT	    15
#define LEAST	    32
#define COUNT_SHARE 20 /* at the limit, counting takes one part of so many of the time */

static unsigned read_number(const char *path, unsigned otherwise)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	unsigned n;

	return f && fscanf(f, "%u", &n) == 1 ? n : otherwise;
}

void task_limit_init(struct task_limit *l)
{
	unsigned pids = read_number("/proc/sys/kernel/pid_max", 32768);
	unsigned threads = read_number("/proc/sys/kernel/threads-max", pids);
	unsigned max = (unsigned)((uint64_t)(pids < threads ? pids : threads) * PERCENT / 100);

	*l = (struct task_limit){ .max = max < LEAST ? LEAST : max, .bound = 1 };
}

void task_limit_hold(const struct task_limit *l, const struct cgroup *cgroup)
{
	_cleanup_(pale_err_freep) struct pale_err *unused = NULL;
	char max[16];

	if (!cgroup || !(cgroup->controllers & 1u << CGROUP_PIDS))
		return;
	snprintf(max, sizeof(max), "%u", l->max);
	cgroup_write(cgroup, "pids.max", max, &unused);
}

uint64_t task_limit_held(const struct cgroup *cgroup)
{
	_cleanup_fclose_ FILE *f = NULL;
	uint64_t n;
	int fd = cgroup ? openat(cgroup->fd, "pids.events", O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return 0;
	f = fdopen(fd, "r");
	if (!f)
		abort();
	return fscanf(f, "max %" SCNu64, &n) == 1 ? n : 0;
}

bool task_limit_call(int syscall)
{
	static const char *const calls[] = { "clone", "clone3", "fork", "vfork" };

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls) && syscall >= 0; i++)
		if (!strcmp(calls[i], vocab_syscalls[syscall].name))
			return true;
	return false;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Once full, there must be some room again first: else each end of a task would have all counted.
 */
static void count(struct task_limit *l)
{
	struct descendants d;
	uint64_t before = now(), after;

	if (descendants_read(getpid(), &d) < 0)
		return;
	l->bound = descendants_threads(&d);
	descendants_release(&d);
	after = now();
	l->full = l->bound >= l->max - (l->full ? l->max / 16 : 0);
	l->next_count = after + (after - before) * COUNT_SHARE;
}

bool task_limit_admits(struct task_limit *l)
{
	if (l->bound >= l->max && (!l->full || now() >= l->next_count))
		count(l);
	if (l->full || l->bound >= l->max)
		return false;
	l->bound++;
	return true;
}
