/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void an_error_reads_from_the_outside_in(void **state)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	(void)state;
	assert_int_equal(pale_err_set(&err, EPERM, "attach %s", "file_open"), -EPERM);
	assert_string_equal(pale_err_text(err), "attach file_open: Operation not permitted");
	assert_int_equal(pale_err_wrap(&err, "load policy '%s'", "web"), -EPERM);
	assert_int_equal(pale_err_wrap(&err, "start"), -EPERM);
	assert_string_equal(pale_err_text(err),
		"start: load policy 'web': attach file_open: Operation not permitted");
	assert_int_equal(pale_err_errno(err), EPERM);
	assert_null(pale_err_hint_text(err));
}

static void the_last_hint_stays_through_wraps(void **state)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	(void)state;
	pale_err_set(&err, ENOSYS, "ask the kernel");
	pale_err_hint(&err, "boot with %s", "lsm=bpf");
	assert_int_equal(pale_err_wrap(&err, "load"), -ENOSYS);
	assert_string_equal(pale_err_hint_text(err), "boot with lsm=bpf");
	pale_err_hint(&err, "or not");
	assert_string_equal(pale_err_hint_text(err), "or not");
	assert_string_equal(pale_err_text(err), "load: ask the kernel: Function not implemented");
}

static void without_an_errno_there_is_no_text_of_one(void **state)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL, *plain = NULL;

	(void)state;
	assert_int_equal(pale_err_set(&err, 0, "100%% wrong"), -EINVAL);
	assert_string_equal(pale_err_text(err), "100% wrong");
	assert_int_equal(pale_err_errno(err), EINVAL);
	assert_int_equal(pale_err_plain(&plain, E2BIG, "%d rules", 7), -E2BIG);
	assert_string_equal(pale_err_text(plain), "7 rules");
	assert_int_equal(pale_err_wrap(&plain, "build"), -E2BIG);
	assert_string_equal(pale_err_text(plain), "build: 7 rules");
}

/* A '%' of a path that was put in is not a format of the next level. */
static void text_is_never_a_format_again(void **state)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	(void)state;
	pale_err_set(&err, ENOENT, "open '%s'", "/a%n%s");
	pale_err_wrap(&err, "read '%s'", "%s%n");
	assert_string_equal(
		pale_err_text(err), "read '%s%n': open '/a%n%s': No such file or directory");
	pale_err_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_reads_from_the_outside_in),
		cmocka_unit_test(the_last_hint_stays_through_wraps),
		cmocka_unit_test(without_an_errno_there_is_no_text_of_one),
		cmocka_unit_test(text_is_never_a_format_again),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
