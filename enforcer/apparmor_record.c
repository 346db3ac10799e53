/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/apparmor_record.h"

#include <string.h>

static const struct {
	const char *key;
	bool untrusted; /* written by audit_log_untrustedstring() */
} fields[APPARMOR_FIELD_COUNT] = {
	[APPARMOR_TYPE] = { "apparmor", false },
	[APPARMOR_OPERATION] = { "operation", false },
	[APPARMOR_INFO] = { "info", false },
	[APPARMOR_NAMESPACE] = { "namespace", true },
	[APPARMOR_PROFILE] = { "profile", true },
	[APPARMOR_NAME] = { "name", true },
	[APPARMOR_PID] = { "pid", false },
	[APPARMOR_COMM] = { "comm", true },
	[APPARMOR_REQUESTED_MASK] = { "requested_mask", false },
	[APPARMOR_DENIED_MASK] = { "denied_mask", false },
	[APPARMOR_FSUID] = { "fsuid", false },
	[APPARMOR_OUID] = { "ouid", false },
	[APPARMOR_TARGET] = { "target", true },
	[APPARMOR_CAPABILITY] = { "capability", false },
	[APPARMOR_FAMILY] = { "family", false },
	[APPARMOR_SOCK_TYPE] = { "sock_type", false },
	[APPARMOR_PROTOCOL] = { "protocol", false },
	[APPARMOR_SIGNAL] = { "signal", false },
	[APPARMOR_PEER] = { "peer", true },
	[APPARMOR_FSTYPE] = { "fstype", true },
	[APPARMOR_SRCNAME] = { "srcname", true },
	[APPARMOR_FLAGS] = { "flags", false },
};

static int find_field(const char *key, size_t len)
{
	for (int i = 0; i < APPARMOR_FIELD_COUNT; i++) {
		if (strlen(fields[i].key) == len && !memcmp(fields[i].key, key, len))
			return i;
	}
	return -1;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool decode(char *s, size_t *len)
{
	if (*len % 2)
		return false;
	for (size_t i = 0; i < *len; i += 2) {
		int high = digit(s[i]), low = digit(s[i + 1]);

		if (high < 0 || low < 0)
			return false;
		s[i / 2] = (char)(high << 4 | low);
	}
	*len /= 2;
	return true;
}

bool apparmor_record_parse(struct apparmor_record *r, char *text, size_t len)
{
	char *p = text;
	const char *end = text + len;

	*r = (struct apparmor_record){ 0 };
	for (;;) {
		char *key, *value, *after;
		size_t n;
		int field;

		while (p < end && *p == ' ')
			p++;
		if (p == end)
			break;
		key = p;
		value = memchr(p, '=', (size_t)(end - p));
		if (!value || memchr(p, ' ', (size_t)(value - p)))
			return false;
		field = find_field(key, (size_t)(value - key));
		value++;
		if (value < end && *value == '"') {
			value++;
			after = memchr(value, '"', (size_t)(end - value));
			if (!after)
				return false;
			n = (size_t)(after - value);
			p = after + 1;
		} else {
			after = memchr(value, ' ', (size_t)(end - value));
			p = after ? after : text + len;
			n = (size_t)(p - value);
			if (field >= 0 && fields[field].untrusted && !decode(value, &n))
				return false;
		}
		if (field >= 0 && !r->v[field].s)
			r->v[field] = (struct apparmor_value){ value, n };
	}
	return r->v[APPARMOR_TYPE].s != NULL;
}

bool apparmor_value_is(struct apparmor_value v, const char *s)
{
	return v.s && v.len == strlen(s) && !memcmp(v.s, s, v.len);
}

int64_t apparmor_value_number(struct apparmor_value v)
{
	int64_t n = 0;

	if (!v.s || v.len == 0 || v.len > 10)
		return -1;
	for (size_t i = 0; i < v.len; i++) {
		if (v.s[i] < '0' || v.s[i] > '9')
			return -1;
		n = n * 10 + (v.s[i] - '0');
	}
	return n;
}
