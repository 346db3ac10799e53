/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/event_log.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/pale-log-XXXXXX";
static struct event_log l;

static const char *name(int i)
{
	static char s[64];

	snprintf(s, sizeof(s), i ? "%s/log.%d" : "%s/log", dir, i);
	return s;
}

static void remove_files(void)
{
	for (int i = 0; i <= EVENT_LOG_FILES; i++)
		unlink(name(i));
}

static int setup_group(void **state)
{
	signal(SIGXFSZ, SIG_IGN);
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown_group(void **state)
{
	return rmdir(dir);
}

static int setup(void **state)
{
	return event_log_open(&l, name(0), NULL);
}

static int teardown(void **state)
{
	event_log_close(&l);
	remove_files();
	return 0;
}

/* Ten bytes and a newline: {"n":1000}. */
#define LINE_BYTES 11

static void take(int n)
{
	event_log_take(&l, json_pack("{s:i}", "n", 1000 + n));
}

static void take_flushed(int from, int to)
{
	for (int i = from; i < to; i++) {
		take(i);
		event_log_flush(&l);
	}
}

struct seen {
	int n, v[10000];
	int lost;  /* told */
	int until; /* 0: all */
};

static bool see(void *ctx, const char *line, size_t len)
{
	struct seen *s = ctx;
	json_t *o = json_loadb(line, len, 0, NULL);

	assert_true(len > 0 && line[len - 1] == '\n');
	assert_non_null(o);
	if (json_object_get(o, "n")) {
		assert_true(s->n < 10000);
		s->v[s->n++] = (int)json_integer_value(json_object_get(o, "n")) - 1000;
	} else {
		assert_string_equal(json_string_value(json_object_get(o, "kind")), "lost");
		s->lost += (int)json_integer_value(json_object_get(o, "events"));
	}
	json_decref(o);
	return !s->until || s->n < s->until;
}

static struct seen seen_now(void)
{
	struct seen s = { 0 };

	event_log_read(&l, see, &s);
	return s;
}

static long size_of(int i)
{
	struct stat st;

	return stat(name(i), &st) < 0 ? -1 : (long)st.st_size;
}

static void lines_are_kept_in_order(void **state)
{
	struct seen s;

	for (int i = 0; i < 100; i++)
		take(i);
	/* They wait for the end of a round. */
	assert_int_equal(size_of(0), 0);
	event_log_flush(&l);
	assert_int_equal(size_of(0), 100 * LINE_BYTES);
	s = seen_now();
	assert_int_equal(s.n, 100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(s.v[i], i);
	s = (struct seen){ .until = 7 };
	event_log_read(&l, see, &s);
	assert_int_equal(s.n, 7);
	assert_int_equal(l.written, 100);
	assert_int_equal(l.lost, 0);
}

static void a_full_file_makes_room(void **state)
{
	struct seen s;

	l.limit = 10 * LINE_BYTES;
	take_flushed(0, 35);
	assert_int_equal(size_of(0), 5 * LINE_BYTES);
	for (int i = 1; i <= 3; i++)
		assert_int_equal(size_of(i), 10 * LINE_BYTES);
	take_flushed(35, 45);
	/* Those that are oldest go with their file. */
	s = seen_now();
	assert_int_equal(s.n, 35);
	for (int i = 0; i < s.n; i++)
		assert_int_equal(s.v[i], 10 + i);
	assert_int_equal(size_of(EVENT_LOG_FILES), -1);
	/* What is more than a file holds goes into one all the same, and is lost nowhere. */
	for (int i = 45; i < 70; i++)
		take(i);
	event_log_flush(&l);
	assert_int_equal(size_of(0), 25 * LINE_BYTES);
	assert_int_equal(l.lost, 0);
}

static void it_goes_on_after_a_restart(void **state)
{
	l.limit = 10 * LINE_BYTES;
	take_flushed(0, 12);
	event_log_close(&l);
	assert_int_equal(event_log_open(&l, name(0), NULL), 0);
	l.limit = 10 * LINE_BYTES;
	take_flushed(12, 21);
	assert_int_equal(size_of(0), LINE_BYTES);
	assert_int_equal(seen_now().n, 21);
}

static void append(const char *s)
{
	_cleanup_close_ int fd = open(name(0), O_WRONLY | O_APPEND);

	assert_int_equal(write(fd, s, strlen(s)), strlen(s));
}

static void a_torn_line_is_ended(void **state)
{
	FILE *f;
	char line[64];

	take_flushed(0, 1);
	event_log_close(&l);
	append("{\"n\":10");
	assert_int_equal(event_log_open(&l, name(0), NULL), 0);
	assert_int_equal(l.size, size_of(0));
	take_flushed(1, 2);
	f = fopen(name(0), "r");
	assert_non_null(f);
	for (int i = 0; i < 3; i++)
		assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	assert_string_equal(line, "{\"n\":1001}\n");
}

static void limit_file_size(rlim_t bytes)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = bytes == RLIM_INFINITY ? r.rlim_max : bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static void what_a_full_disk_loses_is_counted_and_told(void **state)
{
	struct seen s;

	take_flushed(0, 2);
	/* Room for three lines and a half. */
	limit_file_size(3 * LINE_BYTES + 5);
	for (int i = 2; i < 6; i++)
		take(i);
	event_log_flush(&l);
	/* Of the half nothing stays. */
	assert_int_equal(size_of(0), 3 * LINE_BYTES);
	assert_int_equal(l.lost, 3);
	take_flushed(6, 8);
	assert_int_equal(size_of(0), 3 * LINE_BYTES);
	limit_file_size(RLIM_INFINITY);
	/* That the notice could not be written either makes no difference. */
	take_flushed(8, 9);
	s = seen_now();
	assert_int_equal(s.n, 4);
	assert_int_equal(s.v[2], 2);
	assert_int_equal(s.v[3], 8);
	assert_int_equal(s.lost, 5);
	assert_int_equal(l.lost, 5);
	assert_int_equal(l.lost_untold, 0);
	take_flushed(9, 10);
	assert_int_equal(seen_now().lost, s.lost);
}

static void what_was_lost_last_is_told_at_the_end(void **state)
{
	take_flushed(0, 2);
	limit_file_size(2 * LINE_BYTES);
	take_flushed(2, 5);
	limit_file_size(RLIM_INFINITY);
	event_log_close(&l);
	assert_int_equal(event_log_open(&l, name(0), NULL), 0);
	assert_int_equal(seen_now().n, 2);
	assert_int_equal(seen_now().lost, 3);
}

static void a_folder_that_goes_away_is_counted(void **state)
{
	char elsewhere[sizeof(dir) + 8];
	struct seen s;

	l.limit = 2 * LINE_BYTES;
	take_flushed(0, 2);
	snprintf(elsewhere, sizeof(elsewhere), "%s.away", dir);
	assert_int_equal(rename(dir, elsewhere), 0);
	take_flushed(2, 4);
	assert_int_equal(l.lost, 2);
	assert_int_equal(rename(elsewhere, dir), 0);
	take_flushed(4, 5);
	s = seen_now();
	assert_int_equal(s.v[s.n - 1], 4);
	assert_int_equal(s.lost, 2);
}

static void allow_descriptors(rlim_t n)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &r), 0);
	r.rlim_cur = n == RLIM_INFINITY ? r.rlim_max : n;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &r), 0);
}

/* The newest cannot be opened after the others were renamed: these stay as they are by then. */
static void a_file_that_cannot_be_made_costs_no_other_one(void **state)
{
	struct seen s;

	l.limit = 10 * LINE_BYTES;
	take_flushed(0, 40);
	allow_descriptors(3);
	take_flushed(40, 60);
	allow_descriptors(RLIM_INFINITY);
	assert_int_equal(l.lost, 20);
	take_flushed(60, 61);
	s = seen_now();
	assert_int_equal(s.lost, 20);
	assert_int_equal(s.n, 31);
	for (int i = 0; i < 30; i++)
		assert_int_equal(s.v[i], 10 + i);
	assert_int_equal(s.v[30], 60);
}

static bool may_shorten = true;

/* In the place of libc's: a file that may only be appended to is not shortened. */
int ftruncate(int fd, off_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (may_shorten)
		return truncate(path, size);
	errno = EPERM;
	return -1;
}

static void a_half_that_stays_is_ended(void **state)
{
	char line[256] = "";
	FILE *f;

	take_flushed(0, 2);
	limit_file_size(2 * LINE_BYTES + 5);
	may_shorten = false;
	take_flushed(2, 3);
	may_shorten = true;
	limit_file_size(RLIM_INFINITY);
	assert_int_equal(l.lost, 1);
	take_flushed(3, 4);
	assert_int_equal(l.size, size_of(0));
	f = fopen(name(0), "r");
	assert_non_null(f);
	for (int i = 0; i < 3; i++)
		assert_non_null(fgets(line, sizeof(line), f));
	assert_string_equal(line, "{\"n\":\n");
	assert_non_null(fgets(line, sizeof(line), f));
	assert_non_null(strstr(line, "\"kind\":\"lost\""));
	assert_non_null(fgets(line, sizeof(line), f));
	assert_string_equal(line, "{\"n\":1003}\n");
	fclose(f);
}

/* However many files were begun since it last read. */
static void a_slow_reader_has_all_that_are_kept(void **state)
{
	_cleanup_(event_log_reader_freep) struct event_log_reader *r = NULL;
	struct seen s = { 0 };
	const char *line;
	size_t len;

	l.limit = 10 * LINE_BYTES;
	take_flushed(0, 8);
	r = event_log_reader_new(&l);
	for (int i = 0; i < 5; i++) {
		assert_true(event_log_reader_next(r, &line, &len));
		see(&s, line, len);
	}
	take_flushed(8, 35);
	while (event_log_reader_next(r, &line, &len))
		see(&s, line, len);
	assert_int_equal(s.n, 35);
	/* Its own is gone: what there is goes on with the oldest. */
	take_flushed(35, 105);
	while (event_log_reader_next(r, &line, &len))
		see(&s, line, len);
	assert_int_equal(s.n, 35 + 5 + 35);
	assert_int_equal(s.v[s.n - 36], 39);
	for (int i = 1; i < 36; i++)
		assert_int_equal(s.v[s.n - i], 105 - i);
}

static int followed;

static void follow(void *ctx, const json_t *event, const char *line, size_t len)
{
	assert_ptr_equal(ctx, &followed);
	assert_true(json_is_object(event));
	assert_int_equal(line[len - 1], '\n');
	followed++;
}

static void who_follows_has_each_at_once(void **state)
{
	l.follow = follow;
	l.ctx = &followed;
	take(0);
	take(1);
	assert_int_equal(followed, 2);
	/* A disk that is full loses them nothing. */
	limit_file_size(0);
	event_log_flush(&l);
	take(2);
	limit_file_size(RLIM_INFINITY);
	assert_int_equal(followed, 3);
}

static void only_a_file_is_opened(void **state)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL, *link = NULL;
	struct event_log other;
	char to[64];

	assert_int_equal(event_log_open(&other, dir, &err), -EISDIR);
	event_log_close(&other);
	strcpy(to, name(0));
	assert_int_equal(symlink(to, name(4)), 0);
	assert_int_equal(event_log_open(&other, name(4), &link), -ELOOP);
	event_log_close(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_are_kept_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_file_makes_room, setup, teardown),
		cmocka_unit_test_setup_teardown(it_goes_on_after_a_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(a_torn_line_is_ended, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_a_full_disk_loses_is_counted_and_told, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_was_lost_last_is_told_at_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_folder_that_goes_away_is_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_file_that_cannot_be_made_costs_no_other_one, setup, teardown),
		cmocka_unit_test_setup_teardown(a_half_that_stays_is_ended, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_slow_reader_has_all_that_are_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(who_follows_has_each_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(only_a_file_is_opened, setup, teardown),
	};

	return cmocka_run_group_tests_name("event_log", tests, setup_group, teardown_group);
}
