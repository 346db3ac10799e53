/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/recorder_files.h"

#include <arpa/inet.h>

static const struct recorder_bytes none;

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
	const struct CMUnitTest tests[] = {
		RECORDER_TEST(what_is_put_is_told),
		RECORDER_TEST(filters_choose),
		RECORDER_TEST(all_are_in_order_of_time),
		RECORDER_TEST(the_same_container_is_one),
		RECORDER_TEST(names_of_kinds),
	};

	return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
