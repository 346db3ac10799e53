/* SPDX-License-Identifier: Apache-2.0 */
/* tests/export/events.jsonl in each format, as it stands beside it; with PALE_ACCEPT set these
 * files are written anew: read the difference. */
#include "compiler/base/cleanup.h"
#include "enforcer/export/event_fields.h"
#include "enforcer/export/format.h"
#include "enforcer/report_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define FOLDER "tests/export/"

static json_t *events; /* an array */

static int setup(void **state)
{
	_cleanup_fclose_ FILE *f = fopen(FOLDER "events.jsonl", "r");
	json_t *e;

	events = json_array();
	while (f && (e = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL)))
		json_array_append_new(events, e);
	return json_array_size(events) < 5;
}

static int teardown(void **state)
{
	json_decref(events);
	return 0;
}

static void put_json(const json_t *e, struct text *t)
{
	format_json(e, t);
}

static void put_syslog(const json_t *e, struct text *t)
{
	const struct syslog_origin origin = { 16, "node-1" };

	format_syslog(&origin, e, NULL, t);
}

static void put_otlp(const json_t *e, struct text *t)
{
	format_otlp(&e, 1, t);
}

static const struct {
	const char *file;
	void (*put)(const json_t *e, struct text *t);
} formats[] = {
	{ "events.json", put_json },
	{ "events.cef", format_cef },
	{ "events.ocsf", format_ocsf },
	{ "events.syslog", put_syslog },
	{ "events.otlp", put_otlp },
	{ "events.journal", format_journal },
};

#define N_FORMATS (sizeof(formats) / sizeof(*formats))

static void read_file(const char *path, struct text *t)
{
	_cleanup_fclose_ FILE *f = fopen(path, "r");
	char buffer[4096];
	size_t n;

	if (!f)
		return;
	while ((n = fread(buffer, 1, sizeof(buffer), f)))
		text_add(t, buffer, n);
}

static void each_format_is_as_it_stands_there(void **state)
{
	for (size_t i = 0; i < N_FORMATS; i++) {
		_cleanup_(text_release) struct text t = TEXT_INIT, golden = TEXT_INIT,
						    path = TEXT_INIT;
		size_t k;
		json_t *e;

		json_array_foreach (events, k, e) {
			formats[i].put(e, &t);
			text_putc(&t, '\n');
		}
		text_printf(&path, FOLDER "%s", formats[i].file);
		if (getenv("PALE_ACCEPT")) {
			_cleanup_fclose_ FILE *f = fopen(text_str(&path), "w");

			assert_non_null(f);
			fwrite(t.s, 1, t.len, f);
		}
		read_file(text_str(&path), &golden);
		assert_string_equal(text_str(&t), text_str(&golden));
	}
}

/* Every byte, alone and between others, through every format: one line, and nothing in it that
 * drives a terminal. (journald's form is of lines; its values are what is looked at.) */
static void no_byte_breaks_a_line(void **state)
{
	for (int c = 1; c < 0x110000; c = c < 0x300 ? c + 1 : c * 2) {
		char s[8] = "";
		int n = 0;
		json_t *e, *text;

		if (c < 0x80) {
			s[n++] = (char)c;
		} else if (c < 0x800) {
			s[n++] = (char)(0xc0 | c >> 6);
			s[n++] = (char)(0x80 | (c & 0x3f));
		} else if (c < 0x10000) {
			s[n++] = (char)(0xe0 | c >> 12);
			s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
			s[n++] = (char)(0x80 | (c & 0x3f));
		} else {
			s[n++] = (char)(0xf0 | c >> 18);
			s[n++] = (char)(0x80 | (c >> 12 & 0x3f));
			s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
			s[n++] = (char)(0x80 | (c & 0x3f));
		}
		text = json_sprintf("a%sb%s", s, s);
		if (!text)
			continue;
		e = json_pack("{s:s, s:O, s:O, s:O, s:O, s:{s:O, s:[O, O]}, s:{s:O, s:O}, s:s}",
			"kind", "violation", "object", text, "rule", text, "profile", text, "error",
			text, "process", "executable", text, "arguments", text, text, "container",
			"id", text, "name", text, "time", "2026-11-26T15:00:00.123456789Z");
		for (size_t i = 0; i < N_FORMATS; i++) {
			_cleanup_(text_release) struct text t = TEXT_INIT;

			formats[i].put(e, &t);
			for (size_t k = 0; k < t.len; k++) {
				unsigned char b = (unsigned char)t.s[k];

				if (b == '\n' && formats[i].put == format_journal)
					continue;
				assert_true(b >= 0x20 && b != 0x7f);
				assert_false(b == 0xc2 && (unsigned char)t.s[k + 1] < 0xa0);
			}
		}
		json_decref(e);
		json_decref(text);
	}
}

static void fields_are_cut_between_characters(void **state)
{
	static const struct {
		const char *s;
		size_t max;
		const char *cut;
	} cases[] = {
		{ "", 10, "" },
		{ "abcdef", 6, "abcdef" },
		{ "abcdefg", 6, "abc…" },
		{ "äöüäöü", 8, "äö…" },
		{ "äöüäöü", 9, "äöü…" },
		{ "a\nb", 6, "a\\x0ab" },
		{ "a\nbc", 6, "a\\x…" },
		{ "😀😀😀", 11, "😀😀…" },
		{ "abcdef", 3, "…" },
		{ "abcdef", 2, "" },
		{ "\xff\xff\xff", 7, "\\xff…" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;

		event_text_cut(&t, cases[i].s, strlen(cases[i].s), cases[i].max);
		assert_string_equal(text_str(&t), cases[i].cut);
	}
}

static void endpoints_are_read(void **state)
{
	static const struct {
		const char *operation, *object, *protocol, *address;
		int port;
	} cases[] = {
		{ "connect", "tcp 10.0.0.1:443", "tcp", "10.0.0.1", 443 },
		{ "connect", "udp [2001:DB8::1]:53", "udp", "2001:db8::1", 53 },
		{ "connect", "tcp 2001:db8::1:53", "tcp", "2001:db8::1", 53 },
		{ "connect", "tcp 0.0.0.0:0", "tcp", "0.0.0.0", 0 },
		{ "write", "tcp 10.0.0.1:443", NULL, NULL, 0 },
		{ "connect", "tcp 10.0.0.1:65536", NULL, NULL, 0 },
		{ "connect", "tcp 10.0.0.1:", NULL, NULL, 0 },
		{ "connect", "tcp 10.0.0.1:44x", NULL, NULL, 0 },
		{ "connect", "tcp example.com:44", NULL, NULL, 0 },
		{ "connect", "unix /run/a b:1", NULL, NULL, 0 },
		{ "connect", "toolongprotocol 10.0.0.1:1", NULL, NULL, 0 },
		{ "connect", ":1 ", NULL, NULL, 0 },
		{ "connect", "", NULL, NULL, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *e = json_pack(
			"{s:s, s:s}", "operation", cases[i].operation, "object", cases[i].object);
		struct event_endpoint to;

		assert_int_equal(event_endpoint(e, &to), cases[i].protocol != NULL);
		if (cases[i].protocol) {
			assert_string_equal(to.protocol, cases[i].protocol);
			assert_string_equal(to.address, cases[i].address);
			assert_int_equal(to.port, cases[i].port);
		}
		json_decref(e);
	}
}

static void times_are_read_as_they_are_written(void **state)
{
	static const struct {
		const char *s;
		uint64_t ns;
	} good[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01T00:00:01.5Z", 1500000000 },
		{ "2026-11-26T13:10:43.000000001Z", UINT64_C(1795698643000000001) },
		{ "2026-11-26T13:10:43.0000000019Z", UINT64_C(1795698643000000001) },
	};
	static const char *const bad[] = { "", "2026", "2026-11-26T13:10:43",
		"1969-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "2026-11-26T13:10:43.1",
		"2026-13-26T13:10:43Z" };
	uint64_t ns;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_true(report_time_parse(good[i].s, &ns));
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(report_time_parse(bad[i], &ns));
}

static void batches_are_one_body(void **state)
{
	const json_t *two[] = { json_array_get(events, 0), json_array_get(events, 1) };
	_cleanup_(text_release) struct text json = TEXT_INIT, cef = TEXT_INIT;
	json_t *a;

	format_batch(EXPORT_JSON, two, 2, &json);
	a = json_loads(text_str(&json), 0, NULL);
	assert_int_equal(json_array_size(a), 2);
	assert_true(json_equal(json_array_get(a, 1), two[1]));
	json_decref(a);
	format_batch(EXPORT_CEF, two, 2, &cef);
	assert_non_null(strstr(text_str(&cef), "\nCEF:0|"));
	assert_int_equal(text_str(&cef)[cef.len - 1], '\n');
	assert_string_equal(format_content_type(EXPORT_CEF), "text/plain; charset=utf-8");
}

static void uid_of(const json_t *event, char ret[256])
{
	json_t *o = format_ocsf_json(event);

	snprintf(ret, 256, "%s",
		json_string_value(json_object_get(json_object_get(o, "finding_info"), "uid")));
	json_decref(o);
}

/* Who sorts out what came twice goes by it. */
static void findings_of_one_moment_have_uids_of_their_own(void **state)
{
	json_t *one = json_deep_copy(json_array_get(events, 0)), *other = json_deep_copy(one);
	char uid[256], same[256];

	uid_of(one, uid);
	uid_of(other, same);
	assert_string_equal(uid, same);
	json_object_set_new(other, "object", json_string("/etc/shadow"));
	uid_of(other, same);
	assert_string_not_equal(uid, same);
	json_decref(one);
	json_decref(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_format_is_as_it_stands_there),
		cmocka_unit_test(no_byte_breaks_a_line),
		cmocka_unit_test(fields_are_cut_between_characters),
		cmocka_unit_test(endpoints_are_read),
		cmocka_unit_test(times_are_read_as_they_are_written),
		cmocka_unit_test(batches_are_one_body),
		cmocka_unit_test(findings_of_one_moment_have_uids_of_their_own),
	};

	return cmocka_run_group_tests_name("export_formats", tests, setup, teardown);
}
