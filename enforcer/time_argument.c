/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/time_argument.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool parse_date(const char *s, int64_t *ret_ms)
{
	struct tm tm = { 0 };
	const char *end = strptime(s, "%Y-%m-%d", &tm);

	if (end && (*end == 'T' || *end == ' '))
		end = strptime(end + 1, "%H:%M:%S", &tm);
	if (end && *end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	if (!end || (*end && strcmp(end, "Z") != 0))
		return false;
	*ret_ms = (int64_t)timegm(&tm) * 1000;
	return true;
}

static bool parse_duration(const char *s, int64_t *ret_ms)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = { { 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 } };
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (end == s || n > 100000 || end[0] != units[i].unit || end[1])
			continue;
		*ret_ms = (int64_t)n * units[i].ms;
		return true;
	}
	return false;
}

bool time_argument_parse(const char *s, enum time_direction direction, int64_t *ret_ms)
{
	int64_t now = (int64_t)time(NULL) * 1000, ms;

	if (!parse_duration(s, &ms))
		return parse_date(s, ret_ms);
	*ret_ms = direction == TIME_BEFORE_NOW ? now - ms : now + ms;
	return true;
}

bool duration_argument_parse(const char *s, int64_t *ret_ms)
{
	return parse_duration(s, ret_ms) && *ret_ms > 0;
}
