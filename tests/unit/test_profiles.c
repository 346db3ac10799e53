/* SPDX-License-Identifier: Apache-2.0 */
/* The profiles that Pale brings: right, with tests of their own that hold, and small. */
#include "compiler/expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <glob.h>

static const char *const include_dirs[] = { "profiles" };
static const struct compile_options options = { .include_dirs = include_dirs, .n_include_dirs = 1 };

static void test_each_is_right_and_tested(void **state)
{
	glob_t files;

	assert_int_equal(glob("profiles/*/*.pale", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct compilation c;
		uint32_t held = 0;

		compile_file(&c, files.gl_pathv[i], &options);
		if (!c.diags.n_errors)
			held = expectations_check(&c);
		if (c.diags.n) {
			diag_print(&c.diags, stderr, false);
			fail_msg("%s", files.gl_pathv[i]);
		}
		if (held < 3)
			fail_msg("%s: %u expectations are no test", files.gl_pathv[i], held);
		compilation_release(&c);
	}
	globfree(&files);
}

static void test_a_reader_derives_few_calls(void **state)
{
	static const char text[] = "use base/libc\n"
				   "profile reader {\n"
				   "    include libc\n"
				   "    process { allow exec /usr/bin/cat }\n"
				   "    file { allow read /srv/** }\n"
				   "}\n";
	struct compilation c;
	unsigned int calls = 0;

	compile_bytes(&c, "reader.pale", text, sizeof(text) - 1, &options);
	assert_int_equal(c.diags.n, 0);
	for (uint32_t i = 0; i < vocab_n_syscalls; i++) {
		struct request r = { .operation = OP_SYSCALL,
			.abi = ABI_X86_64,
			.number = vocab_syscalls[i].number[ABI_X86_64] };
		struct decision d;

		if (r.number < 0)
			continue;
		d = decide(c.policies[0], 0, &r);
		calls += d.verdict == VERDICT_ALLOW || d.depends;
	}
	print_message("# reads files, writes to a terminal: %u calls of x86_64\n", calls);
	assert_in_range(calls, 60, 110);
	compilation_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_is_right_and_tested),
		cmocka_unit_test(test_a_reader_derives_few_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
