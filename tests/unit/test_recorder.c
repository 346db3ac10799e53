/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/recorder/recorder.h"

#include "compiler/base/cleanup.h"
#include "enforcer/recorder/history.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/pale-recorder-XXXXXX";
static char path[64], said[1024];

#define DAY_NS ((uint64_t)86400 * 1000000000)

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int setup_group(void **state)
{
	signal(SIGXFSZ, SIG_IGN);
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/recorder.db", dir);
	return 0;
}

static int remove_files(void **state)
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

static int teardown_group(void **state)
{
	return rmdir(dir);
}

static void hear(void *ctx, int level, const char *text)
{
	size_t n = strlen(said);

	snprintf(said + n, sizeof(said) - n, "%d %s\n", level, text);
}

static struct recorder *begin(uint64_t bytes, uint32_t days, size_t queue)
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

static void flush(struct recorder *r)
{
	uint64_t ticket = recorder_flush(r);
	struct pollfd p = { .fd = recorder_fd(r), .events = POLLIN };

	while (recorder_done(r) < ticket) {
		assert_int_equal(poll(&p, 1, 60000), 1);
		recorder_dispatch(r);
	}
	recorder_dispatch(r);
}

static void end(struct recorder *r)
{
	recorder_free(r, 60000);
}

static const struct recorder_bytes none;

static struct recorder_bytes bytes(const char *s)
{
	return (struct recorder_bytes){ s, strlen(s) };
}

/* Of kind RECORDER_EXEC, and about 200 bytes. */
static void put_nth(struct recorder *r, uint64_t time_ns, unsigned n)
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

static void define_one(struct recorder *r)
{
	recorder_define(r, 1, "web-1", 5, "{\"id\":\"web-1\",\"name\":\"web\"}");
}

static void append(void *ctx, json_t *entry)
{
	json_array_append(ctx, entry);
}

static json_t *read_like(const struct recorder_filter *f)
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

static json_t *read_kind(enum recorder_kind kind)
{
	return read_like(&(const struct recorder_filter){ .kinds = kind ? 1u << kind : 0 });
}

static json_t *read_all(void)
{
	return read_kind(0);
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* As members of no time and of the process's own keys. */
static void expect(const json_t *a, size_t i, const char *expected)
{
	json_t *o = json_deep_copy(json_array_get(a, i));
	_cleanup_free_ char *s = NULL;

	json_object_del(o, "time");
	s = json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(o);
	assert_string_equal(s, expected);
}

static bool exists(const char *suffix)
{
	char name[96];

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return access(name, F_OK) == 0;
}

static int64_t ask_database(const char *sql)
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

static void alter_database(const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(
		sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void what_is_put_is_told(void **state)
{
	static const char arguments[] = "sh\0-c\0\033[2J\xff\0";
	struct recorder *r = begin(0, 0, 0);
	struct recorder_entry e = {
		.kind = RECORDER_START,
		.time_ns = 1000,
		.container = 1,
		.process = { 77, 411, 7 },
		.parent = { 66, 400, 1 },
	};
	_cleanup_(json_decrefp) json_t *a = NULL;

	define_one(r);
	recorder_put(r, &e);
	e.time_ns++;
	e.kind = RECORDER_EXEC;
	e.uid = 33;
	e.flags = RECORDER_ARGUMENTS_CUT;
	e.filename = bytes("/bin/sh");
	e.executable = bytes("/usr/bin/a\nb");
	e.arguments = (struct recorder_bytes){ arguments, sizeof(arguments) - 1 };
	recorder_put(r, &e);
	e.time_ns++;
	e.kind = RECORDER_CONNECT;
	e.filename = e.executable = e.arguments = none;
	e.family = AF_INET;
	e.protocol = IPPROTO_TCP;
	e.port = 443;
	inet_pton(AF_INET, "203.0.113.7", e.address);
	recorder_put(r, &e);
	e.time_ns++;
	e.family = AF_INET6;
	e.protocol = IPPROTO_UDP;
	e.port = 53;
	inet_pton(AF_INET6, "2001:db8::1", e.address);
	recorder_put(r, &e);
	e.time_ns++;
	inet_pton(AF_INET6, "::ffff:192.0.2.1", e.address);
	recorder_put(r, &e);
	e.time_ns++;
	e.kind = RECORDER_EXIT;
	e.status = 3 << 8;
	recorder_put(r, &e);
	e.time_ns++;
	e.status = SIGKILL;
	recorder_put(r, &e);
	e = (struct recorder_entry){ .kind = RECORDER_POLICY,
		.time_ns = 1007,
		.event = bytes("{\"kind\":\"profile-loaded\",\"profile\":\"web\"}") };
	recorder_put(r, &e);
	e = (struct recorder_entry){ .kind = RECORDER_VIOLATION,
		.time_ns = 1008,
		.container = 1,
		.event = bytes("{\"kind\":\"violation\",\"line\":3}") };
	recorder_put(r, &e);
	/* Nobody can have it tell what it is not. */
	e = (struct recorder_entry){
		.kind = RECORDER_VIOLATION, .time_ns = 1009, .event = bytes("{\"kind\":")
	};
	recorder_put(r, &e);
	end(r);

	a = read_all();
#define CONTAINER "\"container\":{\"id\":\"web-1\",\"name\":\"web\"},"
#define PROCESS	  "\"process\":{\"host_pid\":411,\"start_ns\":77,\"pid\":7"
#define PARENT	  "},\"parent\":{\"host_pid\":400,\"start_ns\":66,\"pid\":1}"
	expect(a, 0, "{\"kind\":\"start\"," CONTAINER PROCESS PARENT "}");
	expect(a, 1,
		"{\"kind\":\"exec\"," CONTAINER PROCESS
		",\"uid\":33,\"executable\":\"/usr/bin/a\\nb\",\"filename\":\"/bin/sh\","
		"\"arguments\":[\"sh\",\"-c\",\"\\\\x1b[2J\\\\xff\"],\"arguments_truncated\":"
		"true" PARENT "}");
	expect(a, 2,
		"{\"kind\":\"connect\"," CONTAINER
		"\"protocol\":\"tcp\",\"address\":\"203.0.113.7\","
		"\"port\":443,\"object\":\"203.0.113.7:443\"," PROCESS PARENT "}");
	expect(a, 3,
		"{\"kind\":\"connect\"," CONTAINER
		"\"protocol\":\"udp\",\"address\":\"2001:db8::1\","
		"\"port\":53,\"object\":\"[2001:db8::1]:53\"," PROCESS PARENT "}");
	expect(a, 4,
		"{\"kind\":\"connect\"," CONTAINER "\"protocol\":\"udp\",\"address\":\"192.0.2.1\","
		"\"port\":53,\"object\":\"192.0.2.1:53\"," PROCESS PARENT "}");
	expect(a, 5, "{\"kind\":\"exit\"," CONTAINER "\"exit_code\":3," PROCESS PARENT "}");
	expect(a, 6,
		"{\"kind\":\"exit\"," CONTAINER "\"signal\":9,\"core_dumped\":false," PROCESS PARENT
		"}");
	expect(a, 7, "{\"kind\":\"policy\",\"profile\":\"web\",\"change\":\"profile-loaded\"}");
	expect(a, 8, "{\"kind\":\"violation\"," CONTAINER "\"line\":3}");
	expect(a, 9, "{\"kind\":\"violation\"}");
	assert_int_equal(json_array_size(a), 10);
	assert_string_equal(
		text_of(json_array_get(a, 0), "time"), "1970-01-01T00:00:00.000001000Z");
	assert_string_equal(said, "");
}

static void filters_choose(void **state)
{
	const uint64_t t = now_ns() - 1000;
	struct recorder *r = begin(0, 0, 0);
	static const struct {
		struct recorder_filter f;
		size_t n;
	} asked[] = {
		{ { .container = "web" }, 100 },
		{ { .container = "web-" }, 100 },
		{ { .container = "we" }, 100 },
		{ { .container = "other" }, 200 },
		{ { .container = "nobody" }, 0 },
		{ { .kinds = 1u << RECORDER_EXIT }, 0 },
		{ { .kinds = 1u << RECORDER_EXEC | 1u << RECORDER_EXIT }, 300 },
	};
	_cleanup_(json_decrefp) json_t *middle = NULL, *late = NULL;

	define_one(r);
	recorder_define(r, 2, "other-1", 5, "{\"id\":\"other-1\",\"name\":\"other\"}");
	for (unsigned i = 0; i < 300; i++) {
		struct recorder_entry e = { .kind = RECORDER_EXEC,
			.time_ns = t + i,
			.container = i % 3 ? 2 : 1,
			.process = { 1, i, 0 } };

		recorder_put(r, &e);
	}
	end(r);
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		_cleanup_(json_decrefp) json_t *a = read_like(&asked[i].f);

		assert_int_equal(json_array_size(a), asked[i].n);
	}
	middle = read_like(
		&(const struct recorder_filter){ .since_ns = t + 100, .until_ns = t + 199 });
	assert_int_equal(json_array_size(middle), 100);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(
			json_integer_value(json_object_get(
				json_object_get(json_array_get(middle, i), "process"), "host_pid")),
			100 + i);
	late = read_like(&(const struct recorder_filter){ .since_ns = t + 299 });
	assert_int_equal(json_array_size(late), 1);
}

/* They come in any order: a kernel's buffer is read after an event of another way. */
static void all_are_in_order_of_time(void **state)
{
	const uint64_t t = now_ns() - 10000;
	struct recorder *r = begin(0, 0, 0);
	_cleanup_(json_decrefp) json_t *a = NULL;

	for (unsigned i = 0; i < 1000; i++)
		put_nth(r, t + i * 7919 % 1000, i);
	end(r);
	a = read_all();
	assert_int_equal(json_array_size(a), 1000);
	for (size_t i = 1; i < 1000; i++)
		assert_true(strcmp(text_of(json_array_get(a, i - 1), "time"),
				    text_of(json_array_get(a, i), "time")) < 0);
}

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

static void the_same_container_is_one(void **state)
{
	for (int i = 0; i < 3; i++) {
		struct recorder *r = begin(0, 0, 0);

		/* Of another daemon's life, by another number. */
		recorder_define(r, 10 + (uint32_t)i, "web-1", 5, "{\"id\":\"web-1\"}");
		recorder_put(r, &(const struct recorder_entry){ .kind = RECORDER_START,
					.time_ns = now_ns(),
					.container = 10 + (uint32_t)i });
		end(r);
	}
	assert_int_equal(ask_database("SELECT count(*) FROM container"), 1);
	assert_int_equal(ask_database("SELECT count(*) FROM entry WHERE container NOT NULL"), 3);
}

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

static void make_some(void)
{
	struct recorder *r = begin(0, 0, 0);

	define_one(r);
	for (unsigned i = 0; i < 5000; i++)
		put_nth(r, now_ns(), i);
	end(r);
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

static void limit_files(rlim_t bytes_max)
{
	struct rlimit l;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
	l.rlim_cur = bytes_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

/* The thread tries again five seconds later. */
static void wait_until_it_goes_on(struct recorder *r)
{
	struct recorder_status s;

	do {
		const struct timespec moment = { .tv_nsec = 50000000 };

		nanosleep(&moment, NULL);
		recorder_dispatch(r);
		recorder_status(r, &s);
	} while (!s.recording);
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
	end(r);
	gaps = read_kind(RECORDER_GAP);
	json_array_foreach (gaps, i, g)
		missing += json_integer_value(json_object_get(g, "entries"));
	a = read_kind(RECORDER_EXEC);
	assert_true(missing >= 4000);
	assert_int_equal((json_int_t)json_array_size(a) + missing, 10000);
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

static void what_is_missing_elsewhere_is_told(void **state)
{
	struct recorder *r = begin(0, 0, 0);
	_cleanup_(json_decrefp) json_t *gaps = NULL;

	define_one(r);
	recorder_put_gap(r, 1, 5, "the kernel's buffer was full");
	recorder_put_gap(r, 1, 6, "the kernel's buffer was full");
	flush(r);
	end(r);
	gaps = read_like(&(const struct recorder_filter){ .container = "web" });
	assert_int_equal(json_array_size(gaps), 1);
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(gaps, 0), "entries")), 11);
}

static void names_of_kinds(void **state)
{
	enum recorder_kind k;

	for (int i = 1; i < RECORDER_KINDS; i++) {
		assert_true(recorder_kind_parse(recorder_kind_names[i], &k));
		assert_int_equal(k, i);
	}
	assert_false(recorder_kind_parse("", &k));
	assert_false(recorder_kind_parse("execs", &k));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, remove_files)
	const struct CMUnitTest tests[] = {
		TEST(what_is_put_is_told),
		TEST(filters_choose),
		TEST(all_are_in_order_of_time),
		TEST(size_is_bounded),
		TEST(a_bound_that_was_lowered_shrinks_the_file),
		TEST(age_is_bounded),
		TEST(containers_without_entries_go),
		TEST(the_same_container_is_one),
		TEST(time_away_is_a_gap),
		TEST(kill_9_loses_nothing_that_was_written),
		TEST(what_is_damaged_is_set_aside),
		TEST(an_empty_file_is_begun),
		TEST(a_torn_log_loses_its_end_alone),
		TEST(a_full_disk_is_a_counted_gap),
		TEST(what_does_not_fit_in_the_queue_is_counted),
		TEST(a_file_that_was_removed_is_begun_anew),
		TEST(a_link_is_not_followed),
		TEST(what_is_missing_elsewhere_is_told),
		TEST(names_of_kinds),
	};

	return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
