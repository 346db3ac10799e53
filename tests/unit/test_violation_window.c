/* SPDX-License-Identifier: Apache-2.0 */
/* So many within so long, against an oracle that keeps every time. */
#include "enforcer/daemon/violation_window.h"

#include "tests/unit/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000000000u

/* Gives which of the calls said true: bit i for the i-th time. */
static uint64_t feed(uint32_t n, uint64_t within, const uint64_t *times, size_t count)
{
	struct violation_window w = { 0 };
	uint64_t said = 0;

	for (size_t i = 0; i < count; i++)
		said |= (uint64_t)violation_window_add(&w, n, within, times[i]) << i;
	violation_window_release(&w);
	return said;
}

#define FEED(n, within, ...)                                                                       \
	feed(n, within, (const uint64_t[]){ __VA_ARGS__ },                                         \
		sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

static void the_nth_within_the_time(void **state)
{
	assert_int_equal(FEED(3, 10, 100, 105, 110), 1u << 2);
	assert_int_equal(FEED(3, 10, 100, 105, 111), 0);
	/* The third and the two before it, though the first is too far off. */
	assert_int_equal(FEED(3, 10, 100, 105, 111, 115), 1u << 3);
	assert_int_equal(FEED(3, 10, 100, 100, 100), 1u << 2);
	assert_int_equal(FEED(2, 10, 100, 111, 122, 133, 143), 1u << 4);
}

static void it_begins_anew(void **state)
{
	assert_int_equal(FEED(2, 10, 100, 101, 102, 103), 1u << 1 | 1u << 3);
	assert_int_equal(FEED(3, 10, 1, 2, 3, 4, 5, 6, 7), 1u << 2 | 1u << 5);
	assert_int_equal(FEED(1, 0, 5, 5, 9), 7);
}

static void out_of_order_and_a_clock_set_back(void **state)
{
	const uint64_t t = 1000ull * SECOND;

	/* Of two CPUs. */
	assert_int_equal(FEED(3, 10 * SECOND, t, t - SECOND / 2, t + 1), 1u << 2);
	/* By an hour: what was counted before is nobody's measure. */
	assert_int_equal(FEED(3, 10ull * SECOND, t, t + 1, t - 3600ull * SECOND,
				 t - 3600ull * SECOND + 1, t - 3600ull * SECOND + 2),
		1u << 4);
}

/* Counts anew by all that was told since the last yes. */
static bool expected(const uint64_t *times, size_t from, size_t at, uint32_t n, uint64_t within)
{
	uint32_t near = 0;

	for (size_t i = from; i <= at; i++)
		near += times[at] - times[i] <= within;
	return near >= n;
}

static void random_times(void **state)
{
	uint64_t times[400];

	random_seed(7);

	for (int round = 0; round < 300; round++) {
		uint32_t n = 1 + random_below(20);
		uint64_t within = random_below(1000), now = 1;
		struct violation_window w = { 0 };
		size_t from = 0;

		for (size_t i = 0; i < 400; i++) {
			bool yes;

			times[i] = now += random_below(100);
			yes = expected(times, from, i, n, within);
			assert_int_equal(violation_window_add(&w, n, within, now), yes);
			if (yes)
				from = i + 1;
		}
		violation_window_release(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nth_within_the_time),
		cmocka_unit_test(it_begins_anew),
		cmocka_unit_test(out_of_order_and_a_clock_set_back),
		cmocka_unit_test(random_times),
	};

	return cmocka_run_group_tests_name("violation_window", tests, NULL, NULL);
}
