/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the proof sees what it is there to see: each instruction of ten filters is spoiled in
 * turn, and what then answers any call otherwise, as libpcap's interpreter runs it, has to be
 * refused.
 */
#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "compiler/verify_seccomp.h"

#include <linux/audit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pcap_judge.h"
#include "random.h"

struct subject {
	const char *text;
	struct seccomp_options options;
};

static const struct subject subjects[] = {
	{ .text = "profile p { abi x86_64; syscall { only read, write, exit_group } }" },
	{ .text = "profile p { abi x86_64, x86; syscall {\n"
		  "only read, write, getpid, exit_group, ioctl(cmd in {0x5421, 0x5452, 0x5401})\n"
		  "allow personality(persona == 8), clone(clone_flags & 0x7e020000 == 0)\n"
		  "allow mmap2, socket(family == 1 and type & 15 == 1)\n"
		  "audit prctl(option in 3..9), fchmod(mode < 512)\n"
		  "kill ptrace, madvise(len_in > 0x100000005)\n"
		  "} }" },
	{ .text = "profile p { abi x86_64; file { allow read, write, create /srv/** }\n"
		  "network { allow connect tcp 10.0.0.0/8:443 } }" },
	{ .text = "profile p { abi x86_64, x86, x32; on violation kill\n"
		  "syscall { only read, write, futex, socket(family != 40), exit_group } }" },
	{ .text = "profile p { abi aarch64, arm; process { allow exec /bin/* }\n"
		  "syscall { deny ioctl(cmd not in {0x5401, 0x5413}) errno ENOTTY } }" },
	{ .text = "profile p { abi x86_64; file { allow read /** }\n"
		  "syscall { quiet deny syslog\n kill bpf, perf_event_open\n"
		  "deny mmap(prot & 4 == 4 and flags & 0x20 == 0x20) } }",
		.options = { .refusals = SECCOMP_RETURN_NOTIFY } },
	{ .text = "profile p { abi x86_64; mode audit; syscall { only read, setpriority(niceval >= "
		  "-3)\n"
		  "kill ptrace } }" },
	{ .text = "profile p { abi x86_64; process { allow exec /bin/sub as sub }\n"
		  "syscall { only execve, read }\n"
		  "profile sub { syscall { only execve, madvise(len_in < 0x300000001), socket(type "
		  "in 1..3)\n"
		  "} } }" },
	{ .text = "profile p { abi x32; syscall { only read, mmap(len <= 0x180000000)\n"
		  "allow madvise(len_in not in {0x100000005, 0x300000005}) } }" },
	{ .text = "profile p { abi x86_64; syscall {\n"
		  "allow openat(flags & 3 == 0), prctl(option in {1, 2, 5, 9, 22, 38})\n"
		  "allow kill(pid in -7..-1), kill(sig in 1..15)\n"
		  "} allow capability sys_admin, setuid }" },
};

struct mutation {
	const char *what;
	void (*apply)(struct sock_filter *f);
};

static void next_constant(struct sock_filter *f)
{
	f->k++;
}
static void last_constant(struct sock_filter *f)
{
	f->k--;
}
static void other_half(struct sock_filter *f)
{
	f->k ^= 0x80000000;
}
static void jumps_swapped(struct sock_filter *f)
{
	uint8_t jt = f->jt;

	f->jt = f->jf;
	f->jf = jt;
}
static void always_yes(struct sock_filter *f)
{
	f->jf = f->jt;
}
static void always_no(struct sock_filter *f)
{
	f->jt = f->jf;
}
static void jump_further(struct sock_filter *f)
{
	f->jt++;
}
static void jump_less(struct sock_filter *f)
{
	f->jf--;
}
static void equal_for_order(struct sock_filter *f)
{
	if (BPF_CLASS(f->code) == BPF_JMP)
		f->code ^= BPF_JEQ ^ BPF_JGE;
}
static void greater_for_not_less(struct sock_filter *f)
{
	if (BPF_CLASS(f->code) == BPF_JMP)
		f->code ^= BPF_JGE ^ BPF_JGT;
}
static void other_word(struct sock_filter *f)
{
	if (BPF_CLASS(f->code) == BPF_LD)
		f->k ^= 4;
}
static void allows(struct sock_filter *f)
{
	if (BPF_CLASS(f->code) == BPF_RET)
		f->k = SECCOMP_RET_ALLOW;
}
static void gone(struct sock_filter *f)
{
	*f = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0);
}

static const struct mutation mutations[] = {
	{ "k + 1", next_constant },
	{ "k - 1", last_constant },
	{ "k ^ 2^31", other_half },
	{ "jumps swapped", jumps_swapped },
	{ "always yes", always_yes },
	{ "always no", always_no },
	{ "jump further", jump_further },
	{ "jump less far", jump_less },
	{ "jeq for jge", equal_for_order },
	{ "jgt for jge", greater_for_not_less },
	{ "another word", other_word },
	{ "allows", allows },
	{ "gone", gone },
};

#define N(a) (sizeof(a) / sizeof(*(a)))

static uint32_t near_constant(const struct seccomp_program *p, uint32_t at)
{
	uint32_t k = p->v[random_below(2) ? at : random_below(p->n)].k;

	return k + random_below(3) - 1;
}

/* Calls near whatever the program compares with, and most of all near its instruction @at. */
static struct seccomp_data random_call(const struct seccomp_program *p, uint32_t at)
{
	static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64,
		AUDIT_ARCH_ARM };
	struct seccomp_data d = { .arch = archs[random_below(N(archs))] };

	if (random_below(16) == 0)
		d.arch = near_constant(p, at);
	d.nr = (int)(random_below(4) ? random_below(480) : near_constant(p, at));
	if (random_below(8) == 0)
		d.nr |= 0x40000000;
	for (int i = 0; i < 6; i++) {
		d.args[i] = near_constant(p, at);
		if (random_below(3) == 0)
			d.args[i] |= random_number() << 32;
		if (random_below(8) == 0)
			d.args[i] = (uint64_t)near_constant(p, at) << 32 | d.args[i] >> 32;
		if (random_below(8) == 0)
			d.args[i] = random_below(16);
	}
	return d;
}

/* Every number and architecture that could matter, with few arguments; then many calls at random.
 */
static bool answers_otherwise(const struct seccomp_program *p, const struct seccomp_program *mutant,
	uint32_t at, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		struct seccomp_data d = random_call(i % 2 ? p : mutant, at);

		if (pcap_judge(p->v, &d) != pcap_judge(mutant->v, &d))
			return true;
	}
	return false;
}

struct tally {
	unsigned int mutants, not_programs, changed, refused;
};

static void try_mutant(const struct subject *subject, const struct policy *p,
	const struct seccomp_program *program, uint32_t at, const struct mutation *m,
	struct tally *tally)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct seccomp_program mutant = { .n = program->n };
	bool loads, refused, changed;
	const char *why;
	uint32_t where;

	mutant.v = arena_array(a, mutant.n, sizeof(*mutant.v));
	memcpy(mutant.v, program->v, mutant.n * sizeof(*mutant.v));
	m->apply(&mutant.v[at]);
	if (!memcmp(&mutant.v[at], &program->v[at], sizeof(*mutant.v)))
		return;
	tally->mutants++;
	loads = cbpf_check(mutant.v, mutant.n, &why, &where);
	refused = verify_seccomp(a, p, &subject->options, &mutant) != NULL;
	tally->refused += refused;
	if (!loads) {
		tally->not_programs++;
		assert_true(refused);
		return;
	}
	changed = answers_otherwise(program, &mutant, at, refused ? 300 : 20000);
	tally->changed += changed;
	if (changed && !refused)
		fail_msg("instruction %u, %s: answers otherwise and is proved, in\n%s", at, m->what,
			subject->text);
}

static void what_answers_otherwise_is_refused(void **state)
{
	struct tally tally = { 0 };
	unsigned int instructions = 0;

	(void)state;
	for (size_t i = 0; i < N(subjects); i++) {
		static const struct compile_options none;
		const struct subject *subject = &subjects[i];
		struct seccomp_program *program;
		struct compilation c;
		const char *why;

		compile_bytes(&c, "test.pale", subject->text, strlen(subject->text), &none);
		if (c.diags.n_errors) {
			diag_print(&c.diags, stderr, false);
			fail();
		}
		program = emit_seccomp(c.arena, c.policies[0], &subject->options, NULL, &why);
		assert_non_null(program);
		assert_null(verify_seccomp(c.arena, c.policies[0], &subject->options, program));
		instructions += program->n;
		for (uint32_t at = 0; at < program->n; at++) {
			for (size_t k = 0; k < N(mutations); k++)
				try_mutant(
					subject, c.policies[0], program, at, &mutations[k], &tally);
		}
		compilation_release(&c);
	}
	print_message("# %u mutants of %u instructions: %u no programs, %u answer otherwise, %u "
		      "refused\n",
		tally.mutants, instructions, tally.not_programs, tally.changed, tally.refused);
	/* Or nothing was tried. */
	assert_true(tally.changed > tally.mutants / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_answers_otherwise_is_refused),
	};

	random_seed(0x9e3779b97f4a7c15);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
