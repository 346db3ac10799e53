/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/recorder_files.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/wait.h>

/* Tells through @to how many were written for certain. */
static void write_until_killed(int to)
{
	struct recorder *r = begin(0, 0, 0);
	const struct timespec moment = { .tv_nsec = 300000 };

	define_one(r);
	for (unsigned i = 0;; i++) {
		put_nth(r, now_ns(), i);
		if (i % 50 == 49) {
			uint64_t ticket = recorder_flush(r), n = i + 1;

			while (recorder_done(r) < ticket)
				nanosleep(&moment, NULL);
			if (write(to, &n, sizeof(n)) != sizeof(n))
				_exit(1);
		}
	}
}

static uint64_t kill_a_writer(int round)
{
	const struct timespec while_it_writes = { .tv_nsec =
							  20000000 + round * 7919 % 60 * 1000000 };
	uint64_t n = 0, last = 0;
	int ends[2], status;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		close(ends[0]);
		write_until_killed(ends[1]);
	}
	close(ends[1]);
	/* It has begun to write. */
	assert_int_equal(read(ends[0], &last, sizeof(last)), sizeof(last));
	nanosleep(&while_it_writes, NULL);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	while (read(ends[0], &n, sizeof(n)) == sizeof(n))
		last = n;
	close(ends[0]);
	return last;
}

static void kill_9_loses_nothing_that_was_written(void **state)
{
	for (int round = 0; round < 30; round++) {
		int64_t before =
			exists("") ? ask_database("SELECT coalesce(max(seq), 0) FROM entry") : 0;
		uint64_t certain = kill_a_writer(round);
		char sql[128];

		assert_int_equal(ask_database("PRAGMA integrity_check"), 1);
		snprintf(sql, sizeof(sql),
			"SELECT count(*) FROM entry WHERE kind = 2 AND seq > %" PRId64
			" AND pid IS NOT NULL",
			before);
		/* Of number 0 the pid is none. */
		assert_true((uint64_t)ask_database(sql) + 1 >= certain);
		assert_false(exists(".damaged"));
	}
	/* Each but the first found the file of one that was killed. */
	assert_int_equal(ask_database("SELECT count(*) FROM entry WHERE kind = 7"), 29);
}

static void spoil(off_t at, const void *with, size_t len)
{
	int fd = open(path, O_WRONLY);

	assert_int_equal(pwrite(fd, with, len, at), len);
	close(fd);
}

static off_t size_of_file(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

/* Set aside, said, told as an entry, and what is written from now on is there. */
static void expect_set_aside(const char *what, const char *why)
{
	struct recorder *r = begin(0, 0, 0);
	_cleanup_(json_decrefp) json_t *gaps = NULL, *a = NULL;
	char text[512];

	define_one(r);
	put_nth(r, now_ns(), 77);
	flush(r);
	end(r);
	if (!exists(".damaged"))
		fail_msg("%s is not set aside: %s", what, said);
	snprintf(text, sizeof(text), "%d %s: set aside as %s.damaged, and begun anew: %s", LOG_ERR,
		path, path, why);
	said[strlen(text)] = 0;
	assert_string_equal(said, text);
	gaps = read_kind(RECORDER_GAP);
	assert_int_equal(json_array_size(gaps), 1);
	assert_string_equal(text_of(json_array_get(gaps, 0), "reason"),
		"the database could not be used and was set aside");
	a = read_kind(RECORDER_EXEC);
	assert_int_equal(json_array_size(a), 1);
	assert_int_equal(ask_database("PRAGMA integrity_check"), 1);
	remove_files(NULL);
}

static void what_is_damaged_is_set_aside(void **state)
{
	char zeros[8192] = "";
	off_t size;

	/* Cut off at the end of a page, and within one. Bytes of an entry that are others SQLite
	 * cannot tell. */
	make_some();
	assert_int_equal(truncate(path, size_of_file() / 2 / 4096 * 4096), 0);
	expect_set_aside("half a file", "");
	make_some();
	assert_int_equal(truncate(path, size_of_file() - 3000), 0);
	expect_set_aside("a page cut off", "");
	/* A page that a disk returned empty; the schema; the head. */
	make_some();
	size = size_of_file();
	spoil(size / 2 / 4096 * 4096, zeros, 4096);
	expect_set_aside("an empty page", "");
	make_some();
	spoil(100, zeros, 4096);
	expect_set_aside("no schema", "");
	make_some();
	spoil(0, "not a database, but something else", 34);
	expect_set_aside("no head", "look at it: file is not a database");
	/* No SQLite file at all. */
	close(open(path, O_WRONLY | O_CREAT, 0600));
	spoil(5000, "x", 1);
	expect_set_aside("no SQLite file", "");
	/* Another program's, and one of a version to come. */
	alter_database("CREATE TABLE t (x); PRAGMA application_id = 7");
	expect_set_aside("another program's", "it is another program's");
	make_some();
	alter_database("PRAGMA user_version = 9");
	expect_set_aside("a version to come", "it is of version 9");
}

static void an_empty_file_is_begun(void **state)
{
	close(open(path, O_WRONLY | O_CREAT, 0600));
	make_some();
	assert_false(exists(".damaged"));
	assert_int_equal(ask_database("SELECT count(*) FROM entry"), 5000);
}

/* What a machine that failed left of the log: its sums tell, and the rest of the file is whole. */
static void a_torn_log_loses_its_end_alone(void **state)
{
	char wal[96], zeros[512] = "";
	struct stat st;
	int64_t left;

	kill_a_writer(0);
	snprintf(wal, sizeof(wal), "%s-wal", path);
	assert_int_equal(stat(wal, &st), 0);
	assert_true(st.st_size > 16384);
	for (int i = 0; i < 2; i++) {
		int fd = open(wal, O_WRONLY);

		assert_int_equal(
			pwrite(fd, zeros, sizeof(zeros), st.st_size * 3 / 4), sizeof(zeros));
		if (i)
			assert_int_equal(ftruncate(fd, st.st_size / 2 + 77), 0);
		close(fd);
		end(begin(0, 0, 0));
		assert_false(exists(".damaged"));
		assert_int_equal(ask_database("PRAGMA integrity_check"), 1);
		left = ask_database("SELECT count(*) FROM entry");
		assert_true(left > 0);
		remove_files(NULL);
		kill_a_writer(i);
		assert_int_equal(stat(wal, &st), 0);
	}
}

static void a_file_that_was_removed_is_begun_anew(void **state)
{
	struct recorder *r = begin(0, 0, 0);
	_cleanup_(json_decrefp) json_t *gaps = NULL, *a = NULL;

	define_one(r);
	put_nth(r, now_ns(), 1);
	flush(r);
	remove_files(NULL);
	put_nth(r, now_ns(), 2);
	flush(r);
	end(r);
	gaps = read_kind(RECORDER_GAP);
	assert_int_equal(json_array_size(gaps), 1);
	assert_string_equal(text_of(json_array_get(gaps, 0), "reason"), "the database was removed");
	a = read_kind(RECORDER_EXEC);
	assert_int_equal(json_array_size(a), 1);
	assert_string_equal(
		text_of(json_object_get(json_array_get(a, 0), "container"), "id"), "web-1");
}

static void a_link_is_not_followed(void **state)
{
	struct recorder_status s;
	struct recorder *r;
	char other[96];

	snprintf(other, sizeof(other), "%s.damaged", path);
	assert_int_equal(symlink(other, path), 0);
	r = begin(0, 0, 0);
	put_nth(r, now_ns(), 1);
	flush(r);
	recorder_status(r, &s);
	assert_false(s.recording);
	assert_false(exists(".damaged"));
	end(r);
}

static int64_t count_said(const char *what)
{
	int64_t n = 0;

	for (const char *at = said; (at = strstr(at, what)); at++)
		n++;
	return n;
}

/* As a page that a disk did not write makes it: what was moved in the table is where it was in the
 * index, and who removes it stumbles. */
static void an_index_of_something_else_is_set_aside(void **state)
{
	int64_t root;
	char sql[256];
	struct recorder *r = begin(0, 0, 0);

	for (unsigned i = 0; i < 100; i++)
		put_nth(r, now_ns() - 9 * DAY_NS, i);
	end(r);
	root = ask_database("SELECT rootpage FROM sqlite_schema WHERE name = 'entry_time'");
	alter_database("PRAGMA writable_schema = ON; "
		       "DELETE FROM sqlite_schema WHERE name = 'entry_time'");
	alter_database("UPDATE entry SET time = time - 1");
	snprintf(sql, sizeof(sql),
		"PRAGMA writable_schema = ON; INSERT INTO sqlite_schema VALUES ('index', "
		"'entry_time', 'entry', %" PRId64 ", 'CREATE INDEX entry_time ON entry (time)')",
		root);
	alter_database(sql);
	r = begin(0, 1, 0);
	for (int i = 0; i < 160 && !exists(".damaged"); i++) {
		const struct timespec moment = { .tv_nsec = 50000000 };

		nanosleep(&moment, NULL);
		recorder_alive(r);
	}
	put_nth(r, now_ns(), 1);
	flush(r);
	end(r);
	assert_true(exists(".damaged"));
	assert_int_equal(count_said("set aside as "), 1);
	assert_int_equal(ask_database("SELECT count(*) FROM entry WHERE kind = 2"), 1);
	assert_int_equal(ask_database("PRAGMA integrity_check"), 1);
}

/* The old file could be renamed, and for a new one there was no room. */
static void what_was_set_aside_is_told_when_there_is_room(void **state)
{
	_cleanup_(json_decrefp) json_t *gaps = NULL;
	struct recorder *r;

	make_some();
	spoil(0, "not a database, but something else", 34);
	limit_files(0);
	r = begin(0, 0, 0);
	flush(r);
	limit_files(RLIM_INFINITY);
	assert_true(exists(".damaged"));
	assert_int_equal(count_said("set aside as "), 1);
	assert_int_equal(count_said("recording stops: "), 1);
	wait_until_it_goes_on(r);
	end(r);
	gaps = read_kind(RECORDER_GAP);
	assert_int_equal(json_array_size(gaps), 1);
	assert_string_equal(text_of(json_array_get(gaps, 0), "reason"),
		"the database could not be used and was set aside");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDER_TEST(kill_9_loses_nothing_that_was_written),
		RECORDER_TEST(what_is_damaged_is_set_aside),
		RECORDER_TEST(an_index_of_something_else_is_set_aside),
		RECORDER_TEST(what_was_set_aside_is_told_when_there_is_room),
		RECORDER_TEST(an_empty_file_is_begun),
		RECORDER_TEST(a_torn_log_loses_its_end_alone),
		RECORDER_TEST(a_file_that_was_removed_is_begun_anew),
		RECORDER_TEST(a_link_is_not_followed),
	};

	return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
