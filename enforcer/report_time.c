/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/report_time.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000u

json_t *report_time_json(uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / NS_PER_S);
	char date[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%FT%T", &tm);
	return json_sprintf("%s.%09" PRIu64 "Z", date, time_ns % NS_PER_S);
}

uint64_t report_time_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

bool report_time_parse(const char *s, uint64_t *ret_ns)
{
	struct tm tm = { 0 };
	uint64_t ns = 0, unit = NS_PER_S;
	time_t seconds;

	s = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!s)
		return false;
	if (*s == '.') {
		for (s++; *s >= '0' && *s <= '9'; s++) {
			unit /= 10;
			ns += unit * (uint64_t)(*s - '0');
		}
	}
	seconds = timegm(&tm);
	/* Beyond 2500 nanoseconds do not fit. */
	if (strcmp(s, "Z") != 0 || seconds < 0 || tm.tm_year > 2500 - 1900)
		return false;
	*ret_ns = (uint64_t)seconds * NS_PER_S + ns;
	return true;
}
