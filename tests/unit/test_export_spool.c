/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/spool.h"

#include "compiler/base/cleanup.h"
#include "tests/unit/random.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char top[] = "/tmp/pale-spool-XXXXXX";
static char dir[64];
static struct spool *s;

#define CAP ((uint64_t)64 << 10)

static int setup_group(void **state)
{
	signal(SIGXFSZ, SIG_IGN);
	if (!mkdtemp(top))
		return -1;
	snprintf(dir, sizeof(dir), "%s/s", top);
	return 0;
}

static void remove_all(void)
{
	_cleanup_closedir_ DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d)))
		unlinkat(dirfd(d), e->d_name, 0);
	rmdir(dir);
}

static int teardown_group(void **state)
{
	return rmdir(top);
}

static void open_it(void)
{
	struct pale_err *err = NULL;

	if (spool_open(dir, CAP, &s, &err) < 0)
		fail_msg("%s", pale_err_text(err));
}

static void reopen(void)
{
	spool_close(s);
	open_it();
}

static int setup(void **state)
{
	open_it();
	return 0;
}

static int teardown(void **state)
{
	spool_close(s);
	remove_all();
	return 0;
}

static bool append(int n)
{
	char record[120];

	memset(record, 'x', sizeof(record));
	snprintf(record, sizeof(record), "%d", n);
	return spool_append(s, record, sizeof(record));
}

static int next(void)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (!spool_next(s, &t))
		return -1;
	assert_int_equal(t.len, 120);
	return atoi(t.s);
}

static void records_come_in_order_until_they_are_confirmed(void **state)
{
	assert_int_equal(next(), -1);
	for (int i = 0; i < 10; i++)
		assert_true(append(i));
	for (int i = 0; i < 6; i++)
		assert_int_equal(next(), i);
	assert_int_equal(spool_records(s), 10);
	spool_confirm(s, 4);
	assert_int_equal(spool_records(s), 6);
	spool_rewind(s);
	for (int i = 4; i < 10; i++)
		assert_int_equal(next(), i);
	assert_int_equal(next(), -1);
	reopen();
	assert_int_equal(spool_records(s), 6);
	for (int i = 4; i < 10; i++)
		assert_int_equal(next(), i);
	spool_confirm(s, 6);
	reopen();
	assert_int_equal(next(), -1);
	assert_int_equal(spool_records(s), 0);
}

static void what_was_confirmed_leaves_the_disk(void **state)
{
	for (int i = 0; i < 20000; i++) {
		assert_true(append(i));
		assert_int_equal(next(), i);
		spool_confirm(s, 1);
		assert_true(spool_bytes(s) <= CAP);
	}
	assert_int_equal(spool_lost(s)->untold, 0);
}

static void what_has_no_room_is_counted(void **state)
{
	int kept = 0, lost = 0;

	for (int i = 0; i < 1000; i++) {
		if (append(i))
			kept++;
		else
			lost++;
	}
	spool_flush(s);
	assert_int_equal(kept, CAP / 128);
	assert_true(spool_bytes(s) <= CAP);
	assert_int_equal(spool_lost(s)->full, lost);
	assert_int_equal(spool_lost(s)->untold, lost);
	assert_false(spool_append_now(s, "lost", 4));
	assert_int_equal(spool_lost(s)->untold, lost);
	reopen();
	assert_int_equal(spool_lost(s)->untold, lost);
	for (int i = 0; i < kept; i++)
		assert_int_equal(next(), i);
	spool_confirm(s, (uint64_t)kept / 2);
	assert_true(spool_append_now(s, "lost", 4));
	spool_told(s, (uint64_t)lost);
	reopen();
	assert_int_equal(spool_lost(s)->untold, 0);
	for (int i = kept / 2; i < kept; i++)
		assert_int_equal(next(), i);
}

/* Files of the spool, by their names. */
static void path_of(const char *name, char ret[128])
{
	snprintf(ret, 128, "%s/%s", dir, name);
}

static bool newest_segment(char ret[128])
{
	_cleanup_closedir_ DIR *d = opendir(dir);
	struct dirent *e;
	char name[64] = "";

	while ((e = readdir(d))) {
		if (strstr(e->d_name, ".spool") && strcmp(e->d_name, name) > 0)
			snprintf(name, sizeof(name), "%.60s", e->d_name);
	}
	path_of(name, ret);
	return *name;
}

/* Whatever a crash left of the last write: what was whole is there, and nothing else. */
static void a_torn_record_is_left_out(void **state)
{
	for (int cut = 1; cut < 128; cut++) {
		char path[128];
		struct stat st;

		remove_all();
		reopen();
		for (int i = 0; i < 5; i++)
			append(i);
		spool_close(s);
		assert_true(newest_segment(path));
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(truncate(path, st.st_size - cut), 0);
		open_it();
		assert_int_equal(spool_lost(s)->damaged, 0);
		append(100);
		for (int i = 0; i < 4; i++)
			assert_int_equal(next(), i);
		assert_int_equal(next(), 100);
		assert_int_equal(next(), -1);
	}
}

static void flip(const char *path, uint64_t at)
{
	_cleanup_close_ int fd = open(path, O_RDWR);
	char c;

	assert_int_equal(pread(fd, &c, 1, (off_t)at), 1);
	c ^= 0x40;
	assert_int_equal(pwrite(fd, &c, 1, (off_t)at), 1);
}

/* Any one byte of any file changed: no record comes that was not put in, and the others do. */
static void no_damage_is_taken_for_a_record(void **state)
{
	random_seed(7);
	for (int round = 0; round < 300; round++) {
		char path[128];
		struct stat st;
		int n, last = -1;

		remove_all();
		reopen();
		for (int i = 0; i < 100; i++)
			append(i);
		for (int i = 0; i < 10; i++)
			next();
		spool_confirm(s, 10);
		spool_close(s);
		if (round % 3)
			newest_segment(path);
		else
			path_of("cursor", path);
		assert_int_equal(stat(path, &st), 0);
		flip(path, random_below((uint32_t)st.st_size));
		open_it();
		while ((n = next()) >= 0) {
			assert_true(n > last && n < 100);
			last = n;
		}
		/* A cursor that is lost gives all again; at the other one some. */
		if (round % 3 == 0)
			assert_int_equal(last, 99);
		append(500);
		assert_int_equal(next(), 500);
	}
}

/* Killed at any moment between writes: all that was flushed comes, in order. */
static void a_killed_process_leaves_what_it_flushed(void **state)
{
	for (int round = 0; round < 20; round++) {
		int status, pipe_fds[2], flushed = -1, n, expected = 0;
		pid_t pid;

		remove_all();
		assert_int_equal(pipe(pipe_fds), 0);
		spool_close(s);
		pid = fork();
		assert_true(pid >= 0);
		if (!pid) {
			open_it();
			for (int i = 0;; i++) {
				append(i);
				if (i % 7 == round % 7) {
					spool_flush(s);
					if (write(pipe_fds[1], &i, sizeof(i)) < 0)
						_exit(1);
				}
				if (i == 50 + 20 * round)
					raise(SIGKILL);
			}
		}
		close(pipe_fds[1]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		while (read(pipe_fds[0], &n, sizeof(n)) == sizeof(n))
			flushed = n;
		close(pipe_fds[0]);
		open_it();
		while ((n = next()) >= 0)
			assert_int_equal(n, expected++);
		assert_true(flushed >= 0 && expected > flushed);
	}
}

static void a_disk_that_takes_no_more_is_counted(void **state)
{
	struct rlimit before, limit;
	int lost;

	append(0);
	spool_flush(s);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 300;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	append(1);
	spool_flush(s);
	append(2);
	append(3);
	spool_flush(s);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	lost = (int)spool_lost(s)->failed;
	assert_int_equal(lost, 2);
	assert_int_equal(spool_lost(s)->untold, 2);
	append(4);
	assert_int_equal(next(), 0);
	assert_int_equal(next(), 1);
	assert_int_equal(next(), 4);
	assert_int_equal(next(), -1);
	spool_confirm(s, 3);
}

static bool may_shorten = true;

/* In the place of libc's. */
int ftruncate(int fd, off_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (may_shorten)
		return truncate(path, size);
	errno = EIO;
	return -1;
}

/* Behind a part of a record that cannot be taken back nothing is written that would be lost. */
static void a_part_that_stays_spoils_no_other_one(void **state)
{
	struct rlimit before, limit;

	append(0);
	spool_flush(s);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 150;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	may_shorten = false;
	append(1);
	spool_flush(s);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	append(2);
	spool_flush(s);
	may_shorten = true;
	append(3);
	spool_flush(s);
	assert_int_equal(spool_lost(s)->failed, 2);
	reopen();
	assert_int_equal(spool_lost(s)->untold, 2);
	assert_int_equal(spool_records(s), 2);
	assert_int_equal(next(), 0);
	assert_int_equal(next(), 3);
	assert_int_equal(next(), -1);
	assert_int_equal(spool_lost(s)->damaged, 0);
}

/* A kill leaves a part of a record behind the others, and never a whole one that is wrong. */
static void damage_of_the_last_segment_is_counted(void **state)
{
	char path[128];

	for (int i = 0; i < 10; i++)
		append(i);
	spool_close(s);
	newest_segment(path);
	flip(path, 3 * 128 + 20);
	open_it();
	assert_int_equal(spool_lost(s)->damaged, 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(next(), i);
	assert_int_equal(next(), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			records_come_in_order_until_they_are_confirmed, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_was_confirmed_leaves_the_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(what_has_no_room_is_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(a_torn_record_is_left_out, setup, teardown),
		cmocka_unit_test_setup_teardown(no_damage_is_taken_for_a_record, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_killed_process_leaves_what_it_flushed, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_disk_that_takes_no_more_is_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_part_that_stays_spoils_no_other_one, setup, teardown),
		cmocka_unit_test_setup_teardown(
			damage_of_the_last_segment_is_counted, setup, teardown),
	};

	return cmocka_run_group_tests_name("export_spool", tests, setup_group, teardown_group);
}
