/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recorder FILE [RATE [SECONDS [BYTES]]]: puts so many entries a second, as many starts, execs and
 * ends as containers have, to the real recorder with its database at FILE, and prints what share of
 * one CPU that took (getrusage(2), this process with its thread), and the size of the database. Of
 * a database that is full already the oldest are removed meanwhile.
 */
#include "enforcer/recorder/recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double seconds_of(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return seconds_of(&u.ru_utime) + seconds_of(&u.ru_stime);
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void put(struct recorder *r, unsigned long n)
{
	static const enum recorder_kind kinds[] = { RECORDER_START, RECORDER_EXEC, RECORDER_EXIT };
	static const char arguments[] = "/usr/bin/python3\0-m\0some.module\0--with=an option\0file";
	struct recorder_entry e = {
		.kind = kinds[n % 3],
		.time_ns = now_ns(CLOCK_REALTIME),
		.container = 1 + n / 3 % 10,
		.process = { now_ns(CLOCK_BOOTTIME), 1000 + (uint32_t)(n / 3 % 30000), 7 },
		.parent = { 12345678901234, 999, 1 },
		.uid = 1000,
	};

	if (e.kind == RECORDER_EXEC) {
		e.filename = (struct recorder_bytes){ "/usr/bin/python3", 16 };
		e.executable = (struct recorder_bytes){ "/usr/bin/python3.11", 19 };
		e.arguments = (struct recorder_bytes){ arguments, sizeof(arguments) };
	}
	recorder_put(r, &e);
}

/* In rounds of 200 ms, as the kernel's buffer is looked at. */
static void put_for(struct recorder *r, unsigned long rate, unsigned long seconds)
{
	struct timespec next;
	unsigned long n = 0;

	clock_gettime(CLOCK_MONOTONIC, &next);
	for (unsigned long round = 0; round < seconds * 5; round++) {
		for (unsigned long i = 0; i < rate / 5; i++)
			put(r, n++);
		next.tv_nsec += 200000000;
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
}

static unsigned long number(int argc, char **argv, int i, unsigned long otherwise)
{
	return argc > i ? strtoul(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
	unsigned long rate = number(argc, argv, 2, 1000), seconds = number(argc, argv, 3, 30);
	struct recorder_options o = {
		.path = argv[1],
		.bounds = { number(argc, argv, 4, RECORDER_BYTES), RECORDER_DAYS },
	};
	struct recorder *r;
	struct recorder_status s;
	uint64_t began;
	double cpu;

	if (argc < 2 || recorder_new(&o, &r, NULL) < 0)
		return 2;
	for (uint32_t i = 1; i <= 10; i++) {
		char id[16], names[64];

		snprintf(id, sizeof(id), "container-%u", i);
		snprintf(names, sizeof(names), "{\"id\":\"%s\",\"name\":\"web\"}", id);
		recorder_define(r, i, id, i, names);
	}
	cpu = cpu_seconds();
	began = now_ns(CLOCK_MONOTONIC);
	put_for(r, rate, seconds);
	cpu = cpu_seconds() - cpu;
	began = now_ns(CLOCK_MONOTONIC) - began;
	recorder_status(r, &s);
	printf("%lu entries a second for %.1f s: %.2f %% of a CPU; written %lu, lost %lu, %lu "
	       "bytes\n",
		rate, (double)began / 1e9, 100 * cpu / ((double)began / 1e9),
		(unsigned long)s.written, (unsigned long)s.lost, (unsigned long)s.bytes);
	recorder_free(r, 60000);
	return s.lost != 0;
}
