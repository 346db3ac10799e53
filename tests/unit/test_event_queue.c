/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/event_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct event_queue q;
static struct event_line flood, neighbour, third;
static char told[256];
static size_t n_told;

static void tell(void *ctx, const void *bytes)
{
	assert_ptr_equal(ctx, &q);
	if (n_told < sizeof(told) - 1)
		told[n_told] = *(const char *)bytes;
	n_told++;
}

static int setup(void **state)
{
	memset(told, 0, sizeof(told));
	n_told = 0;
	return 0;
}

/* Lines stay, as those of containers do. */
static int teardown(void **state)
{
	while (event_queue_tell(&q, &q))
		;
	return q.n == 0 && !q.fresh.first && !q.busy.first && !flood.first ? 0 : -1;
}

static bool put(struct event_line *line, char c)
{
	return event_queue_put(&q, line, tell, &c, 1);
}

static void put_all(struct event_line *line, const char *s)
{
	for (; *s; s++)
		assert_true(put(line, *s));
}

static void tell_some(int n)
{
	while (n-- && event_queue_tell(&q, &q))
		;
}

static void a_line_keeps_its_order(void **state)
{
	put_all(&flood, "abcd");
	tell_some(9);
	assert_string_equal(told, "abcd");
}

static void lines_are_served_in_turn(void **state)
{
	put_all(&flood, "aaaa");
	put_all(&neighbour, "bb");
	put_all(&third, "c");
	tell_some(9);
	assert_string_equal(told, "abcabaa");
}

static void who_is_refused_now_and_then_goes_first(void **state)
{
	put_all(&flood, "aaaaaa");
	put_all(&third, "cccccc");
	tell_some(4);
	put_all(&neighbour, "b");
	tell_some(3);
	put_all(&neighbour, "d");
	tell_some(20);
	/* It comes fresh again only after a turn in which it had nothing. */
	assert_string_equal(told, "acacbacdacacac");
}

/* One that comes back each time it was served does not keep the others from it. */
static void nobody_starves(void **state)
{
	int others = 0;

	for (int i = 0; i < 50; i++)
		put(&flood, 'a');
	put(&neighbour, 'b');
	for (int i = 0; i < 40; i++) {
		tell_some(1);
		if (!neighbour.first)
			put(&neighbour, 'b');
	}
	for (int i = 0; i < 40; i++)
		others += told[i] == 'a';
	assert_in_range(others, 19, 21);
}

static void a_full_line_is_its_own_matter(void **state)
{
	for (int i = 0; i < EVENT_LINE_MAX; i++)
		assert_true(put(&flood, 'a'));
	assert_false(put(&flood, 'x'));
	assert_true(put(&neighbour, 'b'));
	tell_some(2);
	assert_string_equal(told, "ab");
	assert_true(put(&flood, 'y'));
	assert_false(put(&flood, 'x'));
}

static void a_full_queue_has_a_little_for_each(void **state)
{
	static struct event_line lines[EVENT_QUEUE_MAX / EVENT_LINE_MAX];

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		for (int k = 0; k < EVENT_LINE_MAX; k++)
			assert_true(put(&lines[i], 'a'));
	}
	for (int i = 0; i < EVENT_LINE_MIN; i++)
		assert_true(put(&neighbour, 'b'));
	assert_false(put(&neighbour, 'x'));
	tell_some(9);
	assert_string_equal(told, "aaaaaaaab");
}

static void a_line_is_told_alone(void **state)
{
	put_all(&flood, "aaa");
	put_all(&neighbour, "bcd");
	put_all(&third, "e");
	tell_some(1);
	event_queue_tell_line(&q, &neighbour, &q);
	assert_string_equal(told, "abcd");
	/* Busy, fresh and idle ones. */
	event_queue_tell_line(&q, &flood, &q);
	event_queue_tell_line(&q, &flood, &q);
	assert_string_equal(told, "abcdaa");
	put_all(&flood, "f");
	tell_some(9);
	assert_string_equal(told, "abcdaaef");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_line_keeps_its_order, setup, teardown),
		cmocka_unit_test_setup_teardown(lines_are_served_in_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(
			who_is_refused_now_and_then_goes_first, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_starves, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_line_is_its_own_matter, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_full_queue_has_a_little_for_each, setup, teardown),
		cmocka_unit_test_setup_teardown(a_line_is_told_alone, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
