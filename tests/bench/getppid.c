/* SPDX-License-Identifier: Apache-2.0 */

/*
 *	getppid MILLISECONDS
 *
 * Nanoseconds that a system call takes which does nothing, over that time.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BATCH 256

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int main(int argc, char **argv)
{
	uint64_t begun = now(), end, calls = 0;

	if (argc != 2)
		return 2;
	do {
		for (int i = 0; i < BATCH; i++)
			syscall(SYS_getppid);
		calls += BATCH;
		end = now();
	} while (end - begun < strtoull(argv[1], NULL, 10) * 1000000);
	printf("%.1f\n", (double)(end - begun) / (double)calls);
	return 0;
}
