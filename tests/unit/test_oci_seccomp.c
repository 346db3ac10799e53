/* SPDX-License-Identifier: Apache-2.0 */
/* Two sections as one, as a text; test_oci_seccomp_programs.c asks what libseccomp makes of it. */
#include "compiler/base/cleanup.h"
#include "enforcer/runtime/oci_seccomp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ALLOW_READ "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}"
#define ARG(index, op, value)                                                                      \
	"{\"index\":" #index ",\"value\":" #value ",\"op\":\"SCMP_CMP_" #op "\"}"
#define MASKED(index, mask, value)                                                                 \
	"{\"index\":" #index ",\"value\":" #mask ",\"valueTwo\":" #value                           \
	",\"op\":\"SCMP_CMP_MASKED_EQ\"}"
#define CALLS(action, names, args)                                                                 \
	"{\"names\":[" names "],\"action\":\"SCMP_ACT_" action "\",\"args\":[" args "]}"
#define PLAIN(action, names) "{\"names\":[" names "],\"action\":\"SCMP_ACT_" action "\"}"
#define ERRNO(number, names)                                                                       \
	"{\"names\":[" names "],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":" #number "}"
#define ERRNO_IF(number, names, args)                                                              \
	"{\"names\":[" names "],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":" #number               \
	",\"args\":[" args "]}"
#define SECTION(action, entries)                                                                   \
	"{\"defaultAction\":\"SCMP_ACT_" action "\",\"architectures\":[\"SCMP_ARCH_X86_64\"],"     \
	"\"syscalls\":[" entries "]}"
#define SECTION_ERRNO(number, entries)                                                             \
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":" #number                       \
	",\"architectures\":[\"SCMP_ARCH_X86_64\"],\"syscalls\":[" entries "]}"

static json_t *parse(const char *text)
{
	json_error_t e;
	json_t *o = text ? json_loads(text, JSON_REJECT_DUPLICATES, &e) : NULL;

	if (text && !o)
		fail_msg("%s: %s", text, e.text);
	return o;
}

static void check_text(
	const char *own_text, const char *policy_text, const char *want, const char *want_refused)
{
	json_t *own = parse(own_text), *policy = parse(policy_text), *made = NULL;
	json_t *refused = json_array();
	struct pale_err *err = NULL;
	_cleanup_free_ char *have = NULL;
	_cleanup_free_ char *names = NULL;

	if (oci_seccomp_intersect(own, policy, &made, refused, &err) < 0)
		fail_msg("%s", pale_err_text(err));
	assert_null(err);
	have = json_dumps(made, JSON_COMPACT);
	names = json_dumps(refused, JSON_COMPACT);
	assert_string_equal(have, want);
	assert_string_equal(names, want_refused);
	json_decref(own);
	json_decref(policy);
	json_decref(made);
	json_decref(refused);
}

static void small_sections(void **state)
{
	/* One allows what the other does; what only one names gets the other's default. */
	check_text(
		SECTION("ERRNO", PLAIN("ALLOW", "\"read\",\"write\",\"newcall\",\"futex_waitv\"")),
		SECTION_ERRNO(1, PLAIN("ALLOW", "\"read\",\"mount\"") "," ERRNO(1, "\"write\"")),
		SECTION_ERRNO(1, PLAIN("ALLOW", "\"read\"") "," ERRNO(1, "\"mount\",\"write\"")),
		"[\"mount\"]");
	/* Errnos: the policy's, but the container's own where it alone refuses. */
	check_text(SECTION_ERRNO(38, PLAIN("ALLOW", "\"read\",\"write\"")),
		SECTION_ERRNO(1, PLAIN("ALLOW", "\"read\",\"mount\"") "," ERRNO(13, "\"write\"")),
		SECTION_ERRNO(1, PLAIN("ALLOW", "\"read\"") "," ERRNO(38, "\"mount\"") "," ERRNO(
					 13, "\"write\"")),
		"[\"mount\"]");
	/* Comparisons of the same argument. */
	check_text(SECTION("ERRNO",
			   CALLS("ALLOW", "\"personality\"", ARG(0, EQ, 8)) "," CALLS("ALLOW",
				   "\"personality\"", ARG(0, EQ, 0)) "," CALLS("ALLOW", "\"clone\"",
				   MASKED(0, 2114060288, 0)) "," CALLS("ALLOW", "\"unshare\"",
				   ARG(0, LE, 9)) "," CALLS("ALLOW", "\"socket\"", ARG(0, NE, 40))),
		SECTION_ERRNO(
			1, CALLS("ALLOW", "\"personality\"", MASKED(0, 4294967295, 8)) "," CALLS(
				   "ALLOW", "\"clone\"", MASKED(0, 65536, 65536)) "," CALLS("ALLOW",
				   "\"unshare\"", ARG(0, GE, 8)) "," CALLS("ALLOW", "\"socket\"",
				   MASKED(0, 4294967295, 2) "," ARG(1, EQ, 1))),
		SECTION_ERRNO(1,
			CALLS("ALLOW", "\"clone\"", MASKED(0, 2114125824, 65536)) "," CALLS("ALLOW",
				"\"personality\"", ARG(0, EQ, 8)) "," CALLS("ALLOW", "\"socket\"",
				MASKED(0, 4294967295, 2) "," ARG(1, EQ, 1)) "," CALLS("ALLOW",
				"\"unshare\"",
				ARG(0, EQ, 8)) "," CALLS("ALLOW", "\"unshare\"", ARG(0, EQ, 9))),
		"[\"clone\",\"personality\",\"unshare\"]");
	/* A list of what is refused becomes what is left. */
	check_text(SECTION("ALLOW", ERRNO_IF(97, "\"socket\"", ARG(0, EQ, 40)) "," PLAIN(
					    "KILL_PROCESS", "\"ptrace\"")),
		SECTION_ERRNO(1, PLAIN("ALLOW", "\"read\",\"socket\",\"ptrace\"")),
		SECTION_ERRNO(1, PLAIN("KILL_PROCESS", "\"ptrace\"") "," ALLOW_READ "," ERRNO_IF(
					 97, "\"socket\"", ARG(0, EQ, 40)) "," CALLS("ALLOW",
					 "\"socket\"", ARG(0, NE, 40))),
		"[\"ptrace\",\"socket\"]");
	/* What the container's own asks a listener for. */
	check_text("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/run/l\","
		   "\"listenerMetadata\":\"m\",\"flags\":[\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\","
		   "\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"],\"syscalls\":[" PLAIN(
			   "NOTIFY", "\"mount\",\"mknod\"") "]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],"
		"\"architectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_X86_64\"],\"syscalls\":[" PLAIN(
			"ALLOW", "\"mount\",\"read\"") "]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,"
		"\"architectures\":[\"SCMP_ARCH_X86_64\"],"
		"\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\","
		"\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"],\"listenerPath\":\"/run/l\","
		"\"listenerMetadata\":\"m\",\"syscalls\":[" ALLOW_READ
		"," PLAIN("NOTIFY", "\"mount\"") "]}",
		"[]");
	/* Two conditions on one argument are two entries; one without goes before them. */
	check_text(
		SECTION("ERRNO",
			CALLS("ALLOW", "\"ioctl\"", ARG(1, EQ, 5) "," ARG(1, EQ, 6)) "," CALLS(
				"ALLOW", "\"prctl\"", ARG(0, EQ, 5)) "," PLAIN("LOG", "\"prctl\"")),
		SECTION_ERRNO(1, PLAIN("ALLOW", "\"ioctl\",\"prctl\"")),
		SECTION_ERRNO(
			1, PLAIN("LOG", "\"prctl\"") "," CALLS("ALLOW", "\"ioctl\"",
				   ARG(1, EQ, 5)) "," CALLS("ALLOW", "\"ioctl\"", ARG(1, EQ, 6))),
		"[\"ioctl\"]");
}

static void what_cannot_be_said_is_refused(void **state)
{
	/* Two comparisons of one argument, of 64 bits. */
	check_text(SECTION("ERRNO", ALLOW_READ "," CALLS("ALLOW", "\"mmap\"", ARG(1, GE, 100))),
		SECTION_ERRNO(1, ALLOW_READ "," CALLS("ALLOW", "\"mmap\"", ARG(1, LE, 4096))),
		SECTION_ERRNO(1, ALLOW_READ), "[\"mmap\"]");
	/* What must be refused is, with all of the call. */
	check_text(SECTION("ALLOW", ERRNO_IF(5, "\"mmap\"", ARG(1, GE, 100)) "," CALLS(
					    "KILL_PROCESS", "\"mmap\"", ARG(2, EQ, 7))),
		SECTION("ALLOW", ALLOW_READ "," PLAIN("LOG", "\"mmap\"")),
		SECTION("ALLOW", PLAIN("KILL_PROCESS", "\"mmap\"") "," ALLOW_READ), "[\"mmap\"]");
}

static void calls_that_stand_for_many(void **state)
{
#define BOTH "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"],"
	/* An entry of the default's action is none, and would leave 102 to socket's. */
	check_text("{\"defaultAction\":\"SCMP_ACT_ALLOW\"," BOTH
		   "\"syscalls\":[" ERRNO(1, "\"socketcall\"") "]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\"," BOTH
		"\"syscalls\":[" PLAIN("ALLOW", "\"socket\"") "]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1," BOTH
		"\"syscalls\":[" PLAIN("ALLOW", "\"socket\"") "," ERRNO(38, "\"socketcall\"") "]}",
		"[\"socketcall\"]");
	/* Podman's and Docker's allow it, and the policy's rules stay those of its calls. */
	check_text("{\"defaultAction\":\"SCMP_ACT_ERRNO\"," BOTH
		   "\"syscalls\":[" PLAIN("ALLOW", "\"socketcall\",\"socket\",\"bind\"") "]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\"," BOTH "\"syscalls\":[" CALLS("ALLOW",
			"\"socket\"", ARG(0, EQ, 2)) "," ERRNO(1, "\"socketcall\",\"bind\"") "]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1," BOTH
		"\"syscalls\":[" ERRNO(1, "\"bind\",\"socketcall\"") "," CALLS(
			"ALLOW", "\"socket\"", ARG(0, EQ, 2)) "]}",
		"[]");
}

static void the_stub_s_errno(void **state)
{
	/* Newer than all that the container's own names: runc says ENOSYS, and so does this. */
	check_text(SECTION("ERRNO", PLAIN("ALLOW", "\"read\",\"openat2\"")),
		SECTION_ERRNO(1, PLAIN("ALLOW", "\"read\",\"fork\",\"futex_waitv\"")),
		SECTION_ERRNO(
			1, ALLOW_READ "," ERRNO(38, "\"futex_waitv\"") "," ERRNO(1, "\"fork\"")),
		"[\"fork\",\"futex_waitv\"]");
}

static void either_may_be_missing(void **state)
{
	struct pale_err *err = NULL;
	json_t *made;

	check_text(SECTION("ERRNO", ALLOW_READ), NULL, SECTION("ERRNO", ALLOW_READ), "[]");
	check_text(NULL, SECTION("ERRNO", ALLOW_READ), SECTION("ERRNO", ALLOW_READ), "[]");
	assert_int_equal(oci_seccomp_intersect(NULL, NULL, &made, NULL, &err), 0);
	assert_null(made);
}

static void malformed_sections(void **state)
{
#define ENTRIES(list) "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":" list "}"
#define ENTRY_ARGS(list)                                                                           \
	ENTRIES("[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL\",\"args\":" list "}]")
	static const struct {
		const char *own, *message;
	} cases[] = {
		{ "[]", "linux.seccomp: expected an object" },
		{ "{}", "linux.seccomp: 'defaultAction' is missing" },
		{ "{\"defaultAction\":null}", "linux.seccomp: 'defaultAction' is missing" },
		{ "{\"defaultAction\":7}", "linux.seccomp.defaultAction: expected a string" },
		{ "{\"defaultAction\":\"\"}", "linux.seccomp.defaultAction: unknown action ''" },
		{ "{\"defaultAction\":\"SCMP_ACT_MAYBE\\u001b[0m\"}",
			"linux.seccomp.defaultAction: unknown action 'SCMP_ACT_MAYBE\\x1b[0m'" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4096}",
			"linux.seccomp.defaultErrnoRet: 4096 is no errno" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":-1}",
			"linux.seccomp.defaultErrnoRet: expected a whole number from 0 to 2^63 - "
			"1" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"Syscalls\":[]}",
			"linux.seccomp: member 'Syscalls' is not 'syscalls', but runc takes it "
			"so" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"\u017fyscallS\":[]}",
			"linux.seccomp: member '\u017fyscallS' is not 'syscalls', but runc takes "
			"it so" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":\"x86\"}",
			"linux.seccomp.architectures: expected an array" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\","
		  "\"amd64\"]}",
			"linux.seccomp.architectures[1]: unknown architecture 'amd64'" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"LOG\"]}",
			"linux.seccomp.flags[0]: unknown flag 'LOG'" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[null]}",
			"linux.seccomp.flags[0]: expected a string" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":{}}",
			"linux.seccomp.listenerPath: expected a string" },
		{ ENTRIES("{}"), "linux.seccomp.syscalls: expected an array" },
		{ ENTRIES("[null]"), "linux.seccomp.syscalls[0]: expected an object" },
		{ ENTRIES("[{\"action\":\"SCMP_ACT_KILL\"}]"),
			"linux.seccomp.syscalls[0]: 'names' is missing" },
		{ ENTRIES("[{\"names\":[]}]"), "linux.seccomp.syscalls[0]: 'action' is missing" },
		{ ENTRIES("[{\"names\":[],\"ACTION\":1}]"),
			"linux.seccomp.syscalls[0]: member 'ACTION' is not 'action', but runc "
			"takes it so" },
		{ ENTRIES("[" ALLOW_READ ",{\"names\":[\"a\",\"\"],\"action\":\"SCMP_ACT_KILL\"}]"),
			"linux.seccomp.syscalls[1].names[1]: the name of a call is empty" },
		{ ENTRIES("[{\"names\":[1],\"action\":\"SCMP_ACT_KILL\"}]"),
			"linux.seccomp.syscalls[0].names[0]: expected a string" },
		{ ENTRIES("[{\"names\":[],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1.5}]"),
			"linux.seccomp.syscalls[0].errnoRet: expected a whole number from 0 to "
			"2^63 - 1" },
		{ ENTRY_ARGS("7"), "linux.seccomp.syscalls[0].args: expected an array" },
		{ ENTRY_ARGS("[7]"), "linux.seccomp.syscalls[0].args[0]: expected an object" },
		{ ENTRY_ARGS("[" ARG(0, EQ, 1) "," ARG(0, EQ, 2) "," ARG(0, EQ, 3) "," ARG(
			  0, EQ, 4) "," ARG(0, EQ, 5) "," ARG(0, EQ, 6) "," ARG(0, EQ, 7) "]"),
			"linux.seccomp.syscalls[0].args: more than 6 conditions" },
		{ ENTRY_ARGS("[" ARG(0, XX, 1) "]"),
			"linux.seccomp.syscalls[0].args[0].op: unknown operator 'SCMP_CMP_XX'" },
		{ ENTRY_ARGS("[" ARG(1, EQ, 1) "," ARG(6, EQ, 1) "]"),
			"linux.seccomp.syscalls[0].args[1].index: a call has arguments 0 to 5, not "
			"6" },
		{ ENTRY_ARGS("[" ARG(0, EQ, -1) "]"),
			"linux.seccomp.syscalls[0].args[0].value: expected a whole number from 0 "
			"to 2^63 - 1" },
		{ ENTRY_ARGS("[{\"index\":0,\"op\":\"SCMP_CMP_EQ\"}]"),
			"linux.seccomp.syscalls[0].args[0]: 'value' is missing" },
		{ ENTRY_ARGS("[{\"index\":0,\"value\":0}]"),
			"linux.seccomp.syscalls[0].args[0]: 'op' is missing" },
		{ ENTRY_ARGS("[{\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]"),
			"linux.seccomp.syscalls[0].args[0]: 'index' is missing" },
		{ ENTRY_ARGS("[{\"index\":0,\"value\":0,\"valueTwo\":\"x\"}]"),
			"linux.seccomp.syscalls[0].args[0].valueTwo: expected a whole number from "
			"0 to 2^63 - 1" },
	};
	json_t *policy = parse(SECTION("ERRNO", ALLOW_READ)), *made, *nul;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *own = parse(cases[i].own);
		struct pale_err *err = NULL;

		assert_int_equal(oci_seccomp_intersect(own, policy, &made, NULL, &err), -EINVAL);
		assert_string_equal(pale_err_text(err), cases[i].message);
		assert_null(made);
		pale_err_free(err);
		err = NULL;
		/* Neither is a policy that is none. */
		assert_int_equal(oci_seccomp_intersect(policy, own, &made, NULL, &err), -EINVAL);
		assert_non_null(strstr(pale_err_text(err), "the policy's seccomp"));
		pale_err_free(err);
		json_decref(own);
	}
	nul = json_loads("{\"defaultAction\":\"SCMP_ACT_ALLOW\\u0000\"}", JSON_ALLOW_NUL, NULL);
	{
		struct pale_err *err = NULL;

		assert_int_equal(oci_seccomp_intersect(nul, policy, &made, NULL, &err), -EINVAL);
		assert_string_equal(
			pale_err_text(err), "linux.seccomp.defaultAction: a NUL in a string");
		pale_err_free(err);
	}
	json_decref(nul);
	json_decref(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_sections),
		cmocka_unit_test(what_cannot_be_said_is_refused),
		cmocka_unit_test(calls_that_stand_for_many),
		cmocka_unit_test(the_stub_s_errno),
		cmocka_unit_test(either_may_be_missing),
		cmocka_unit_test(malformed_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
