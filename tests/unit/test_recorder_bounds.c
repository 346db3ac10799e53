/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/recorder_files.h"

static void size_is_bounded(void **state)
{
	const uint64_t bytes_max = RECORDER_BYTES_MIN, t = now_ns() - 1000000;
	struct recorder *r = begin(bytes_max, 0, 0);
	_cleanup_(json_decrefp) json_t *a = NULL;
	size_t n;

	define_one(r);
	for (unsigned i = 0; i < 100000; i++) {
		put_nth(r, t + i, i);
		if (i % 2000 == 1999) {
			struct recorder_status s;

			flush(r);
			recorder_status(r, &s);
			assert_true(s.recording);
			assert_true(s.bytes <= bytes_max);
		}
	}
	end(r);
	a = read_all();
	n = json_array_size(a);
	/* The newest, as many as fit; and who they are of. */
	assert_in_range(n, 10000, 60000);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(
			json_integer_value(json_object_get(
				json_object_get(json_array_get(a, i), "process"), "host_pid")),
			100000 - n + i);
	assert_string_equal(
		text_of(json_object_get(json_array_get(a, 0), "container"), "id"), "web-1");
	assert_int_equal(ask_database("PRAGMA integrity_check"), 1);
}

static void a_bound_that_was_lowered_shrinks_the_file(void **state)
{
	struct recorder *r = begin(64u << 20, 0, 64u << 20);
	struct recorder_status s;

	for (unsigned i = 0; i < 60000; i++)
		put_nth(r, now_ns(), i);
	flush(r);
	recorder_status(r, &s);
	assert_true(s.bytes > RECORDER_BYTES_MIN);
	end(r);
	r = begin(RECORDER_BYTES_MIN, 0, 0);
	for (int i = 0; i < 40; i++) {
		put_nth(r, now_ns(), 1);
		flush(r);
	}
	recorder_status(r, &s);
	assert_in_range(s.bytes, 0, RECORDER_BYTES_MIN);
	end(r);
}

static void age_is_bounded(void **state)
{
	const uint64_t t = now_ns();
	struct recorder *r = begin(0, 3, 0);
	_cleanup_(json_decrefp) json_t *a = NULL, *left = NULL;

	recorder_define(r, 2, "gone", 5, "{\"id\":\"gone\"}");
	define_one(r);
	for (unsigned i = 0; i < 5000; i++) {
		struct recorder_entry e = {
			.kind = RECORDER_START, .time_ns = t - 4 * DAY_NS - i, .container = 2
		};

		recorder_put(r, &e);
		put_nth(r, t - 2 * DAY_NS - i, i);
	}
	end(r);
	/* Some at once, the rest with the next batches. */
	r = begin(0, 3, 0);
	for (int i = 0; i < 5; i++) {
		recorder_alive(r);
		flush(r);
	}
	end(r);
	a = read_kind(RECORDER_START);
	left = read_kind(RECORDER_EXEC);
	assert_int_equal(json_array_size(a), 0);
	assert_int_equal(json_array_size(left), 5000);
}

static void containers_without_entries_go(void **state)
{
	struct recorder *r = begin(0, 1, 0);
	struct recorder_entry e = {
		.kind = RECORDER_START, .time_ns = now_ns() - 9 * DAY_NS, .container = 2
	};

	recorder_define(r, 2, "gone", 5, "{\"id\":\"gone\"}");
	recorder_put(r, &e);
	flush(r);
	end(r);
	alter_database("UPDATE container SET last = 6");
	r = begin(0, 1, 0);
	define_one(r);
	put_nth(r, now_ns(), 1);
	end(r);
	/* With one that has some. */
	r = begin(0, 1, 0);
	end(r);
	assert_int_equal(ask_database("SELECT count(*) FROM container"), 1);
	assert_int_equal(ask_database("SELECT count(*) FROM container WHERE id = 'web-1'"), 1);
}

/* It says nothing for so long that its row goes, another container gets that row, and then it goes
 * on. */
static void a_container_that_goes_on_is_the_same(void **state)
{
	const uint64_t t = now_ns();
	struct recorder_entry e = {
		.kind = RECORDER_START, .time_ns = t - 9 * DAY_NS, .container = 2
	};
	struct recorder *r = begin(0, 0, 0);
	_cleanup_(json_decrefp) json_t *a = NULL, *its = NULL;

	/* As many as go with two batches, so that the third looks for what is old, too. */
	for (unsigned i = 0; i < 4000; i++)
		put_nth(r, t - 9 * DAY_NS - 1, i);
	end(r);
	r = begin(0, 1, 0);
	recorder_define(r, 2, "idle", 5, "{\"id\":\"idle\"}");
	recorder_put(r, &e);
	flush(r);
	assert_int_equal(ask_database("SELECT count(*) FROM container"), 1);
	alter_database("UPDATE container SET last = 6");
	flush(r);
	assert_int_equal(ask_database("SELECT count(*) FROM container"), 0);
	define_one(r);
	put_nth(r, t, 1);
	e.time_ns = t;
	recorder_put(r, &e);
	end(r);
	a = read_like(&(const struct recorder_filter){
		.container = "web", .kinds = 1u << RECORDER_START | 1u << RECORDER_EXEC });
	its = read_like(&(const struct recorder_filter){
		.container = "idle", .kinds = 1u << RECORDER_START | 1u << RECORDER_EXEC });
	assert_int_equal(json_array_size(a), 1);
	assert_string_equal(text_of(json_array_get(a, 0), "kind"), "exec");
	assert_int_equal(json_array_size(its), 1);
	assert_string_equal(text_of(json_array_get(its, 0), "kind"), "start");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDER_TEST(size_is_bounded),
		RECORDER_TEST(a_bound_that_was_lowered_shrinks_the_file),
		RECORDER_TEST(age_is_bounded),
		RECORDER_TEST(containers_without_entries_go),
		RECORDER_TEST(a_container_that_goes_on_is_the_same),
	};

	return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
