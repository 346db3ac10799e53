/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/cbpf.h"
#include "compiler/cells.h"
#include "compiler/compile.h"
#include "compiler/emit_seccomp.h"
#include "compiler/verify_seccomp.h"

#include "filter_against_decide.h"
#include "policy_by_hand.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "random.h"

/* A policy from its text, with the filter for @options, proved. */
struct filter {
	struct compilation c;
	struct policy *p;
	struct seccomp_options options;
	struct seccomp_program *program;
};

static void filter_build(struct filter *f, const char *text, struct seccomp_options options)
{
	static const struct compile_options none;
	const char *why = NULL;

	compile_bytes(&f->c, "test.pale", text, strlen(text), &none);
	if (f->c.diags.n_errors) {
		diag_print(&f->c.diags, stderr, false);
		fail();
	}
	f->p = f->c.policies[0];
	f->options = options;
	f->program = emit_seccomp(f->c.arena, f->p, &options, NULL, &why);
	if (!f->program)
		fail_msg("%s", why);
	why = verify_seccomp(f->c.arena, f->p, &options, f->program);
	if (why)
		fail_msg("%s", why);
}

static uint32_t ask(
	const struct filter *f, uint32_t arch, int64_t nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
	struct seccomp_data data = { .nr = (int)nr, .arch = arch, .args = { a0, a1, a2 } };

	return cbpf_run(f->program->v, f->program->n, &data, NULL);
}

static int64_t number(const char *name, enum abi abi)
{
	return vocab_syscalls[vocab_syscall_find(name)].number[abi];
}

#define REFUSED(n) (SECCOMP_RET_ERRNO | (n))
#define ALLOWED	   SECCOMP_RET_ALLOW
#define X86_64	   AUDIT_ARCH_X86_64
#define I386	   AUDIT_ARCH_I386

static void abis_and_numbers(void **state)
{
	struct filter f;

	(void)state;
	filter_build(&f, "profile p { abi x86_64; syscall { only getpid, read } }",
		(struct seccomp_options){ 0 });
	assert_int_equal(ask(&f, X86_64, number("getpid", ABI_X86_64), 0, 0, 0), ALLOWED);
	assert_int_equal(ask(&f, X86_64, number("getppid", ABI_X86_64), 0, 0, 0), REFUSED(EPERM));
	assert_int_equal(ask(&f, X86_64, 340, 0, 0, 0), REFUSED(ENOSYS));
	assert_int_equal(ask(&f, X86_64, 100000, 0, 0, 0), REFUSED(ENOSYS));
	assert_int_equal(ask(&f, X86_64, number("getpid", ABI_X32), 0, 0, 0), REFUSED(EPERM));
	assert_int_equal(ask(&f, X86_64, 0x7fffffff, 0, 0, 0), REFUSED(EPERM));
	assert_int_equal(ask(&f, I386, number("getpid", ABI_X86), 0, 0, 0), REFUSED(EPERM));
	assert_int_equal(ask(&f, AUDIT_ARCH_RISCV64, 172, 0, 0, 0), REFUSED(EPERM));
	compilation_release(&f.c);

	filter_build(&f, "profile p { abi x86_64, x86, x32; syscall { only getpid } }",
		(struct seccomp_options){ 0 });
	assert_int_equal(ask(&f, X86_64, number("getpid", ABI_X32), 0, 0, 0), ALLOWED);
	assert_int_equal(ask(&f, I386, number("getpid", ABI_X86), 0, 0, 0), ALLOWED);
	assert_int_equal(ask(&f, I386, number("getpid", ABI_X86_64), 0, 0, 0), REFUSED(EPERM));
	assert_int_equal(ask(&f, X86_64, 0x7fffffff, 0, 0, 0), REFUSED(ENOSYS));
	assert_int_equal(ask(&f, AUDIT_ARCH_AARCH64, number("getpid", ABI_AARCH64), 0, 0, 0),
		REFUSED(EPERM));
	compilation_release(&f.c);

	filter_build(&f, "profile p { abi x86_64; on violation kill; syscall { only getpid } }",
		(struct seccomp_options){ 0 });
	assert_int_equal(ask(&f, X86_64, 0, 0, 0, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(ask(&f, I386, 20, 0, 0, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(ask(&f, AUDIT_ARCH_RISCV64, 172, 0, 0, 0), SECCOMP_RET_KILL_PROCESS);
	compilation_release(&f.c);
}

static void widths_and_signs(void **state)
{
	struct filter f;
	int64_t nr;

	(void)state;
	filter_build(&f,
		"profile p { abi x86_64; syscall {\n"
		"only personality(persona in {0, 8}), socket(domain in 1..2),\n"
		"setpriority(niceval >= -3), clone(clone_flags & 0x7e020000 == 0),\n"
		"mmap(len <= 0x180000000), fchmod(mode < 512),\n"
		"madvise(len_in not in {0x100000005, 0x300000005})\n"
		"} }",
		(struct seccomp_options){ 0 });
	nr = number("personality", ABI_X86_64);
	/* The kernel reads 32 bits: what stands above them is nobody's business. */
	assert_int_equal(ask(&f, X86_64, nr, 8, 0, 0), ALLOWED);
	assert_int_equal(ask(&f, X86_64, nr, 0xdead00000008, 0, 0), ALLOWED);
	assert_int_equal(ask(&f, X86_64, nr, 0xdead00000009, 0, 0), REFUSED(EPERM));
	nr = number("socket", ABI_X86_64);
	assert_int_equal(ask(&f, X86_64, nr, 2, 0, 0), ALLOWED);
	assert_int_equal(ask(&f, X86_64, nr, 0, 0, 0), REFUSED(EPERM));
	assert_int_equal(ask(&f, X86_64, nr, UINT32_MAX, 0, 0), REFUSED(EPERM));
	nr = number("setpriority", ABI_X86_64);
	assert_int_equal(ask(&f, X86_64, nr, 0, 0, (uint64_t)-3), ALLOWED);
	assert_int_equal(ask(&f, X86_64, nr, 0, 0, 0xfffffffd), ALLOWED);
	assert_int_equal(ask(&f, X86_64, nr, 0, 0, (uint64_t)-4), REFUSED(EPERM));
	assert_int_equal(ask(&f, X86_64, nr, 0, 0, 0x7fffffff), ALLOWED);
	assert_int_equal(ask(&f, X86_64, nr, 0, 0, 0x80000000), REFUSED(EPERM));
	nr = number("clone", ABI_X86_64);
	assert_int_equal(ask(&f, X86_64, nr, 0x3d0f00, 0, 0), ALLOWED);
	assert_int_equal(ask(&f, X86_64, nr, CLONE_NEWUSER, 0, 0), REFUSED(EPERM));
	/* clone's arguments are compared, and clone3 would hide them. */
	assert_int_equal(ask(&f, X86_64, number("clone3", ABI_X86_64), 0, 0, 0), REFUSED(ENOSYS));
	nr = number("mmap", ABI_X86_64);
	assert_int_equal(ask(&f, X86_64, nr, 0, 0x180000000, 0), ALLOWED);
	assert_int_equal(ask(&f, X86_64, nr, 0, 0xffffffff, 0), ALLOWED);
	assert_int_equal(ask(&f, X86_64, nr, 0, 0x180000001, 0), REFUSED(EPERM));
	assert_int_equal(ask(&f, X86_64, nr, 0, 0x200000000, 0), REFUSED(EPERM));
	nr = number("madvise", ABI_X86_64);
	assert_int_equal(ask(&f, X86_64, nr, 0, 0x100000005, 0), REFUSED(EPERM));
	assert_int_equal(ask(&f, X86_64, nr, 0, 0x200000005, 0), ALLOWED);
	assert_int_equal(ask(&f, X86_64, nr, 0, 0x300000005, 0), REFUSED(EPERM));
	assert_int_equal(ask(&f, X86_64, nr, 0, 0x400000005, 0), ALLOWED);
	nr = number("fchmod", ABI_X86_64);
	assert_int_equal(ask(&f, X86_64, nr, 0, 511, 0), ALLOWED);
	assert_int_equal(ask(&f, X86_64, nr, 0, 512, 0), REFUSED(EPERM));
	assert_int_equal(ask(&f, X86_64, nr, 0, 0x10000 + 511, 0), ALLOWED);
	compilation_release(&f.c);
}

/* EPERM says no; ENOSYS says that there is no such call, and sends programs to another. */
static void which_errno(void **state)
{
	static const struct {
		const char *name; /* NULL: by number */
		enum abi abi;
		uint32_t arch, number, want;
	} cases[] = {
		{ "mount", ABI_X86_64, X86_64, 0, REFUSED(EPERM) },
		{ "io_uring_setup", ABI_X86_64, X86_64, 0, REFUSED(EPERM) },
		{ "file_setattr", ABI_X86_64, X86_64, 0, REFUSED(EPERM) },
		{ "openat", ABI_X86_64, X86_64, 0, ALLOWED },
		{ "openat2", ABI_X86_64, X86_64, 0, ALLOWED },
		{ "socket", ABI_X86_64, X86_64, 0, REFUSED(EPERM) },
		{ "clone3", ABI_X86_64, X86_64, 0, REFUSED(ENOSYS) },
		{ "clone3", ABI_X86, I386, 0, REFUSED(ENOSYS) },
		/* They hide what socket() and the like show, and pass only by their names. */
		{ "socketcall", ABI_X86, I386, 0, REFUSED(EPERM) },
		{ "ipc", ABI_X86, I386, 0, REFUSED(EPERM) },
		{ "openat", ABI_X86, I386, 0, ALLOWED },
		/* A gap, and what came after the tables. */
		{ NULL, ABI_X86_64, X86_64, 400, REFUSED(ENOSYS) },
		{ NULL, ABI_X86_64, X86_64, 500, REFUSED(ENOSYS) },
		{ NULL, ABI_X86_64, X86_64, 0x3fffffff, REFUSED(ENOSYS) },
		{ NULL, ABI_X86, I386, 500, REFUSED(ENOSYS) },
		{ NULL, ABI_X86, I386, 0xffffffff, REFUSED(ENOSYS) },
		/* x32 is not spoken, whatever the number. */
		{ NULL, ABI_X32, X86_64, 0x40000000, REFUSED(EPERM) },
		{ NULL, ABI_X32, X86_64, 0xffffffff, REFUSED(EPERM) },
	};
	struct filter f;

	(void)state;
	filter_build(&f, "profile p { abi x86_64, x86; file { allow read /** } }",
		(struct seccomp_options){ 0 });
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t nr = cases[i].name ? number(cases[i].name, cases[i].abi)
					   : (int32_t)cases[i].number;
		uint32_t have = ask(&f, cases[i].arch, nr, 0, 0, 0);

		if (have != cases[i].want)
			fail_msg("%s %#x: %#x, wanted %#x", cases[i].name ? cases[i].name : "",
				(unsigned int)nr, have, cases[i].want);
	}
	compilation_release(&f.c);
	/* Where clone is not compared, clone3 hides nothing. */
	filter_build(&f, "profile p { abi x86_64; syscall { only clone, read } }",
		(struct seccomp_options){ 0 });
	assert_int_equal(ask(&f, X86_64, number("clone3", ABI_X86_64), 0, 0, 0), REFUSED(EPERM));
	compilation_release(&f.c);
}

static void how_refusals_return(void **state)
{
	static const char text[] = "profile p { abi x86_64; syscall {\n"
				   "only getpid, getppid\n"
				   "audit getuid\n"
				   "kill ptrace\n"
				   "quiet deny syslog\n"
				   "deny kexec_load errno ENOENT\n"
				   "} }";
	uint64_t notify[16] = { 0 };
	int call = vocab_syscall_find("getppid");
	static const struct {
		const char *name;
		uint32_t alone, notified, audit;
	} cases[] = {
		{ "getpid", ALLOWED, ALLOWED, ALLOWED },
		{ "getppid", ALLOWED, SECCOMP_RET_USER_NOTIF, ALLOWED },
		{ "getuid", SECCOMP_RET_LOG, SECCOMP_RET_USER_NOTIF, SECCOMP_RET_LOG },
		{ "ptrace", SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_USER_NOTIF, SECCOMP_RET_LOG },
		{ "syslog", REFUSED(EPERM), REFUSED(EPERM), ALLOWED },
		{ "kexec_load", REFUSED(ENOENT), SECCOMP_RET_USER_NOTIF, SECCOMP_RET_LOG },
		{ "mount", REFUSED(EPERM), SECCOMP_RET_USER_NOTIF, SECCOMP_RET_LOG },
	};
	struct filter alone, notified, audit;

	(void)state;
	assert_true(vocab_n_syscalls <= 64 * 16);
	notify[call / 64] |= (uint64_t)1 << call % 64;
	filter_build(&alone, text, (struct seccomp_options){ 0 });
	filter_build(&notified, text,
		(struct seccomp_options){ .refusals = SECCOMP_RETURN_NOTIFY, .notify = notify });
	filter_build(&audit, text, (struct seccomp_options){ .audit = true });
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t nr = number(cases[i].name, ABI_X86_64);

		assert_int_equal(ask(&alone, X86_64, nr, 0, 0, 0), cases[i].alone);
		assert_int_equal(ask(&notified, X86_64, nr, 0, 0, 0), cases[i].notified);
		assert_int_equal(ask(&audit, X86_64, nr, 0, 0, 0), cases[i].audit);
	}
	compilation_release(&alone.c);
	compilation_release(&notified.c);
	compilation_release(&audit.c);
}

/* One filter serves the whole tree: what any sub-profile may. */
static void sub_profiles_are_united(void **state)
{
	struct filter f;

	(void)state;
	filter_build(&f,
		"profile p { abi x86_64; syscall { only getpid; deny getuid errno ENOENT }\n"
		"process { allow exec /x as s }\n"
		"profile s { syscall { only getppid; kill syslog } } }",
		(struct seccomp_options){ 0 });
	assert_int_equal(ask(&f, X86_64, number("getpid", ABI_X86_64), 0, 0, 0), ALLOWED);
	assert_int_equal(ask(&f, X86_64, number("getppid", ABI_X86_64), 0, 0, 0), ALLOWED);
	assert_int_equal(ask(&f, X86_64, number("getuid", ABI_X86_64), 0, 0, 0), REFUSED(ENOENT));
	assert_int_equal(ask(&f, X86_64, number("syslog", ABI_X86_64), 0, 0, 0), REFUSED(EPERM));
	compilation_release(&f.c);
}

static void budgets_are_named(void **state)
{
	struct arena *a = arena_new();
	struct policy *p = hand_policy(a, 1u << ABI_X86_64);
	struct seccomp_options options = { 0 };
	const char *why = NULL;

	(void)state;
	for (int i = 0; i < 18; i++)
		hand_test(p, hand_call(p, hand_rule(p, 0, EFFECT_ALLOW, OP_SYSCALL), "clone"),
			"clone_flags", TEST_MASK, false, (uint64_t)1 << i, 1, (uint64_t)0);
	hand_finish(p);
	assert_null(emit_seccomp(a, p, &options, NULL, &why));
	assert_non_null(strstr(why, "'clone' have more than 65536"));
	arena_free(a);
}

static void bytes_are_little_endian(void **state)
{
	struct sock_filter v[] = { BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc000003e, 1, 2) };
	struct seccomp_program program = { v, 1 };
	_cleanup_(text_release) struct text t = TEXT_INIT;

	(void)state;
	seccomp_program_bytes(&program, &t);
	assert_int_equal(t.len, 8);
	assert_memory_equal(text_str(&t), "\x15\x00\x01\x02\x3e\x00\x00\xc0", 8);
}

/* Rules at random on a few calls with arguments of every width and sign. */
static void random_rules(struct policy *p, uint32_t n_rules)
{
	static const char *const calls[] = { "ioctl", "socket", "clone", "personality", "fchmod",
		"setpriority", "mmap", "prctl", "getpid", "fcntl" };
	static const uint64_t near[] = { 0, 1, 2, 16, 0x5421, 0x7fffffff, 0x80000000, 0xffffffff,
		0x100000000, 0x100000001, (uint64_t)-1, (uint64_t)-100, 0x10000000, 0xffff, 511 };

	for (uint32_t i = 0; i < n_rules; i++) {
		static const enum effect effects[] = { EFFECT_ALLOW, EFFECT_ALLOW, EFFECT_ALLOW,
			EFFECT_AUDIT, EFFECT_DENY, EFFECT_KILL };
		struct rule *r = hand_rule(
			p, random_below(p->n_domains), effects[random_below(6)], OP_SYSCALL);
		uint32_t n_calls = 1 + random_below(4);

		r->quiet = r->effect == EFFECT_DENY && random_below(3) == 0;
		r->errnum = r->effect == EFFECT_DENY && random_below(3) == 0 ? ENOENT : 0;
		for (uint32_t c = 0; c < n_calls; c++) {
			int call = vocab_syscall_find(calls[random_below(10)]);
			struct syscall_match *m =
				hand_match(p, random_below(5) ? &r->calls : &r->except_calls, call);
			uint32_t n_tests = vocab_syscalls[call].n_arguments ? random_below(3) : 0;

			for (uint32_t t = 0; t < n_tests; t++) {
				const struct vocab_argument *a =
					&vocab_syscalls[call].arguments[random_below(
						vocab_syscalls[call].n_arguments)];
				enum test_kind kind = random_below(3);
				uint64_t v[3], swap;
				uint64_t mask = near[random_below(15)] | near[random_below(15)];

				for (int k = 0; k < 3; k++)
					v[k] = hand_cut(
						a, near[random_below(15)] + random_below(3));
				if (a->is_signed ? (int64_t)v[0] > (int64_t)v[1] : v[0] > v[1]) {
					swap = v[0];
					v[0] = v[1];
					v[1] = swap;
				}
				hand_test_values(p, m, a, kind, random_below(2), mask, v,
					kind == TEST_IN ? 3 : 2);
			}
		}
	}
}

struct comparison {
	const struct policy *p;
	const struct seccomp_program *program;
	enum abi abi;
	int number;
};

static bool compare(void *ctx, const uint64_t arguments[6])
{
	const struct comparison *c = ctx;

	assert_true(filter_agrees(c->p, c->program, c->abi, c->number, arguments));
	return true;
}

static void random_policies_agree_with_decide(void **state)
{
	static const uint32_t abis[] = {
		1u << ABI_X86_64,
		1u << ABI_X86_64 | 1u << ABI_X86 | 1u << ABI_X32,
		1u << ABI_AARCH64 | 1u << ABI_ARM,
		1u << ABI_X86,
	};

	int unproved = 0;

	(void)state;
	for (int round = 0; round < 60; round++) {
		struct arena *a = arena_new();
		struct policy *p = hand_policy(a, abis[random_below(4)]);
		struct seccomp_options options = { 0 };
		struct seccomp_program *program;
		const char *why = NULL;

		if (random_below(3) == 0)
			hand_domain(p, "hand/sub");
		if (random_below(4) == 0)
			p->domains[0]->defaults[OP_SYSCALL]->effect = EFFECT_KILL;
		random_rules(p, 1 + random_below(8));
		hand_finish(p);
		program = emit_seccomp(a, p, &options, NULL, &why);
		if (!program)
			fail_msg("round %d: %s", round, why);
		why = verify_seccomp(a, p, &options, program);
		/* Random conditions on every word of a call can be more than a proof takes. */
		if (why && !strstr(why, "too many conditions for a proof"))
			fail_msg("round %d: %s", round, why);
		unproved += why != NULL;
		for (uint32_t call = 0; call < vocab_n_syscalls; call++) {
			for (int abi = 0; abi < ABI_COUNT; abi++) {
				struct comparison c = { p, program, (enum abi)abi, 0 };

				if (vocab_syscalls[call].number[abi] < 0 || !(p->abis & 1u << abi))
					continue;
				c.number = vocab_syscalls[call].number[abi];
				assert_true(
					cells_walk(p, (enum abi)abi, (int)call, true, compare, &c));
				for (int i = 0; i < 20 && vocab_syscalls[call].n_arguments; i++) {
					uint64_t args[6];

					for (int k = 0; k < 6; k++)
						args[k] = random_number() >> random_below(64);
					compare(&c, args);
				}
			}
		}
		arena_free(a);
	}
	assert_true(unproved <= 3);
}

static void output_is_deterministic(void **state)
{
	static const char text[] =
		"profile p { abi x86_64, x86\n file { allow read, write /x/** }\n"
		"network { allow connect tcp *:80 } }";
	struct filter f, g;

	(void)state;
	filter_build(&f, text, (struct seccomp_options){ 0 });
	filter_build(&g, text, (struct seccomp_options){ 0 });
	assert_int_equal(f.program->n, g.program->n);
	assert_memory_equal(f.program->v, g.program->v, f.program->n * sizeof(*f.program->v));
	print_message("# a derived set on two ABIs: %u instructions\n", f.program->n);
	compilation_release(&f.c);
	compilation_release(&g.c);
}

#ifdef __x86_64__
/* Real calls in a child under the filter. */
struct live_call {
	long nr;
	unsigned long args[3];
};

static const struct live_call live_calls[] = {
	{ SYS_getpid, { 0 } },
	{ SYS_getppid, { 0 } },
	{ SYS_getpriority, { PRIO_PROCESS, 0 } },
	{ SYS_getpriority, { PRIO_USER, 0 } },
	{ SYS_getpriority, { 0xdead00000000 | PRIO_USER, 0 } },
	{ SYS_getpriority, { 0xdead00000000 | PRIO_PROCESS, 0 } },
	{ SYS_fcntl, { 0, F_GETFD } },
	{ SYS_fcntl, { 0, F_GETFL } },
	{ SYS_fcntl, { 0, 0x100000000 | F_GETFD } },
	{ SYS_socket, { AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC } },
	{ SYS_socket, { AF_UNIX, SOCK_DGRAM } },
	{ SYS_socket, { AF_INET, SOCK_STREAM } },
	{ SYS_prctl, { PR_GET_DUMPABLE } },
	{ SYS_prctl, { PR_GET_KEEPCAPS } },
	{ SYS_getrandom, { 0, 0, 1 } },
	{ SYS_getrandom, { 0, 0, 0 } },
	{ SYS_umask, { 022 } },
	{ 340, { 0 } },
	{ 5000, { 0 } },
	{ 0x40000000 | 39, { 0 } },
};
#define N_LIVE (sizeof(live_calls) / sizeof(*live_calls))

static const char live_policy[] =
	"profile p { abi x86_64; syscall {\n"
	"only write, exit_group, getpid, getpriority(which == 0), fcntl(cmd == 1),\n"
	"socket(family == AF_UNIX and type & 15 == SOCK_STREAM), prctl(option in {3}),\n"
	"getrandom(flags & 1 == 1)\n"
	"deny getppid errno EXDEV\n"
	"kill times\n"
	"} }";

/*
 * Makes no call but what the filter allows: before a function that does not return, sanitizers make
 * calls of their own.
 */
static void leave(int status)
{
	static const volatile bool again = true;

	do
		syscall(SYS_exit_group, status);
	while (again);
}

static void load(const struct seccomp_program *program)
{
	struct sock_fprog prog = { (unsigned short)program->n, program->v };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog))
		leave(77);
}

static void the_kernel_answers_as_decide(void **state)
{
	struct filter f;
	int out[2], status, results[N_LIVE];
	pid_t child;

	(void)state;
	filter_build(&f, live_policy, (struct seccomp_options){ 0 });
	assert_int_equal(pipe(out), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		load(f.program);
		for (size_t i = 0; i < N_LIVE; i++) {
			const struct live_call *c = &live_calls[i];

			errno = 0;
			syscall(c->nr, c->args[0], c->args[1], c->args[2]);
			results[i] = errno;
		}
		if (write(out[1], results, sizeof(results)) != sizeof(results))
			leave(1);
		leave(0);
	}
	close(out[1]);
	assert_int_equal(read(out[0], results, sizeof(results)), sizeof(results));
	close(out[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	for (size_t i = 0; i < N_LIVE; i++) {
		const struct live_call *c = &live_calls[i];
		struct seccomp_data data = { .nr = (int)c->nr,
			.arch = AUDIT_ARCH_X86_64,
			.args = { c->args[0], c->args[1], c->args[2] } };
		struct decision d = seccomp_decide(f.p, &data);

		if (results[i] != (d.verdict == VERDICT_ALLOW ? 0 : d.errnum))
			fail_msg("call %ld (%zu): errno %d", c->nr, i, results[i]);
	}
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		long result;

		/* Not cmocka's. */
		signal(SIGSEGV, SIG_DFL);
		signal(SIGILL, SIG_DFL);
		load(f.program);
		/* getpid of the 32-bit ABI, which this policy does not speak */
		__asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");
		leave(result == -EPERM ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	/* A kernel without that ABI has no such gate. */
	if (!WIFSIGNALED(status))
		assert_int_equal(WEXITSTATUS(status), 0);

	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		load(f.program);
		syscall(SYS_times, 0);
		leave(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	compilation_release(&f.c);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(abis_and_numbers),
		cmocka_unit_test(widths_and_signs),
		cmocka_unit_test(which_errno),
		cmocka_unit_test(how_refusals_return),
		cmocka_unit_test(sub_profiles_are_united),
		cmocka_unit_test(budgets_are_named),
		cmocka_unit_test(bytes_are_little_endian),
		cmocka_unit_test(random_policies_agree_with_decide),
		cmocka_unit_test(output_is_deterministic),
#ifdef __x86_64__
		cmocka_unit_test(the_kernel_answers_as_decide),
#endif
	};
	random_seed(0x9e3779b97f4a7c15);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
