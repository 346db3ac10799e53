/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/call_violation.h"

#include "compiler/base/cleanup.h"
#include "compiler/compile.h"

#include <linux/audit.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cmocka.h>

#define POLICY                                                                                     \
	"profile p {\n"                                                                            \
	"\tnetwork {\n"                                                                            \
	"\t\tallow connect tcp *:*\n"                                                              \
	"\t\tdeny socket raw\n"                                                                    \
	"\t\tdeny socket packet\n"                                                                 \
	"\t}\n"                                                                                    \
	"\tsyscall { deny mount }\n"                                                               \
	"}\n"

static const struct {
	struct seccomp_data call;
	const char *object;
	enum operation operation;
	uint32_t line;
} cases[] = {
	{ { .nr = SYS_socket, .args = { AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP } }, "raw",
		OP_SOCKET, 4 },
	{ { .nr = SYS_socket, .args = { AF_INET6, SOCK_RAW, IPPROTO_ICMPV6 } }, "raw", OP_SOCKET,
		4 },
	{ { .nr = SYS_socket, .args = { AF_PACKET, SOCK_RAW, 0 } }, "packet", OP_SOCKET, 5 },
	/* No rule about sockets speaks of it: the call is what was refused. */
	{ { .nr = SYS_socket, .args = { AF_ALG, SOCK_SEQPACKET, 0 } }, "socket", OP_SYSCALL, 1 },
	{ { .nr = SYS_mount }, "mount", OP_SYSCALL, 7 },
};

static void a_refused_call_has_the_rule_that_says_most(void **state)
{
	_cleanup_(compilation_release) struct compilation c;

	(void)state;
	compile_bytes(&c, "p.pale", POLICY, strlen(POLICY), NULL);
	assert_int_equal(c.diags.n_errors, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_(text_release) struct text object = TEXT_INIT;
		struct seccomp_data call = cases[i].call;
		struct violation v = { .policy = c.policies[0], .outcome = OUTCOME_REFUSED };

		call.arch = AUDIT_ARCH_X86_64;
		call_violation(&v, &call, &object);
		assert_string_equal(text_str(&object), cases[i].object);
		assert_int_equal(v.operation, cases[i].operation);
		assert_int_equal(v.decision.rule->lines[0].line, cases[i].line);
		assert_int_equal(v.mechanism, MECHANISM_SECCOMP);
		assert_int_equal(v.outcome, OUTCOME_REFUSED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refused_call_has_the_rule_that_says_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
