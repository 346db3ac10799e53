/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void memory_is_zeroed_aligned_and_its_own(void **state)
{
	struct arena *a = arena_new();
	unsigned char *v[400];
	size_t sizes[400], sum = 0;

	(void)state;
	for (size_t i = 0; i < 400; i++) {
		/* Small ones, ones of a block of their own, and none. */
		sizes[i] = i % 7 == 0 ? 0 : i % 50 == 1 ? 70000 : i * 3;
		v[i] = arena_alloc(a, sizes[i]);
		assert_int_equal((uintptr_t)v[i] % alignof(max_align_t), 0);
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(v[i][k], 0);
		memset(v[i], (int)i & 255, sizes[i]);
		sum += sizes[i];
		assert_true(arena_bytes(a) >= sum);
	}
	for (size_t i = 0; i < 400; i++) {
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(v[i][k], i & 255);
		assert_true(i == 0 || v[i] != v[i - 1]);
	}
	arena_free(a);
	arena_free(NULL);
}

static void copies_end_with_nul_and_may_hold_it(void **state)
{
	struct arena *a = arena_new();
	char *s = arena_memdup(a, "a\0b", 3);

	(void)state;
	assert_memory_equal(s, "a\0b\0", 4);
	assert_string_equal(arena_memdup(a, NULL, 0), "");
	assert_string_equal(arena_strdup(a, "pale"), "pale");
	assert_string_equal(arena_printf(a, "%s:%d", "x", 7), "x:7");
	assert_int_equal(strlen(arena_printf(a, "%100000d", 1)), 100000);
	arena_free(a);
}

static void an_array_grows_and_keeps_its_elements(void **state)
{
	struct arena *a = arena_new();
	uint32_t n = 0, cap = 0, *v = NULL;

	(void)state;
	for (uint32_t i = 0; i < 10000; i++)
		ARENA_PUSH(a, v, n, cap, i * 3);
	assert_int_equal(n, 10000);
	assert_true(cap >= n && cap < 4 * n);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(v[i], i * 3);
	arena_free(a);
}

/* Whether @f ends in abort(). */
static void aborts(void (*f)(struct arena *a))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		static const struct rlimit none;

		setrlimit(RLIMIT_CORE, &none);
		freopen("/dev/null", "w", stderr);
		f(arena_new());
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void too_many(struct arena *a)
{
	arena_array(a, SIZE_MAX / 4, 8);
}

static void too_large(struct arena *a)
{
	arena_alloc(a, SIZE_MAX);
}

/* Just what overflows when the head of a block is added. */
static void too_large_with_a_head(struct arena *a)
{
	arena_alloc(a, SIZE_MAX - 2 * alignof(max_align_t) + 1);
}

static void what_cannot_be_had_aborts(void **state)
{
	(void)state;
	aborts(too_many);
	aborts(too_large);
	aborts(too_large_with_a_head);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_aligned_and_its_own),
		cmocka_unit_test(copies_end_with_nul_and_may_hold_it),
		cmocka_unit_test(an_array_grows_and_keeps_its_elements),
		cmocka_unit_test(what_cannot_be_had_aborts),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
