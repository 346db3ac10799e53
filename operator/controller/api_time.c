/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/controller/api_time.h"

#include "enforcer/report_time.h"

#include <time.h>

#define NS_PER_S 1000000000u

json_t *api_time(int64_t seconds)
{
	time_t t = (time_t)seconds;
	char date[64];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(date, sizeof(date), "%FT%TZ", &tm);
	return json_string(date);
}

int64_t api_time_parse(const json_t *v)
{
	const char *s = json_string_value(v);
	uint64_t ns;

	if (!s || !report_time_parse(s, &ns))
		return -1;
	return (int64_t)(ns / NS_PER_S);
}
