/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/seccomp_audit.h"

#include "compiler/base/cleanup.h"
#include "compiler/compile.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* As a 6.1 kernel wrote it. */
#define HEAD	"auid=4294967295 uid=1000 gid=1000 ses=4294967295"
#define SUBJECT " subj=docker-default (enforce)"
#define WHO	" pid=4242 comm=\"mkdir\" exe=\"/bin/busybox\" sig=0"
#define CALL	" arch=c000003e syscall=83 compat=0 ip=0x4d2f07 code=0x50000"

static bool parse(uint16_t type, const char *text, struct seccomp_record *ret)
{
	char copy[1024];
	struct audit_record r = { .type = type, .text = copy, .len = strlen(text) };

	strcpy(copy, text);
	return seccomp_record_parse(&r, ret);
}

static void a_record_is_read(void **state)
{
	static const char *const texts[] = { HEAD WHO CALL, HEAD SUBJECT WHO CALL };

	for (size_t i = 0; i < 2; i++) {
		struct seccomp_record r;

		assert_true(parse(AUDIT_RECORD_SECCOMP, texts[i], &r));
		assert_int_equal(r.pid, 4242);
		assert_int_equal(r.uid, 1000);
		assert_int_equal(r.arch, AUDIT_ARCH_X86_64);
		assert_int_equal(r.number, 83);
		assert_int_equal(r.action, SECCOMP_RET_ERRNO);
		assert_string_equal(r.executable, "/bin/busybox");
	}
}

/* audit_log_untrustedstring() of kernel/audit.c: what has a blank, a quote or a control character
 * in it is in hexadecimal, so nobody's name is read as another field. */
static void names_are_anybodys(void **state)
{
	static const struct {
		const char *name, *executable;
	} cases[] = {
		{ "comm=706964203D31 exe=2F612062", "/a b" },
		{ "comm=\"x\" exe=2F6122657865", "/a\"exe" },
		{ "comm=\"pid=1\" exe=\"/pid=1\"", "/pid=1" },
		{ "comm=\"x\" exe=\"\"", "" },
		{ "comm=\"x\" exe=(null)", "" },
		{ "comm=\"x\" exe=2F6", "/" },
		{ "comm=\"x\" exe=2f61", "" },
		{ "comm=\"x\" exe=\"/unended", "/unended sig=0 arch=c000003e syscall=83 compat=0 "
					       "ip=0x4d2f07 code=0x50000" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct seccomp_record r;
		char text[512];

		snprintf(text, sizeof(text), HEAD " pid=4242 %s sig=0" CALL, cases[i].name);
		assert_true(parse(AUDIT_RECORD_SECCOMP, text, &r));
		assert_int_equal(r.pid, 4242);
		assert_int_equal(r.number, 83);
		assert_string_equal(r.executable, cases[i].executable);
	}
}

static void a_long_name_is_cut(void **state)
{
	struct seccomp_record r;
	char text[1024], name[512];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	snprintf(text, sizeof(text), HEAD " pid=1 exe=\"%s\"" CALL, name);
	assert_true(parse(AUDIT_RECORD_SECCOMP, text, &r));
	assert_int_equal(strlen(r.executable), sizeof(r.executable) - 1);
	memset(name, '4', sizeof(name) - 1);
	snprintf(text, sizeof(text), HEAD " pid=1 exe=%s" CALL, name);
	assert_true(parse(AUDIT_RECORD_SECCOMP, text, &r));
	assert_int_equal(strlen(r.executable), sizeof(r.executable) - 1);
	assert_int_equal(r.executable[0], 0x44);
}

static void what_is_no_such_record(void **state)
{
	static const char *const texts[] = {
		"",
		HEAD WHO,
		HEAD CALL,
		WHO CALL,
		"uid=1000 pid=x arch=c000003e syscall=83 code=0x50000",
		"uid=1000 pid=1 arch=xyz syscall=83 code=0x50000",
		"uid=1000 pid=1 arch=c000003e syscall= code=0x50000",
		"uid=1000 pid=1 arch=c000003e syscall=83 code=",
		/* Ends of other fields' names. */
		"auid=1000 ppid=1 xarch=c000003e xsyscall=83 xcode=0x50000",
	};
	struct seccomp_record r;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_false(parse(AUDIT_RECORD_SECCOMP, texts[i], &r));
	assert_false(parse(AUDIT_RECORD_SECCOMP + 1, HEAD WHO CALL, &r));
}

#define POLICY                                                                                     \
	"profile web {\n"                                                                          \
	"\tsyscall {\n"                                                                            \
	"\t\tallow read\n"                                                                         \
	"\t\tallow ioctl(cmd == FIONBIO)\n"                                                        \
	"\t\tdeny mkdir\n"                                                                         \
	"\t\tquiet deny swapoff\n"                                                                 \
	"\t\tallow unshare, personality\n"                                                         \
	"\t\taudit unshare(unshare_flags & CLONE_NEWNS != 0)\n"                                    \
	"\t\taudit personality(personality == 1)\n"                                                \
	"\t\taudit personality(personality == 2)\n"                                                \
	"\t}\n"                                                                                    \
	"}\n"

static void the_rule_is_named(void **state)
{
	static const struct {
		int64_t number;
		uint32_t action;
		bool told;
		enum outcome outcome;
		const char *object;
		uint32_t line; /* 0: a default's */
		bool depends;
	} cases[] = {
		{ 83, SECCOMP_RET_ERRNO | 1, true, OUTCOME_REFUSED, "mkdir", 5, false },
		{ 83, SECCOMP_RET_TRAP, true, OUTCOME_REFUSED, "mkdir", 5, false },
		{ 83, SECCOMP_RET_KILL_PROCESS, true, OUTCOME_KILLED, "mkdir", 5, false },
		{ 83, SECCOMP_RET_KILL_THREAD, true, OUTCOME_KILLED, "mkdir", 5, false },
		{ 83, SECCOMP_RET_LOG, true, OUTCOME_AUDITED, "mkdir", 5, false },
		{ 83, SECCOMP_RET_ALLOW, false, 0, NULL, 0, false },
		{ 83, SECCOMP_RET_USER_NOTIF, false, 0, NULL, 0, false },
		{ 83, SECCOMP_RET_TRACE, false, 0, NULL, 0, false },
		/* Only some of its arguments are: it was others. */
		{ 16, SECCOMP_RET_ERRNO, true, OUTCOME_REFUSED, "ioctl", 0, true },
		/* The container's own filter did it. */
		{ 0, SECCOMP_RET_ERRNO, true, OUTCOME_OVERBLOCKED, "read", 3, false },
		{ 101, SECCOMP_RET_ERRNO, true, OUTCOME_REFUSED, "ptrace", 0, false },
		/* decide() answers it as a kernel without it: no violation. */
		{ 99999, SECCOMP_RET_ERRNO, false, 0, NULL, 0, false },
		{ -1, SECCOMP_RET_ERRNO, true, OUTCOME_REFUSED, "", 0, false },
		{ 99999, SECCOMP_RET_KILL_PROCESS, true, OUTCOME_KILLED, "", 0, false },
		/* The kernel logs it all the same. */
		{ 168, SECCOMP_RET_ERRNO, false, 0, NULL, 0, false },
		{ 168, SECCOMP_RET_LOG, true, OUTCOME_AUDITED, "swapoff", 6, false },
		/* It is allowed whatever its arguments: only what reports some has it logged. */
		{ 272, SECCOMP_RET_LOG, true, OUTCOME_AUDITED, "unshare", 8, false },
		{ 135, SECCOMP_RET_LOG, true, OUTCOME_AUDITED, "personality", 9, true },
	};
	_cleanup_(compilation_release) struct compilation c;
	struct policy *p;

	compile_bytes(&c, "web.pale", POLICY, strlen(POLICY), NULL);
	p = compilation_policy(&c, NULL);
	assert_non_null(p);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct seccomp_record r = { .pid = 7,
			.arch = AUDIT_ARCH_X86_64,
			.number = cases[i].number,
			.action = cases[i].action,
			.executable = "/x" };
		struct violation v;

		assert_int_equal(seccomp_record_violation(&r, p, 5, &v), cases[i].told);
		if (!cases[i].told)
			continue;
		assert_int_equal(v.outcome, cases[i].outcome);
		assert_int_equal(v.object_len, strlen(cases[i].object));
		assert_string_equal(v.object, cases[i].object);
		assert_int_equal(v.decision.depends, cases[i].depends);
		assert_non_null(v.decision.rule);
		if (cases[i].line)
			assert_int_equal(v.decision.rule->lines[0].line, cases[i].line);
		else
			assert_true(v.decision.rule->is_default);
		assert_int_equal(v.pid, 7);
		assert_int_equal(v.time_ns, 5);
		assert_false(v.has_arguments);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_read),
		cmocka_unit_test(names_are_anybodys),
		cmocka_unit_test(a_long_name_is_cut),
		cmocka_unit_test(what_is_no_such_record),
		cmocka_unit_test(the_rule_is_named),
	};

	return cmocka_run_group_tests_name("seccomp_audit", tests, NULL, NULL);
}
