/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/cbpf.h"
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

static const char text[] =
	"profile p { abi x86_64, x86; syscall {\n"
	"only read, write, getpid, exit_group, ioctl(cmd in {0x5421, 0x5452, 0x5401})\n"
	"allow personality(persona == 8), clone(clone_flags & 0x7e020000 == 0)\n"
	"allow mmap2, socket(family == 1 and type & 15 == 1)\n"
	"audit prctl(option in 3..9), fchmod(mode < 512)\n"
	"kill ptrace, madvise(len_in > 0x100000005)\n"
	"} }";

struct setting {
	struct compilation c;
	struct policy *p;
	struct seccomp_options options;
	struct seccomp_program *program;
};

static int set_up(void **state)
{
	static const struct compile_options none;
	struct setting *s = calloc(1, sizeof(*s));
	const char *why;

	compile_bytes(&s->c, "test.pale", text, strlen(text), &none);
	if (s->c.diags.n_errors) {
		diag_print(&s->c.diags, stderr, false);
		return -1;
	}
	s->p = s->c.policies[0];
	s->program = emit_seccomp(s->c.arena, s->p, &s->options, NULL, &why);
	*state = s;
	return s->program ? 0 : -1;
}

static int tear_down(void **state)
{
	struct setting *s = *state;

	compilation_release(&s->c);
	free(s);
	return 0;
}

static void what_was_emitted_is_proved(void **state)
{
	struct setting *s = *state;

	assert_null(verify_seccomp(s->c.arena, s->p, &s->options, s->program));
}

static void another_policy_s_filter_is_not(void **state)
{
	struct setting *s = *state;
	struct seccomp_options notify = { .refusals = SECCOMP_RETURN_NOTIFY };
	const char *why = verify_seccomp(s->c.arena, s->p, &notify, s->program);

	assert_non_null(why);
	assert_non_null(strstr(why, "the filter answers"));
}

static void patch_refused(
	struct setting *s, const struct sock_filter *head, uint32_t n_head, const char *because)
{
	struct arena *a = arena_new();
	struct seccomp_program longer = { .n = s->program->n + n_head };
	const char *why;

	longer.v = arena_array(a, longer.n, sizeof(*longer.v));
	memcpy(longer.v, head, n_head * sizeof(*head));
	memcpy(longer.v + n_head, s->program->v, s->program->n * sizeof(*head));
	why = verify_seccomp(a, s->p, &s->options, &longer);
	assert_non_null(why);
	assert_non_null(strstr(why, because));
	arena_free(a);
}

/* Holes that no sampling of known numbers and plausible arguments would meet. */
static void rare_holes_are_found(void **state)
{
	static const struct sock_filter one_number[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, CBPF_NUMBER),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x12345678, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	static const struct sock_filter one_arch[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, CBPF_ARCH),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x12345678, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	static const struct sock_filter one_argument[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, CBPF_ARGUMENT_HI(5)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x12345678, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	static const struct sock_filter bits_of_number[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, CBPF_NUMBER),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x20000000, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	static const struct sock_filter arithmetic[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, CBPF_ARGUMENT_LO(0)),
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 3),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x12345678, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	static const struct sock_filter pointer[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 8),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x12345678, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	patch_refused(*state, one_number, 3, "call 305419896");
	patch_refused(*state, one_arch, 3, "architecture 0x12345678");
	patch_refused(*state, one_argument, 3, "0x12345678");
	patch_refused(*state, bits_of_number, 3, "bits of the number");
	patch_refused(*state, arithmetic, 4, "no proof");
	patch_refused(*state, pointer, 3, "instruction pointer");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_emitted_is_proved, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_policy_s_filter_is_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rare_holes_are_found, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
