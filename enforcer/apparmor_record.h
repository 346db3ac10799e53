/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_APPARMOR_RECORD_H
#define PALE_APPARMOR_RECORD_H

/* What AppArmor writes into an audit record: security/apparmor/audit.c and the *_cb() beside it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum apparmor_field {
	APPARMOR_TYPE, /* "DENIED", "ALLOWED" (complain mode), "AUDIT", "STATUS" … */
	APPARMOR_OPERATION,
	APPARMOR_INFO,
	APPARMOR_NAMESPACE, /* only outside the root policy namespace */
	APPARMOR_PROFILE,
	APPARMOR_NAME,
	APPARMOR_PID, /* of the process, in the initial pid namespace */
	APPARMOR_COMM,
	APPARMOR_REQUESTED_MASK,
	APPARMOR_DENIED_MASK,
	APPARMOR_FSUID,
	APPARMOR_OUID,
	APPARMOR_TARGET,
	APPARMOR_CAPABILITY,
	APPARMOR_FAMILY,
	APPARMOR_SOCK_TYPE,
	APPARMOR_PROTOCOL,
	APPARMOR_SIGNAL,
	APPARMOR_PEER,
	APPARMOR_FSTYPE,
	APPARMOR_SRCNAME,
	APPARMOR_FLAGS,
	APPARMOR_FIELD_COUNT
};

/* Any bytes but NUL; not terminated. */
struct apparmor_value {
	const char *s; /* NULL: not there */
	size_t len;
};

struct apparmor_record {
	struct apparmor_value v[APPARMOR_FIELD_COUNT];
};

/*
 * Decodes @text in place and points into it. Names come between quotes, or in hexadecimal when they
 * hold a blank, a quote or anything that is not ASCII, so no file's name can pass for a field.
 * false: not AppArmor's, or malformed.
 */
bool apparmor_record_parse(struct apparmor_record *r, char *text, size_t len);

bool apparmor_value_is(struct apparmor_value v, const char *s);
/* -1 when it is not there or no number. */
int64_t apparmor_value_number(struct apparmor_value v);

#endif
