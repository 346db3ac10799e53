/* SPDX-License-Identifier: Apache-2.0 */
/*
 * violate open|mkdir RATE SECONDS: what a policy refuses, so many times a second (0: as fast as it
 * can). Prints how often it was refused, and how often not. violate wait: is there. Static, for a
 * rootfs that has nothing else.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long open_secret(void)
{
	long fd = syscall(SYS_openat, AT_FDCWD, "/srv/secret", O_RDONLY);

	if (fd >= 0)
		close((int)fd);
	return fd;
}

static long make_directory(void)
{
	return syscall(SYS_mkdir, "/x", 0700);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void wait_until(double when)
{
	double left = when - seconds();
	struct timespec t = { (time_t)left, (long)((left - (double)(time_t)left) * 1e9) };

	if (left > 0)
		nanosleep(&t, NULL);
}

int main(int argc, char **argv)
{
	unsigned long refused = 0, passed = 0;
	double begun = seconds(), rate, end;
	long (*act)(void);

	if (argc == 2 && strcmp(argv[1], "wait") == 0)
		return pause();
	if (argc != 4)
		return 2;
	act = strcmp(argv[1], "open") == 0 ? open_secret : make_directory;
	rate = strtod(argv[2], NULL);
	end = begun + strtod(argv[3], NULL);
	/* At high rates several at once: a sleep takes longer than their interval. */
	for (unsigned long n = 0; seconds() < end;) {
		unsigned long due =
			rate > 0 ? (unsigned long)((seconds() - begun) * rate) + 1 : n + 100;

		for (; n < due; n++)
			*(act() < 0 ? &refused : &passed) += 1;
		if (rate > 0)
			wait_until(begun + (double)n / rate);
	}
	printf("%lu %lu\n", refused, passed);
	return 0;
}
