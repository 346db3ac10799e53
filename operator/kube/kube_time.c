/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/kube/kube_time.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define US_PER_S UINT64_C(1000000)

static size_t put_seconds(uint64_t us, char buffer[KUBE_TIME_BYTES])
{
	time_t s = (time_t)(us / US_PER_S);
	struct tm tm;

	gmtime_r(&s, &tm);
	return strftime(buffer, KUBE_TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
}

const char *kube_time(uint64_t us, char buffer[KUBE_TIME_BYTES])
{
	size_t n = put_seconds(us, buffer);

	snprintf(buffer + n, KUBE_TIME_BYTES - n, "Z");
	return buffer;
}

const char *kube_micro_time(uint64_t us, char buffer[KUBE_TIME_BYTES])
{
	size_t n = put_seconds(us, buffer);

	snprintf(buffer + n, KUBE_TIME_BYTES - n, ".%06" PRIu64 "Z", us % US_PER_S);
	return buffer;
}

static uint64_t now_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * US_PER_S + (uint64_t)t.tv_nsec / 1000;
}

uint64_t kube_realtime_us(void)
{
	return now_us(CLOCK_REALTIME);
}

uint64_t kube_boottime_us(void)
{
	return now_us(CLOCK_BOOTTIME);
}
