/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stress_actor N TASKS PATH…: TASKS tasks open each PATH in turn, N times all of them or, if that
 * is 0, until they are told to stop, and count in the shared memory what became of it. "-PATH" is
 * denied, "+PATH" allowed, and "@DIR/NAME" or "=DIR/NAME" likewise, where DIR is looked up once and
 * for all, wherever it is moved to.
 */
#include "tests/vm/stress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATHS_MAX 8

static struct stress *stress;

static struct target {
	const char *name;
	int dir;
	bool allowed;
} targets[PATHS_MAX];

static void add(uint64_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_SEQ_CST);
}

static void try(const struct target *t)
{
	int fd = openat(t->dir, t->name, O_RDONLY | O_CLOEXEC);

	add(&stress->attempts);
	if (fd >= 0) {
		add(t->allowed ? &stress->allowed : &stress->leaked);
		close(fd);
	} else if (errno == EACCES) {
		add(t->allowed ? &stress->refused : &stress->denied);
	} else if (errno == ENOENT) {
		add(&stress->moved);
	} else {
		stress->odd_errnum = (uint32_t)errno;
		add(&stress->odd);
	}
}

static bool target_of(char *word, struct target *ret)
{
	char *slash = strrchr(word, '/');

	*ret = (struct target){ word + 1, AT_FDCWD, *word == '+' || *word == '=' };
	if (*word == '+' || *word == '-')
		return true;
	if (!slash)
		return false;
	*slash = 0;
	ret->dir = open(word + 1, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ret->name = slash + 1;
	return ret->dir >= 0;
}

int main(int argc, char **argv)
{
	long n = argc > 3 ? atol(argv[1]) : -1, n_tasks = argc > 3 ? atol(argv[2]) : 0;
	int n_targets = argc - 3;

	stress = mmap(NULL, sizeof(*stress), PROT_READ | PROT_WRITE, MAP_SHARED, STRESS_FD, 0);
	if (n < 0 || n_targets > PATHS_MAX || stress == MAP_FAILED)
		return 2;
	for (int i = 0; i < n_targets; i++)
		if (!target_of(argv[3 + i], &targets[i]))
			return 3;
	for (long i = 1; i < n_tasks; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 4;
		if (pid == 0)
			break;
	}
	__atomic_fetch_add(&stress->running, 1, __ATOMIC_SEQ_CST);
	for (long i = 0; (!n || i < n) && !__atomic_load_n(&stress->stop, __ATOMIC_SEQ_CST); i++)
		for (int t = 0; t < n_targets; t++)
			try(&targets[t]);
	while (wait(NULL) > 0)
		;
	return 0;
}
