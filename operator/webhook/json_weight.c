/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/webhook/json_weight.h"

#define CONTAINERS_MAX 150000
#define VALUES_MAX     500000

/* Behind the string whose quote is at @at. */
static size_t string_end(const char *s, size_t len, size_t at)
{
	for (at++; at < len && s[at] != '"'; at++) {
		if (s[at] == '\\')
			at++;
	}
	return at + 1;
}

bool json_is_light(const char *text, size_t len)
{
	size_t containers = 0, values = 0;

	for (size_t at = 0; at < len; at++) {
		char c = text[at];

		if (c == '"')
			at = string_end(text, len, at) - 1;
		else if (c == '{' || c == '[')
			containers++;
		else if (c == ',')
			values++;
	}
	return containers <= CONTAINERS_MAX && values + containers <= VALUES_MAX;
}
