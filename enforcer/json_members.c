/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/json_members.h"

#include <jansson.h>
#include <string.h>

static size_t skip_space(const char *s, size_t at)
{
	return at + strspn(s + at, " \t\r\n");
}

/* Behind the string whose quote is at @at. */
static size_t string_end(const char *s, size_t at)
{
	for (at++; s[at] && s[at] != '"'; at++) {
		if (s[at] == '\\' && s[at + 1])
			at++;
	}
	return s[at] ? at + 1 : at;
}

static size_t value_end(const char *s, size_t at)
{
	size_t depth = 0;

	do {
		if (s[at] == '"') {
			at = string_end(s, at);
			continue;
		}
		if (s[at] == '{' || s[at] == '[')
			depth++;
		else if (s[at] == '}' || s[at] == ']')
			depth--;
		else if (!depth)
			return at + strcspn(s + at, " \t\r\n,]}");
		at++;
	} while (depth && s[at]);
	return at;
}

/* The member from @at on; false at the object's end. */
static bool next_member(const char *s, size_t at, struct json_member *ret)
{
	at = skip_space(s, at);
	if (s[at] == ',')
		at = skip_space(s, at + 1);
	if (s[at] != '"')
		return false;
	ret->key = at;
	at = skip_space(s, string_end(s, at));
	ret->value = skip_space(s, at + 1);
	ret->end = value_end(s, ret->value);
	return true;
}

void json_members(const char *s, size_t at, struct json_members *ret)
{
	struct json_member m;

	*ret = (struct json_members){ .open = skip_space(s, at) + 1 };
	for (at = ret->open; next_member(s, at, &m); at = m.end) {
		if (!ret->n++)
			ret->first = m;
		ret->last = m;
	}
	ret->close = skip_space(s, at);
}

/* A key may be written with escapes. */
static bool is_named(const char *s, const struct json_member *m, const char *name)
{
	json_t *key = json_loadb(s + m->key, string_end(s, m->key) - m->key, JSON_DECODE_ANY, NULL);
	bool same = key && !strcmp(json_string_value(key), name);

	json_decref(key);
	return same;
}

bool json_find_member(const char *s, size_t at, const char *name, struct json_member *ret)
{
	for (at = skip_space(s, at) + 1; next_member(s, at, ret); at = ret->end) {
		if (is_named(s, ret, name))
			return true;
	}
	return false;
}
