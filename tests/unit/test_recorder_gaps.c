/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/recorder_files.h"

#include "enforcer/recorder/gaps.h"

static void time_away_is_a_gap(void **state)
{
	_cleanup_(json_decrefp) json_t *a = NULL;
	struct recorder *r = begin(0, 0, 0);
	const json_t *gap;

	put_nth(r, now_ns(), 1);
	end(r);
	end(begin(0, 0, 0));
	a = read_kind(RECORDER_GAP);
	assert_int_equal(json_array_size(a), 1);
	gap = json_array_get(a, 0);
	assert_string_equal(text_of(gap, "reason"), "paled was not running");
	assert_true(strcmp(text_of(gap, "from"), text_of(gap, "until")) <= 0);
	assert_true(strlen(text_of(gap, "from")) == 30);
	assert_null(json_object_get(gap, "entries"));
}

static void a_full_disk_is_a_counted_gap(void **state)
{
	struct recorder *r = begin(0, 0, 0);
	_cleanup_(json_decrefp) json_t *gaps = NULL, *a = NULL;
	struct recorder_status s;
	uint64_t written;

	define_one(r);
	for (unsigned i = 0; i < 100; i++)
		put_nth(r, now_ns(), 1000 + i);
	flush(r);
	recorder_status(r, &s);
	written = s.written;
	assert_int_equal(written, 100);
	limit_files(4096);
	for (unsigned i = 0; i < 1234; i++) {
		put_nth(r, now_ns(), i);
		if (i % 100 == 0)
			flush(r);
	}
	flush(r);
	recorder_status(r, &s);
	limit_files(RLIM_INFINITY);
	assert_false(s.recording);
	assert_int_equal(s.lost, 1234);
	assert_int_equal(s.written, written);
	assert_non_null(strstr(said, "recording stops: "));
	wait_until_it_goes_on(r);
	for (unsigned i = 0; i < 10; i++)
		put_nth(r, now_ns(), 2000 + i);
	end(r);
	assert_non_null(strstr(said, "recording goes on"));
	gaps = read_kind(RECORDER_GAP);
	assert_int_equal(json_array_size(gaps), 1);
	assert_string_equal(
		text_of(json_array_get(gaps, 0), "reason"), "the database could not be written");
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(gaps, 0), "entries")), 1234);
	assert_string_equal(
		text_of(json_object_get(json_array_get(gaps, 0), "container"), "id"), "web-1");
	a = read_kind(RECORDER_EXEC);
	assert_int_equal(json_array_size(a), 110);
	assert_int_equal(ask_database("PRAGMA integrity_check"), 1);
}

static void what_does_not_fit_in_the_queue_is_counted(void **state)
{
	_cleanup_(json_decrefp) json_t *gaps = NULL, *a = NULL;
	struct recorder_status s;
	struct recorder *r;
	json_int_t missing = 0;
	size_t i;
	json_t *g;

	/* Another writer holds the database, as a disk would that does not answer. */
	make_some();
	{
		sqlite3 *db = NULL;

		assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
		r = begin(0, 0, 64 << 10);
		define_one(r);
		for (unsigned n = 0; n < 5000; n++)
			put_nth(r, now_ns(), n);
		sqlite3_close(db);
	}
	flush(r);
	wait_until_it_goes_on(r);
	recorder_status(r, &s);
	end(r);
	gaps = read_kind(RECORDER_GAP);
	json_array_foreach (gaps, i, g)
		missing += json_integer_value(json_object_get(g, "entries"));
	a = read_kind(RECORDER_EXEC);
	assert_true(missing >= 4000);
	assert_int_equal(s.lost, missing);
	assert_int_equal((json_int_t)json_array_size(a) + missing, 10000);
}

static void what_is_missing_elsewhere_is_told(void **state)
{
	struct recorder *r = begin(0, 0, 0);
	_cleanup_(json_decrefp) json_t *gaps = NULL;

	define_one(r);
	recorder_put_gap(r, 1, 5, "the kernel's buffer was full");
	recorder_put_gap(r, 1, 6, "the kernel's buffer was full");
	/* Any container's, as far as is known. */
	recorder_put_gap(r, 0, 3, "the node lost them");
	flush(r);
	end(r);
	gaps = read_like(&(const struct recorder_filter){ .container = "web" });
	assert_int_equal(json_array_size(gaps), 2);
	assert_null(json_object_get(json_array_get(gaps, 1), "container"));
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(gaps, 0), "entries")), 11);
}

static json_int_t entries_of(const json_t *gaps, size_t i)
{
	return json_integer_value(json_object_get(json_array_get(gaps, i), "entries"));
}

/* What is missing is written when the container has long been forgotten. */
static void a_gap_of_a_container_that_ended_is_its(void **state)
{
	struct recorder *r = begin(0, 0, 0);
	_cleanup_(json_decrefp) json_t *gaps = NULL;

	define_one(r);
	flush(r);
	limit_files(4096);
	for (unsigned i = 0; i < 10; i++)
		put_nth(r, now_ns(), i);
	recorder_undefine(r, 1);
	flush(r);
	limit_files(RLIM_INFINITY);
	wait_until_it_goes_on(r);
	end(r);
	gaps = read_kind(RECORDER_GAP);
	assert_int_equal(json_array_size(gaps), 1);
	assert_int_equal(entries_of(gaps, 0), 10);
	assert_string_equal(
		text_of(json_object_get(json_array_get(gaps, 0), "container"), "id"), "web-1");
}

/* In one batch, of several transactions. */
static void a_gap_is_of_a_container_that_comes_behind_it(void **state)
{
	struct recorder *r;
	_cleanup_(json_decrefp) json_t *gaps = NULL;
	json_int_t its = 0;
	sqlite3 *db = NULL;

	make_some();
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	r = begin(0, 0, 0);
	for (unsigned i = 0; i < 5000; i++)
		put_nth(r, now_ns(), i);
	define_one(r);
	recorder_put_gap(r, 1, 7, "the kernel's buffer was full");
	sqlite3_close(db);
	flush(r);
	wait_until_it_goes_on(r);
	end(r);
	gaps = read_like(&(const struct recorder_filter){
		.container = "web-1", .kinds = 1u << RECORDER_GAP });
	for (size_t i = 0; i < json_array_size(gaps); i++) {
		const json_t *gap = json_array_get(gaps, i);

		if (strcmp(text_of(gap, "reason"), "the kernel's buffer was full") == 0 &&
			json_object_get(gap, "container"))
			its += entries_of(gaps, i);
	}
	assert_int_equal(its, 7);
}

static void gaps_are_bounded_and_none_is_left_out(void **state)
{
	struct recorder_gaps g = { 0 };
	uint64_t sum = 0;

	for (uint32_t i = 1; i <= 5 * RECORDER_GAPS_MAX; i++) {
		recorder_gaps_add(&g, i, 2, i, i, "full", NULL);
		recorder_gaps_add(&g, i, 1, i, i, "slow", NULL);
	}
	assert_in_range(g.n, 1, RECORDER_GAPS_MAX + 2);
	for (size_t i = 0; i < g.n; i++)
		sum += g.v[i].n;
	assert_int_equal(sum, 15 * RECORDER_GAPS_MAX);
	assert_true(recorder_gaps_has(&g, 0));
	assert_true(recorder_gaps_has(&g, 1));
	assert_false(recorder_gaps_has(&g, 5 * RECORDER_GAPS_MAX));
	recorder_gaps_release(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDER_TEST(time_away_is_a_gap),
		RECORDER_TEST(a_full_disk_is_a_counted_gap),
		RECORDER_TEST(what_does_not_fit_in_the_queue_is_counted),
		RECORDER_TEST(what_is_missing_elsewhere_is_told),
		RECORDER_TEST(a_gap_of_a_container_that_ended_is_its),
		RECORDER_TEST(a_gap_is_of_a_container_that_comes_behind_it),
		RECORDER_TEST(gaps_are_bounded_and_none_is_left_out),
	};

	return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
