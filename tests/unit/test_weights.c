/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/cbpf.h"
#include "compiler/compile.h"
#include "compiler/emit_seccomp.h"
#include "compiler/verify_seccomp.h"

#include <linux/audit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct reading {
	struct arena *arena;
	struct source_set sources;
	struct diag_list diags;
	struct weights *weights;
	char *told;
};

static void read_text(struct reading *r, const char *text, size_t len)
{
	char path[] = "/tmp/pale-weights-XXXXXX";
	int fd = mkstemp(path);
	size_t size;
	FILE *f;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
	r->arena = arena_new();
	source_set_init(&r->sources, r->arena);
	diag_list_init(&r->diags, &r->sources);
	r->weights = weights_read(&r->diags, path);
	if (r->sources.n)
		r->sources.v[0]->name = "counts";
	f = open_memstream(&r->told, &size);
	diag_print(&r->diags, f, false);
	fclose(f);
	unlink(path);
}

static void reading_release(struct reading *r)
{
	free(r->told);
	arena_free(r->arena);
}

static uint64_t count(const struct reading *r, const char *call)
{
	return r->weights->counts[vocab_syscall_find(call)];
}

static void counts_add_up(void **state)
{
	static const char text[] = "# of a run\n"
				   "read 12\r\n"
				   "\n"
				   "\topenat  3 # at the start\n"
				   "read 18446744073709551600\n"
				   "read 400\n"
				   "clone 0";
	struct reading r;

	(void)state;
	read_text(&r, text, sizeof(text) - 1);
	assert_string_equal(r.told, "");
	assert_non_null(r.weights);
	assert_true(count(&r, "read") == UINT64_MAX);
	assert_int_equal(count(&r, "openat"), 3);
	assert_int_equal(count(&r, "clone"), 0);
	assert_int_equal(count(&r, "write"), 0);
	assert_true(r.weights->total == UINT64_MAX);
	reading_release(&r);
}

static void mistakes_are_placed(void **state)
{
	static const char text[] = "reed 12\n"
				   "read\n"
				   "read twelve\n"
				   "read 18446744073709551616\n"
				   "read 1 write 2\n"
				   "read -1\n";
	struct reading r;

	(void)state;
	read_text(&r, text, sizeof(text) - 1);
	assert_null(r.weights);
	assert_string_equal(r.told,
		"counts:1:1: error: unknown syscall 'reed'\n"
		"    1 | reed 12\n"
		"      | ^~~~\n"
		"  hint: did you mean 'read'?\n"
		"counts:2:5: error: expected how often 'read' was called, a number below 2^64\n"
		"    2 | read\n"
		"      |     ^\n"
		"counts:3:6: error: expected how often 'read' was called, a number below 2^64\n"
		"    3 | read twelve\n"
		"      |      ^~~~~~\n"
		"counts:4:6: error: expected how often 'read' was called, a number below 2^64\n"
		"    4 | read 18446744073709551616\n"
		"      |      ^~~~~~~~~~~~~~~~~~~~\n"
		"counts:5:8: error: expected the end of the line: each has one call\n"
		"    5 | read 1 write 2\n"
		"      |        ^~~~~\n"
		"counts:6:6: error: expected how often 'read' was called, a number below 2^64\n"
		"    6 | read -1\n"
		"      |      ^~\n");
	reading_release(&r);
}

static void bytes_of_any_kind_are_told(void **state)
{
	static const char text[] = "\0\0\0 1\nread\0 1\n\xff\xfe 3\nread 1\0";
	struct reading r;

	(void)state;
	read_text(&r, text, sizeof(text) - 1);
	assert_null(r.weights);
	assert_int_equal(r.diags.n_errors, 4);
	reading_release(&r);
}

static uint32_t executed(const struct seccomp_program *program, const char *call, uint64_t argument)
{
	struct seccomp_data data = { .arch = AUDIT_ARCH_X86_64, .args = { argument } };
	uint32_t n;

	data.nr = vocab_syscalls[vocab_syscall_find(call)].number[ABI_X86_64];
	cbpf_run(program->v, program->n, &data, &n);
	return n;
}

/* A call that the kernel cannot answer without the filter goes before those that it can. */
static void the_filter_decides_the_frequent_first(void **state)
{
	static const char text[] = "profile p { abi x86_64; file { allow read, write /** }\n"
				   "syscall { allow personality(persona == 8) } }";
	static const struct compile_options none;
	struct seccomp_options options = { 0 };
	struct seccomp_program *plain, *weighted;
	struct weights w = { .total = 0 };
	struct compilation c;
	const char *why;

	(void)state;
	compile_bytes(&c, "test.pale", text, strlen(text), &none);
	assert_int_equal(c.diags.n_errors, 0);
	w.counts = arena_array(c.arena, vocab_n_syscalls, sizeof(*w.counts));
	w.counts[vocab_syscall_find("personality")] = 1000;
	w.counts[vocab_syscall_find("read")] = 100000;
	w.total = 101000;
	plain = emit_seccomp(c.arena, c.policies[0], &options, NULL, &why);
	weighted = emit_seccomp(c.arena, c.policies[0], &options, &w, &why);
	assert_null(verify_seccomp(c.arena, c.policies[0], &options, plain));
	assert_null(verify_seccomp(c.arena, c.policies[0], &options, weighted));
	/* ld, jeq of the architecture; ld, jeq of the number; ld, jeq of the argument; ret */
	assert_int_equal(executed(weighted, "personality", 8), 7);
	assert_true(executed(plain, "personality", 8) > 7);
	w.counts[vocab_syscall_find("personality")] = UINT64_MAX;
	w.counts[vocab_syscall_find("read")] = UINT64_MAX;
	w.total = UINT64_MAX;
	weighted = emit_seccomp(c.arena, c.policies[0], &options, &w, &why);
	assert_null(verify_seccomp(c.arena, c.policies[0], &options, weighted));
	assert_int_equal(executed(weighted, "personality", 8), 7);
	compilation_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_add_up),
		cmocka_unit_test(mistakes_are_placed),
		cmocka_unit_test(bytes_of_any_kind_are_told),
		cmocka_unit_test(the_filter_decides_the_frequent_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
