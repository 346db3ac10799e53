/* SPDX-License-Identifier: Apache-2.0 */
/* A recording's way from paled into the PaleNodeStatus. */
#include "compiler/base/cleanup.h"
#include "operator/controller/recording.h"
#include "operator/node/run_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct run_list list;

static int begin(void **state)
{
	(void)state;
	list = (struct run_list){ 0 };
	return 0;
}

static int end(void **state)
{
	(void)state;
	run_list_release(&list);
	return 0;
}

static json_t *entry(const char *id, const char *recording, const char *state, int since)
{
	return json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s}", "id", id, "recording",
		recording, "state", state, "since", since, "name", "c", "pod", "web-1", "namespace",
		"shop", "pod_uid", "u");
}

/* paled's answer of these entries, which it takes over. */
static void take(json_t *first, json_t *second)
{
	json_t *o = json_pack("{s:b, s:[]}", "ok", 1, "recordings");
	json_t *all = json_object_get(o, "recordings");

	if (first)
		json_array_append_new(all, first);
	if (second)
		json_array_append_new(all, second);
	run_list_take(&list, o);
	json_decref(o);
}

static void asks(const char *method, const char *id, json_t *answer)
{
	struct run_entry *e = NULL, *none = NULL;
	_cleanup_(json_decrefp) json_t *request = run_list_next(&list, &e);
	_cleanup_(json_decrefp) json_t *want = json_pack("{s:s, s:s}", "method", method, "id", id);

	assert_true(json_equal(request, want));
	assert_null(run_list_next(&list, &none));
	run_list_answered(&list, e, answer);
	json_decref(answer);
}

static void asks_nothing(void)
{
	struct run_entry *e = NULL;

	assert_null(run_list_next(&list, &e));
}

static json_t *ok(void)
{
	return json_pack("{s:b}", "ok", 1);
}

static json_t *run(const char *text)
{
	return json_pack("{s:b, s:s}", "ok", 1, "run", text);
}

static size_t handed_in(void)
{
	_cleanup_(json_decrefp) json_t *all = run_list_json(&list);

	return json_array_size(all);
}

static void a_run_is_handed_in_when_it_is_done_and_forgotten_when_it_was_merged(void **state)
{
	_cleanup_(json_decrefp) json_t *all = NULL, *want = NULL;

	(void)state;
	take(entry("1", "shop/r", "running", 1), NULL);
	asks_nothing();
	run_list_phase(&list, "shop/r", "Recording");
	asks_nothing();
	take(entry("1", "shop/r", "done", 1), NULL);
	asks("recording", "1", run("{}"));
	asks_nothing();
	all = run_list_json(&list);
	want = json_pack("[{s:s, s:s, s:s, s:s}]", "recording", "shop/r", "uid", "u", "container",
		"c", "run", "{}");
	assert_true(json_equal(all, want));
	run_list_phase(&list, "shop/r", "Merging");
	asks_nothing();
	assert_int_equal(handed_in(), 1);
	run_list_phase(&list, "shop/r", "Completed");
	assert_int_equal(handed_in(), 0);
	asks("forget-recording", "1", ok());
	asks_nothing();
	take(NULL, NULL);
	assert_int_equal(list.n, 0);
}

static void what_goes_on_is_ended_when_runs_are_merged(void **state)
{
	(void)state;
	take(entry("1", "shop/r", "running", 1), NULL);
	run_list_phase(&list, "shop/r", "Merging");
	/* It has not begun. */
	asks("end-recording", "1", json_pack("{s:b, s:s}", "ok", 0, "errno", "EAGAIN"));
	asks("end-recording", "1", ok());
	asks_nothing();
	/* Another paled. */
	run_list_forget_paled(&list);
	asks("end-recording", "1", NULL);
	asks("end-recording", "1", ok());
	take(entry("1", "shop/r", "done", 1), NULL);
	asks("recording", "1", json_pack("{s:b, s:s}", "ok", 0, "errno", "EAGAIN"));
	asks("recording", "1", run("{}"));
	assert_int_equal(handed_in(), 1);
	/* paled has dropped it, as it keeps 128: the controller still has to read it. */
	take(NULL, NULL);
	assert_int_equal(handed_in(), 1);
	run_list_phase(&list, "shop/r", NULL);
	take(NULL, NULL);
	assert_int_equal(list.n, 0);
}

static void a_phase_that_changes_meanwhile_decides_nothing_of_an_answer(void **state)
{
	struct run_entry *e = NULL;
	_cleanup_(json_decrefp) json_t *request = NULL, *answer = run("{}");

	(void)state;
	take(entry("1", "shop/r", "done", 1), NULL);
	request = run_list_next(&list, &e);
	assert_non_null(request);
	/* Nor is what was asked about taken away. */
	take(NULL, NULL);
	run_list_phase(&list, "shop/r", "Failed");
	run_list_answered(&list, e, answer);
	asks("forget-recording", "1", ok());
}

static void what_is_no_recording_of_the_clusters_is_left_alone(void **state)
{
	static const char *const names[] = { "", "mine", "/r", "shop/", "a/b/c" };
	_cleanup_(json_decrefp) json_t *all = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		take(entry("1", names[i], "done", 1), NULL);
		asks_nothing();
		assert_int_equal(list.n, 0);
	}
	take(entry("1", "shop/r", "done", 2), entry("2", "shop/r", "done", 1));
	all = run_list_recordings(&list);
	assert_int_equal(json_array_size(all), 1);
	assert_string_equal(json_string_value(json_array_get(all, 0)), "shop/r");
}

static void what_has_no_room_waits_and_what_never_has_is_not_handed_in(void **state)
{
	size_t len = RECORDING_RUN_MAX;
	_cleanup_free_ char *text = malloc(len + 2);

	(void)state;
	memset(text, 'x', len + 1);
	text[len + 1] = '\0';
	take(entry("1", "shop/r", "done", 1), NULL);
	asks("recording", "1", run(text));
	asks_nothing();
	assert_int_equal(handed_in(), 0);
	text[len] = '\0';
	take(entry("2", "shop/q", "done", 2), entry("3", "shop/p", "done", 3));
	asks("recording", "2", run(text));
	asks("recording", "3", run(text));
	assert_int_equal(handed_in(), 1);
	run_list_phase(&list, "shop/q", "Completed");
	assert_int_equal(handed_in(), 1);
	run_list_phase(&list, "shop/p", "Completed");
	assert_int_equal(handed_in(), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_run_is_handed_in_when_it_is_done_and_forgotten_when_it_was_merged),
		TEST(what_goes_on_is_ended_when_runs_are_merged),
		TEST(a_phase_that_changes_meanwhile_decides_nothing_of_an_answer),
		TEST(what_is_no_recording_of_the_clusters_is_left_alone),
		TEST(what_has_no_room_waits_and_what_never_has_is_not_handed_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
