/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/api_time.h"

#include <string.h>
#include <time.h>

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
	struct tm tm = { 0 };

	s = s ? strptime(s, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	if (s && *s == '.')
		s += 1 + strspn(s + 1, "0123456789");
	return s && !strcmp(s, "Z") ? (int64_t)timegm(&tm) : -1;
}
