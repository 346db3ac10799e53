/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions, what compiling puts into a status, and what a node makes of that. */
#include "compiler/base/cleanup.h"
#include "operator/api_time.h"
#include "operator/controller/condition.h"
#include "operator/controller/profile_bundle.h"
#include "operator/controller/profile_status.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "controller_json.h"

#define NOON 1764158400 /* 2025-11-26T12:00:00Z */

static void times_are_those_of_the_api(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} cases[] = {
		{ "\"2025-11-26T12:00:00Z\"", NOON },
		{ "\"2025-11-26T12:00:00.999999Z\"", NOON },
		{ "\"1970-01-01T00:00:00Z\"", 0 },
		{ "\"2025-11-26T12:00:00+01:00\"", -1 },
		{ "\"yesterday\"", -1 },
		{ "7", -1 },
	};
	_cleanup_json_ json_t *noon = api_time(NOON);

	assert_string_equal(json_string_value(noon), "2025-11-26T12:00:00Z");
	for (size_t i = 0; i < N(cases); i++) {
		_cleanup_json_ json_t *v = json_loads(cases[i].text, JSON_DECODE_ANY, NULL);

		assert_int_equal(api_time_parse(v), cases[i].seconds);
	}
	assert_int_equal(api_time_parse(NULL), -1);
}

static void a_condition_keeps_its_time_until_it_turns(void **state)
{
	_cleanup_json_ json_t *status = json_object(), *before = NULL;
	struct condition c = { "Ready", CONDITION_FALSE, "NodesPending", "0 of 3 nodes" };

	assert_true(condition_set(status, &c, 1, NOON));
	assert_json(status,
		"{\"conditions\":[{\"type\":\"Ready\",\"status\":\"False\","
		"\"reason\":\"NodesPending\",\"message\":\"0 of 3 nodes\","
		"\"observedGeneration\":1,\"lastTransitionTime\":\"2025-11-26T12:00:00Z\"}]}");
	before = json_deep_copy(status);
	assert_false(condition_set(status, &c, 1, NOON + 60));
	assert_true(json_equal(status, before));
	c.message = "1 of 3 nodes";
	assert_false(condition_set(status, &c, 2, NOON + 60));
	assert_json(json_object_get(status, "conditions"),
		"[{\"type\":\"Ready\",\"status\":\"False\",\"reason\":\"NodesPending\","
		"\"message\":\"1 of 3 nodes\",\"observedGeneration\":2,"
		"\"lastTransitionTime\":\"2025-11-26T12:00:00Z\"}]");
	c = (struct condition){ "Ready", CONDITION_TRUE, "Ready", "3 of 3 nodes" };
	assert_true(condition_set(status, &c, 2, NOON + 120));
	assert_true(condition_holds(status, "Ready"));
	assert_string_equal(text_of(condition_find(status, "Ready"), "lastTransitionTime"),
		"2025-11-26T12:02:00Z");
	assert_int_equal(json_array_size(json_object_get(status, "conditions")), 1);
	assert_false(condition_holds(status, "Compiled"));
}

#define RIGHT                                                                                      \
	"{\"reason\":\"Compiled\",\"message\":\"the policy is right\",\"diagnostics\":[],"         \
	"\"digest\":\"0123456789abcdef\",\"pod\":{},"                                              \
	"\"bundle\":{\"main\":\"a.pale\",\"files\":{\"a.pale\":\"A\",\"b.pale\":\"B\"}}}"
#define WRONG                                                                                      \
	"{\"reason\":\"SourceInvalid\",\"message\":\"a.pale:3:9: unknown operation 'raed'\","      \
	"\"diagnostics\":[{\"line\":3}]}"
#define LATE "{\"reason\":\"Timeout\",\"message\":\"busy\"}"

static void take(
	json_t *status, const char *outcome, int64_t generation, int64_t now, const char *events)
{
	_cleanup_json_ json_t *o = json_loads(outcome, 0, NULL);
	struct event_list told = { 0 };

	profile_status_compiled(status, o, generation, now, &told);
	assert_events(&told, events);
}

static void what_is_wrong_keeps_what_was_right(void **state)
{
	_cleanup_json_ json_t *status = json_object(), *before = NULL;

	take(status, WRONG, 1, NOON, "W ProfileRejected a.pale:3:9: unknown operation 'raed'\n");
	assert_null(json_object_get(status, "digest"));
	take(status, RIGHT, 2, NOON + 1, "N ProfileCompiled compiled: digest 0123456789ab\n");
	assert_json(status,
		"{\"observedGeneration\":2,\"diagnostics\":[],\"digest\":\"0123456789abcdef\","
		"\"pod\":{},\"bundle\":{\"main\":\"a.pale\","
		"\"files\":{\"a.pale\":\"A\",\"b.pale\":\"B\"}},"
		"\"conditions\":[{\"type\":\"Compiled\",\"status\":\"True\","
		"\"reason\":\"Compiled\",\"message\":\"the policy is right\","
		"\"observedGeneration\":2,\"lastTransitionTime\":\"2025-11-26T12:00:01Z\"}]}");
	before = json_deep_copy(status);
	take(status, RIGHT, 2, NOON + 5, "");
	assert_true(json_equal(status, before));
	take(status, WRONG, 3, NOON + 9,
		"W ProfileRejected a.pale:3:9: unknown operation 'raed'; digest 0123456789ab stays "
		"in force\n");
	take(status, WRONG, 3, NOON + 10, "");
	assert_json(json_object_get(status, "conditions"),
		"[{\"type\":\"Compiled\",\"status\":\"False\",\"reason\":\"SourceInvalid\","
		"\"message\":\"a.pale:3:9: unknown operation 'raed'; digest 0123456789ab stays in "
		"force\",\"observedGeneration\":3,"
		"\"lastTransitionTime\":\"2025-11-26T12:00:09Z\"}]");
	assert_json(json_object_get(status, "diagnostics"), "[{\"line\":3}]");
	assert_string_equal(text_of(status, "digest"), "0123456789abcdef");
	assert_non_null(json_object_get(status, "bundle"));
}

static void what_was_not_compiled_is_tried_again(void **state)
{
	_cleanup_json_ json_t *object = json_loads("{\"metadata\":{\"generation\":2}}", 0, NULL);
	json_t *status = json_object();

	assert_true(profile_needs_compiling(object));
	json_object_set_new(object, "status", status);
	assert_true(profile_needs_compiling(object));
	take(status, RIGHT, 1, NOON, "N ProfileCompiled compiled: digest 0123456789ab\n");
	assert_true(profile_needs_compiling(object));
	take(status, LATE, 2, NOON, "");
	assert_true(profile_needs_compiling(object));
	assert_int_equal(json_integer_value(json_object_get(status, "observedGeneration")), 1);
	assert_string_equal(text_of(status, "digest"), "0123456789abcdef");
	take(status, WRONG, 2, NOON,
		"W ProfileRejected a.pale:3:9: unknown operation 'raed'; digest 0123456789ab stays "
		"in force\n");
	assert_false(profile_needs_compiling(object));
}

static void nodes_load_the_bundle_and_compare(void **state)
{
	static const struct {
		const char *answer;
		int r;
		const char *text;
	} answers[] = {
		{ "{\"ok\":true,\"profiles\":[{\"profile\":\"a\",\"digest\":\"0123456789abcdef\"}]"
		  "}",
			0, NULL },
		{ "{\"ok\":true,\"profiles\":[{\"profile\":\"a\",\"digest\":\"fedcba9876543210\"}]"
		  "}",
			-EBADMSG,
			"profile 'a' has digest fedcba987654 here, and 0123456789ab where the "
			"controller compiled it: another version of Pale" },
		{ "{\"ok\":true,\"profiles\":[]}", -EBADMSG, "paled loaded no profile 'a'" },
		{ "{\"ok\":false,\"error\":\"a.pale:1:1: wrong\"}", -EINVAL,
			"paled: a.pale:1:1: wrong" },
		{ "{}", -EINVAL, "paled: " },
	};
	_cleanup_json_ json_t *object = json_loads("{\"metadata\":{\"name\":\"a\"}}", 0, NULL);
	_cleanup_json_ json_t *nothing = NULL, *request = NULL;
	_cleanup_(pale_err_freep) struct pale_err *none = NULL, *bad = NULL;
	json_t *status = json_object();

	json_object_set_new(object, "status", status);
	assert_int_equal(profile_bundle_request(object, &request, &none), -ENOENT);
	assert_string_equal(
		pale_err_text(none), "PaleProfile 'a' has not been compiled by the controller");
	take(status, RIGHT, 1, NOON, "N ProfileCompiled compiled: digest 0123456789ab\n");
	assert_int_equal(profile_bundle_request(object, &request, &bad), 0);
	assert_json(request,
		"{\"version\":1,\"method\":\"load\",\"main\":\"a.pale\",\"replace\":true,"
		"\"files\":[{\"name\":\"a.pale\",\"text\":\"A\"},{\"name\":\"b.pale\",\"text\":"
		"\"B\"}]}");
	for (size_t i = 0; i < N(answers); i++) {
		_cleanup_json_ json_t *answer = json_loads(answers[i].answer, 0, NULL);
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;

		assert_int_equal(profile_bundle_check(object, answer, &err), answers[i].r);
		if (answers[i].text)
			assert_string_equal(pale_err_text(err), answers[i].text);
	}
	/* Of nothing nothing is proven, though both say the same of it. */
	json_object_del(status, "digest");
	pale_err_freep(&none);
	none = NULL;
	nothing = json_loads("{\"ok\":true,\"profiles\":[{\"profile\":\"a\"}]}", 0, NULL);
	assert_int_equal(profile_bundle_check(object, nothing, &none), -EBADMSG);
	assert_string_equal(pale_err_text(none), "PaleProfile 'a' says no digest to compare with");
	json_object_set_new(status, "digest", json_string("0123456789abcdef"));
	json_object_del(json_object_get(json_object_get(status, "bundle"), "files"), "a.pale");
	json_decref(request);
	request = NULL;
	assert_int_equal(profile_bundle_request(object, &request, &bad), -EBADMSG);
	assert_string_equal(pale_err_text(bad), "PaleProfile 'a': status.bundle is damaged");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_those_of_the_api),
		cmocka_unit_test(a_condition_keeps_its_time_until_it_turns),
		cmocka_unit_test(what_is_wrong_keeps_what_was_right),
		cmocka_unit_test(what_was_not_compiled_is_tried_again),
		cmocka_unit_test(nodes_load_the_bundle_and_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
