/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_OCI_LIBSECCOMP_H
#define PALE_TESTS_OCI_LIBSECCOMP_H

/* Actions and comparisons of linux.seccomp as runtimes hand them to libseccomp. */

#include <errno.h>
#include <jansson.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* @key: of the action, @errno_key: of the errno that some have; EPERM where there is none. */
static inline uint32_t oci_action(const json_t *o, const char *key, const char *errno_key)
{
	static const struct {
		const char *name;
		uint32_t action;
	} actions[] = { { "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW }, { "SCMP_ACT_LOG", SCMP_ACT_LOG },
		{ "SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD },
		{ "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD },
		{ "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS },
		{ "SCMP_ACT_TRAP", SCMP_ACT_TRAP }, { "SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY } };
	const char *name = json_string_value(json_object_get(o, key));
	const json_t *number = json_object_get(o, errno_key);
	uint32_t errnum = number ? (uint32_t)json_number_value(number) : EPERM;

	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++) {
		if (!strcmp(actions[i].name, name))
			return actions[i].action;
	}
	if (!strcmp(name, "SCMP_ACT_TRACE"))
		return SCMP_ACT_TRACE(errnum);
	assert_string_equal(name, "SCMP_ACT_ERRNO");
	return SCMP_ACT_ERRNO(errnum);
}

/* Loaded as reals where jansson's integers end: exact up to 2^53, and for powers of two. */
static inline uint64_t oci_number(const json_t *v)
{
	double d = json_number_value(v);

	return json_is_integer(v) ? (uint64_t)json_integer_value(v)
	       : d >= 0x1p64	  ? UINT64_MAX
				  : (uint64_t)d;
}

static inline struct scmp_arg_cmp oci_condition(const json_t *o)
{
	static const char *const ops[] = {
		[SCMP_CMP_NE] = "SCMP_CMP_NE",
		[SCMP_CMP_LT] = "SCMP_CMP_LT",
		[SCMP_CMP_LE] = "SCMP_CMP_LE",
		[SCMP_CMP_EQ] = "SCMP_CMP_EQ",
		[SCMP_CMP_GE] = "SCMP_CMP_GE",
		[SCMP_CMP_GT] = "SCMP_CMP_GT",
		[SCMP_CMP_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
	};
	const char *name = json_string_value(json_object_get(o, "op"));
	struct scmp_arg_cmp c = {
		.arg = (unsigned int)oci_number(json_object_get(o, "index")),
		.datum_a = oci_number(json_object_get(o, "value")),
		.datum_b = oci_number(json_object_get(o, "valueTwo")),
	};

	for (int i = SCMP_CMP_NE; i <= SCMP_CMP_MASKED_EQ; i++) {
		if (!strcmp(ops[i], name))
			c.op = (enum scmp_compare)i;
	}
	return c;
}

#endif
