/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_RECORDER_FILES_H
#define PALE_TESTS_RECORDER_FILES_H

/* A recorder whose file lies in a folder of its own, what it said, and what stands in the file. */

#include "enforcer/recorder/recorder.h"

#include "compiler/base/cleanup.h"
#include "enforcer/recorder/history.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/pale-recorder-XXXXXX";
static char path[64], said[1024];

#define DAY_NS ((uint64_t)86400 * 1000000000)

static inline uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static inline int setup_group(void **state)
{
	signal(SIGXFSZ, SIG_IGN);
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/recorder.db", dir);
	return 0;
}

static inline int remove_files(void **state)
{
	static const char *const names[] = { "", "-wal", "-shm", ".damaged", ".damaged-wal",
		".damaged-shm" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char name[96];

		snprintf(name, sizeof(name), "%s%s", path, names[i]);
		unlink(name);
	}
	said[0] = 0;
	return 0;
}

static inline int teardown_group(void **state)
{
	return rmdir(dir);
}

static inline void hear(void *ctx, int level, const char *text)
{
	size_t n = strlen(said);

	snprintf(said + n, sizeof(said) - n, "%d %s\n", level, text);
}

static inline struct recorder *begin(uint64_t bytes, uint32_t days, size_t queue)
{
	const struct recorder_options o = {
		.path = path,
		.bounds = { bytes ? bytes : RECORDER_BYTES, days ? days : RECORDER_DAYS },
		.queue_bytes = queue,
		.tell = hear,
	};
	struct recorder *r = NULL;

	assert_int_equal(recorder_new(&o, &r, NULL), 0);
	return r;
}

static inline void flush(struct recorder *r)
{
	uint64_t ticket = recorder_flush(r);
	struct pollfd p = { .fd = recorder_fd(r), .events = POLLIN };

	while (recorder_done(r) < ticket) {
		assert_int_equal(poll(&p, 1, 60000), 1);
		recorder_dispatch(r);
	}
	recorder_dispatch(r);
}

static inline void end(struct recorder *r)
{
	recorder_free(r, 60000);
}

static inline struct recorder_bytes bytes(const char *s)
{
	return (struct recorder_bytes){ s, strlen(s) };
}

/* Of kind RECORDER_EXEC, and about 200 bytes. */
static inline void put_nth(struct recorder *r, uint64_t time_ns, unsigned n)
{
	char arguments[128];
	struct recorder_entry e = {
		.kind = RECORDER_EXEC,
		.time_ns = time_ns,
		.container = 1,
		.process = { time_ns, n, n },
		.filename = bytes("/usr/bin/true"),
		.executable = bytes("/usr/bin/true"),
	};

	snprintf(arguments, sizeof(arguments), "%0100u", n);
	e.arguments = (struct recorder_bytes){ arguments, 101 };
	recorder_put(r, &e);
}

static inline void define_one(struct recorder *r)
{
	recorder_define(r, 1, "web-1", 5, "{\"id\":\"web-1\",\"name\":\"web\"}");
}

static inline void append(void *ctx, json_t *entry)
{
	json_array_append(ctx, entry);
}

static inline json_t *read_like(const struct recorder_filter *f)
{
	struct recorder_history *h = NULL;
	json_t *a = json_array();
	int r;

	assert_int_equal(recorder_history_open(path, f, &h, NULL), 0);
	do
		r = recorder_history_read(h, append, a, NULL);
	while (r == 1);
	assert_int_equal(r, 0);
	recorder_history_close(h);
	return a;
}

static inline json_t *read_kind(enum recorder_kind kind)
{
	return read_like(&(const struct recorder_filter){ .kinds = kind ? 1u << kind : 0 });
}

static inline json_t *read_all(void)
{
	return read_kind(0);
}

static inline const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static inline bool exists(const char *suffix)
{
	char name[96];

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return access(name, F_OK) == 0;
}

static inline int64_t ask_database(const char *sql)
{
	sqlite3_stmt *q = NULL;
	sqlite3 *db = NULL;
	int64_t n;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	n = sqlite3_column_type(q, 0) == SQLITE_TEXT
		    ? strcmp((const char *)sqlite3_column_text(q, 0), "ok") == 0
		    : sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	sqlite3_close(db);
	return n;
}

static inline void alter_database(const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(
		sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static inline void make_some(void)
{
	struct recorder *r = begin(0, 0, 0);

	define_one(r);
	for (unsigned i = 0; i < 5000; i++)
		put_nth(r, now_ns(), i);
	end(r);
}

static inline void limit_files(rlim_t bytes_max)
{
	struct rlimit l;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
	l.rlim_cur = bytes_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

/* The thread tries again five seconds later. */
static inline void wait_until_it_goes_on(struct recorder *r)
{
	struct recorder_status s;

	do {
		const struct timespec moment = { .tv_nsec = 50000000 };

		nanosleep(&moment, NULL);
		recorder_dispatch(r);
		recorder_status(r, &s);
	} while (!s.recording);
}

#define RECORDER_TEST(f) cmocka_unit_test_teardown(f, remove_files)

#endif
