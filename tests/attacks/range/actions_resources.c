/* SPDX-License-Identifier: Apache-2.0 */
/* What there is only so much of. */
#include "tests/attacks/range/action.h"

#include <signal.h>
#include <sys/resource.h>
#include <time.h>

static int fork_many(int count)
{
	pid_t *pids = calloc((size_t)count, sizeof(*pids));
	int n = 0, r = 0;

	while (n < count) {
		pids[n] = fork();
		if (pids[n] == 0) {
			pause();
			_exit(0);
		}
		if (pids[n] < 0) {
			r = errno;
			break;
		}
		n++;
	}
	say("forked %d", n);
	for (int i = 0; i < n; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	return r;
}

static int fork_storm(char **args)
{
	return fork_many(300);
}

static int fork_few(char **args)
{
	return fork_many(4);
}

/* For @ms milliseconds, and how much of one processor that took. */
static int spin(int ms)
{
	struct timespec a, b;
	struct rusage u;
	long wall, cpu;

	clock_gettime(CLOCK_MONOTONIC, &a);
	do {
		clock_gettime(CLOCK_MONOTONIC, &b);
		wall = (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000;
	} while (wall < ms);
	getrusage(RUSAGE_SELF, &u);
	cpu = (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
	      (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
	say("spun %ld", cpu * 100 / wall);
	return 0;
}

static int spin_long(char **args)
{
	return spin(2000);
}

static int spin_short(char **args)
{
	return spin(50);
}

static int grow(size_t megabytes)
{
	size_t size = megabytes << 20;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return errno;
	for (size_t i = 0; i < size; i += 4096)
		p[i] = 1;
	say("grown %zu", megabytes);
	return 0;
}

static int grow_much(char **args)
{
	return grow(256);
}

static int grow_little(char **args)
{
	return grow(4);
}

/* Connections that are held, and what is opened beside them. */
static int hold(int count)
{
	int n = 0, r = 0;

	while (n < count) {
		if (connect_to(DATABASE, DATABASE_PORT) < 0 || dup(STDOUT_FILENO) < 0) {
			r = errno;
			break;
		}
		n++;
	}
	say("held %d", n);
	return r;
}

static int hold_many(char **args)
{
	return hold(300);
}

static int hold_few(char **args)
{
	return hold(4);
}

const struct action resource_actions[] = {
	{ "fork-storm", fork_storm, fork_few },
	{ "spin", spin_long, spin_short },
	{ "grow", grow_much, grow_little },
	{ "connections", hold_many, hold_few },
	{ 0 },
};
