/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/compile.h"
#include "compiler/cover_seccomp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct covered {
	struct compilation c;
	struct policy *p;
	struct coverage *seccomp;
};

static struct covered cover_text(const char *text)
{
	static const struct compile_options none;
	struct covered v = { 0 };

	compile_bytes(&v.c, "test.pale", text, strlen(text), &none);
	if (v.c.diags.n_errors) {
		diag_print(&v.c.diags, stderr, false);
		fail();
	}
	v.p = v.c.policies[0];
	v.seccomp = coverage_new(v.p);
	cover_seccomp(v.p, v.seccomp);
	cover_oci(oci_filter_new(v.c.arena, v.p), v.seccomp);
	return v;
}

static void is(const struct covered *v, const struct rule *rule, enum operation op,
	enum mechanism m, const char *verdict)
{
	const struct coverage_entry *e = &v->seccomp->v[rule->index][op][m];

	if (strcmp(coverage_names[e->verdict], verdict) != 0)
		fail_msg("%s of '%s': %s (%s), not %s", vocab_operations[op].name, rule->text,
			coverage_names[e->verdict], e->why ? e->why : "", verdict);
	assert_true((e->verdict == COVERAGE_EXACT || e->verdict == COVERAGE_UNENFORCED) ||
		    e->why != NULL);
}

static void default_is(const struct covered *v, enum operation op, const char *verdict)
{
	is(v, v->p->domains[0]->defaults[op], op, MECHANISM_SECCOMP, verdict);
}

static const struct rule *rule_of(const struct covered *v, const char *text)
{
	for (uint32_t i = 0; i < v->p->n_rules; i++) {
		if (strstr(v->p->rules[i]->text, text))
			return v->p->rules[i];
	}
	fail_msg("no rule '%s'", text);
	return NULL;
}

static void what_nothing_allows_is_exact(void **state)
{
	struct covered v = cover_text("profile p { abi x86_64\n process { allow exec /x }\n"
				      "file { allow read /x } }");

	(void)state;
	default_is(&v, OP_SYSCALL, "exact");
	default_is(&v, OP_USERNS, "exact");
	default_is(&v, OP_MOUNT, "exact");
	default_is(&v, OP_BIND, "exact");
	default_is(&v, OP_UMOUNT, "exact");
	default_is(&v, OP_PIVOT, "exact");
	default_is(&v, OP_SOCKET, "exact");
	default_is(&v, OP_SETATTR, "exact");
	default_is(&v, OP_LINK, "exact");
	default_is(&v, OP_RENAME, "exact");
	default_is(&v, OP_DELETE, "exact");
	default_is(&v, OP_FORK, "exact");
	default_is(&v, OP_PTRACE, "wider");
	default_is(&v, OP_EXEC, "unenforced");
	default_is(&v, OP_READ, "unenforced");
	default_is(&v, OP_CAPABILITY, "unenforced");
	compilation_release(&v.c);
}

static void what_something_allows_is_not(void **state)
{
	struct covered v = cover_text("profile p { abi x86_64\n process { allow exec /x; allow "
				      "userns; allow signal TERM to self }\n"
				      "file { allow setattr, rename /x; deny setattr /x/y }\n"
				      "mount { allow umount /y/; allow mount tmpfs on /y/ } }");

	(void)state;
	default_is(&v, OP_USERNS, "exact"); /* it never decides */
	is(&v, rule_of(&v, "allow userns"), OP_USERNS, MECHANISM_SECCOMP, "exact");
	default_is(&v, OP_SETATTR, "wider"); /* ioctl(FS_IOC_SETFLAGS) stays refused */
	is(&v, rule_of(&v, "deny setattr"), OP_SETATTR, MECHANISM_SECCOMP, "wider");
	is(&v, rule_of(&v, "allow setattr"), OP_SETATTR, MECHANISM_SECCOMP, "unenforced");
	default_is(&v, OP_RENAME, "wider"); /* io_uring stays refused */
	default_is(&v, OP_SIGNAL, "unenforced");
	compilation_release(&v.c);

	v = cover_text("profile p { abi x86_64\n process { allow exec /x; allow ptrace self }\n"
		       "syscall { only read, mount, fsopen, socket } }");
	default_is(&v, OP_MOUNT, "wider");
	default_is(&v, OP_BIND, "wider");
	default_is(&v, OP_SOCKET, "wider");
	is(&v, rule_of(&v, "allow ptrace"), OP_PTRACE, MECHANISM_SECCOMP, "narrower");
	is(&v, rule_of(&v, "allow exec"), OP_EXEC, MECHANISM_SECCOMP, "narrower");
	compilation_release(&v.c);
}

static void socket_families(void **state)
{
	struct covered v =
		cover_text("profile p { abi x86_64\n process { allow exec /x }\n"
			   "network { allow connect tcp *:80\n allow socket vsock, packet } }");

	(void)state;
	default_is(&v, OP_SOCKET, "exact");
	is(&v, rule_of(&v, "allow socket"), OP_SOCKET, MECHANISM_SECCOMP, "exact");
	default_is(&v, OP_CONNECT, "wider");
	compilation_release(&v.c);
	v = cover_text("profile p { abi x86_64\n process { allow exec /x }\n"
		       "syscall { allow socket(family == 2) } }");
	default_is(&v, OP_SOCKET, "wider"); /* raw, and packet by SOCK_PACKET */
	compilation_release(&v.c);
	v = cover_text("profile p { abi x86_64\n process { allow exec /x }\n"
		       "network { allow socket packet }\n"
		       "syscall { only read, socket(family == 2 and type & 15 == 1) } }");
	default_is(&v, OP_SOCKET, "exact");
	is(&v, rule_of(&v, "allow socket packet"), OP_SOCKET, MECHANISM_SECCOMP, "narrower");
	compilation_release(&v.c);
	v = cover_text("profile p { abi x86_64\n process { allow exec /x }\n"
		       "syscall { allow io_uring_setup } }");
	default_is(&v, OP_SOCKET, "wider");
	default_is(&v, OP_LINK, "wider");
	compilation_release(&v.c);
}

static void kill_must_kill(void **state)
{
	struct covered v = cover_text(
		"profile p { abi x86_64; on violation kill\n process { allow exec /x } }");

	(void)state;
	default_is(&v, OP_MOUNT, "exact");
	default_is(&v, OP_SYSCALL, "exact");
	compilation_release(&v.c);
	v = cover_text("profile p { abi x86_64\n process { allow exec /x; kill userns }\n"
		       "syscall { kill reboot } }");
	is(&v, rule_of(&v, "kill userns"), OP_USERNS, MECHANISM_SECCOMP, "wider");
	is(&v, rule_of(&v, "kill reboot"), OP_SYSCALL, MECHANISM_SECCOMP, "exact");
	compilation_release(&v.c);
}

/* What the filter refuses whole never comes to the mechanism that would kill, or has the errno. */
static void what_the_filter_settles(void **state)
{
	struct covered v =
		cover_text("profile p { abi x86_64\n file { allow read /x; kill delete /a\n"
			   "deny rename /a errno EXDEV; deny link /a; kill read /x/a } }");
	const mechanisms both = 1u << MECHANISM_SECCOMP | 1u << MECHANISM_BPF_LSM;
	static const struct {
		const char *rule;
		enum operation op;
		enum coverage_verdict verdict;
	} cases[] = {
		{ "kill delete /a", OP_DELETE, COVERAGE_WIDER },
		{ "deny rename /a errno EXDEV", OP_RENAME, COVERAGE_WIDER },
		{ "deny link /a", OP_LINK, COVERAGE_EXACT },
		{ "kill read /x/a", OP_READ, COVERAGE_EXACT },
	};

	(void)state;
	is(&v, rule_of(&v, "deny rename /a errno EXDEV"), OP_RENAME, MECHANISM_SECCOMP, "wider");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct rule *rule = rule_of(&v, cases[i].rule);
		const char *why;

		coverage_set(v.seccomp, rule, cases[i].op, MECHANISM_BPF_LSM, COVERAGE_EXACT, NULL);
		if (coverage_together(v.seccomp, rule, cases[i].op, both, &why) != cases[i].verdict)
			fail_msg("%s: %s", cases[i].rule, why ? why : "exact");
	}
	compilation_release(&v.c);
}

static void sub_profiles_share_a_filter(void **state)
{
	struct covered v = cover_text("profile p { abi x86_64\n process { allow exec /x as s }\n"
				      "syscall { only read; deny getuid; kill reboot }\n"
				      "profile s { syscall { only getuid; kill syslog } } }");

	(void)state;
	is(&v, rule_of(&v, "deny getuid"), OP_SYSCALL, MECHANISM_SECCOMP, "wider");
	is(&v, rule_of(&v, "only read"), OP_SYSCALL, MECHANISM_SECCOMP, "exact");
	is(&v, rule_of(&v, "kill reboot"), OP_SYSCALL, MECHANISM_SECCOMP, "exact");
	is(&v, rule_of(&v, "kill syslog"), OP_SYSCALL, MECHANISM_SECCOMP, "wider");
	default_is(&v, OP_SYSCALL, "exact"); /* getuid has its own rule */
	is(&v, v.p->domains[1]->defaults[OP_SYSCALL], OP_SYSCALL, MECHANISM_SECCOMP, "wider");
	compilation_release(&v.c);
}

static void what_oci_cannot_say(void **state)
{
	struct covered v = cover_text(
		"profile p { abi x86_64\n syscall { only read, mprotect(len in 3..0xffffffffffff)\n"
		"allow ioctl(cmd == 1) } }");
	const struct rule *odd = rule_of(&v, "only read");

	(void)state;
	is(&v, odd, OP_SYSCALL, MECHANISM_SECCOMP, "exact");
	is(&v, odd, OP_SYSCALL, MECHANISM_OCI, "narrower");
	is(&v, rule_of(&v, "allow ioctl"), OP_SYSCALL, MECHANISM_OCI, "exact");
	is(&v, v.p->domains[0]->defaults[OP_SYSCALL], OP_SYSCALL, MECHANISM_OCI, "exact");
	compilation_release(&v.c);
	v = cover_text("profile p { abi x86_64, x86\n process { allow exec /x } }");
	is(&v, v.p->domains[0]->defaults[OP_SYSCALL], OP_SYSCALL, MECHANISM_SECCOMP, "exact");
	is(&v, v.p->domains[0]->defaults[OP_SYSCALL], OP_SYSCALL, MECHANISM_OCI, "wider");
	is(&v, v.p->domains[0]->defaults[OP_SOCKET], OP_SOCKET, MECHANISM_OCI, "wider");
	is(&v, v.p->domains[0]->defaults[OP_MOUNT], OP_MOUNT, MECHANISM_OCI, "exact");
	compilation_release(&v.c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_nothing_allows_is_exact),
		cmocka_unit_test(what_something_allows_is_not),
		cmocka_unit_test(socket_families),
		cmocka_unit_test(kill_must_kill),
		cmocka_unit_test(what_the_filter_settles),
		cmocka_unit_test(sub_profiles_share_a_filter),
		cmocka_unit_test(what_oci_cannot_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
