/* SPDX-License-Identifier: Apache-2.0 */
/* What a node tells of paled's events and of itself. */
#include "compiler/base/cleanup.h"
#include "operator/node/event_position.h"
#include "operator/node/event_report.h"
#include "operator/node/node_patch.h"
#include "operator/node/violation_periods.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define VIOLATION                                                                                  \
	"{\"time\":\"2026-11-26T10:00:00.000000000Z\",\"kind\":\"violation\",\"outcome\":"         \
	"\"refused\",\"profile\":\"web\",\"digest\":\"d\",\"file\":\"web.pale\",\"line\":22,"      \
	"\"rule\":\"deny write /etc/**\",\"operation\":\"write\",\"object\":\"/etc/passwd\","      \
	"\"mechanism\":\"bpf-lsm\",\"process\":{\"host_pid\":411,\"executable\":\"/usr/bin/web\"}" \
	",\"container\":{\"id\":\"1\",\"name\":\"c\",\"pod\":\"web-7f\",\"namespace\":\"shop\","   \
	"\"pod_uid\":\"u\"}}"

static json_t *parse(const char *text)
{
	json_t *o = json_loads(text, 0, NULL);

	assert_non_null(o);
	return o;
}

static void a_violation_is_told_on_its_pod_with_its_line(void **state)
{
	_cleanup_(json_decrefp) json_t *event = parse(VIOLATION);
	struct event_report r;

	(void)state;
	assert_true(event_report(event, &r));
	assert_string_equal(text_str(&r.message),
		"denied: write /etc/passwd by /usr/bin/web in container c, web.pale:22: deny write "
		"/etc/** (profile web, bpf-lsm)");
	assert_string_equal(r.reason, "Violation");
	assert_string_equal(r.namespace, "shop");
	assert_string_equal(r.pod, "web-7f");
	assert_string_equal(r.pod_uid, "u");
	assert_string_equal(r.container, "c");
	assert_true(r.warning);
	assert_false(r.of_node);
	event_report_release(&r);
	/* Another process does the same: it is counted, and no second Event. */
	json_object_set_new(json_object_get(event, "process"), "host_pid", json_integer(412));
	assert_true(event_report(event, &r));
	assert_null(strstr(text_str(&r.message), "41"));
	event_report_release(&r);
}

static void what_a_container_chose_drives_no_terminal(void **state)
{
	_cleanup_(json_decrefp) json_t *event = parse(VIOLATION);
	struct event_report r;

	(void)state;
	json_object_set_new(event, "object", json_string("/etc/\x1b[2J\n"));
	assert_true(event_report(event, &r));
	assert_null(strchr(text_str(&r.message), '\x1b'));
	assert_null(strchr(text_str(&r.message), '\n'));
	event_report_release(&r);
}

static void kinds_are_told_where_they_belong(void **state)
{
	static const struct {
		const char *event, *reason, *message;
		bool of_node, warning;
	} cases[] = {
		{ "{\"kind\":\"profile-wrong\",\"source\":\"/etc/pale/profiles/x.pale\",\"error\":"
		  "\"unknown operation 'raed'\"}",
			"ProfileWrong", "unknown operation 'raed'", true, true },
		{ "{\"kind\":\"lost\",\"events\":12}", "EventsLost", "lost: 12 events", true,
			true },
		{ "{\"kind\":\"confined-late\",\"container\":{\"id\":\"1\",\"name\":\"c\",\"pod\":"
		  "\"p\",\"namespace\":\"n\"}}",
			"ConfinedLate", "container c ran before it was put under its policy", false,
			true },
		{ "{\"kind\":\"exception-granted\",\"container\":{\"id\":\"1\",\"name\":\"c\","
		  "\"pod\":\"p\",\"namespace\":\"n\"}}",
			"ExceptionGranted", "exception-granted", false, false },
		/* Of no pod, and of no interest. */
		{ "{\"kind\":\"confined-late\",\"container\":{\"id\":\"1\",\"name\":\"c\"}}", NULL,
			NULL, false, false },
		{ "{\"kind\":\"registered\",\"container\":{\"id\":\"1\",\"name\":\"c\",\"pod\":"
		  "\"p\",\"namespace\":\"n\"}}",
			NULL, NULL, false, false },
		{ "{\"kind\":\"violation\",\"outcome\":\"refused\",\"container\":null}", NULL, NULL,
			false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_(json_decrefp) json_t *event = parse(cases[i].event);
		struct event_report r;

		assert_int_equal(event_report(event, &r), cases[i].reason != NULL);
		if (!cases[i].reason)
			continue;
		assert_string_equal(r.reason, cases[i].reason);
		if (!strstr(text_str(&r.message), cases[i].message))
			fail_msg("'%s' has no '%s'", text_str(&r.message), cases[i].message);
		assert_int_equal(r.of_node, cases[i].of_node);
		assert_int_equal(r.warning, cases[i].warning);
		event_report_release(&r);
	}
}

static void violations_are_what_the_policy_refuses(void **state)
{
	static const struct {
		const char *outcome;
		uint64_t n;
	} cases[] = {
		{ "refused", 1 },
		{ "killed", 1 },
		{ "audited", 1 },
		{ "not-enforced", 1 },
		{ "overblocked", 0 },
		{ "new", 0 },
	};
	_cleanup_(json_decrefp) json_t *event = parse(VIOLATION), *other = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_object_set_new(event, "outcome", json_string(cases[i].outcome));
		assert_int_equal(event_violations(event), cases[i].n);
	}
	json_object_set_new(event, "outcome", json_string("refused"));
	json_object_set_new(event, "count", json_integer(5));
	assert_int_equal(event_violations(event), 5);
	json_object_set_new(event, "exception", json_integer(1));
	assert_int_equal(event_violations(event), 0);
	other = parse("{\"kind\":\"lost\",\"outcome\":\"refused\"}");
	assert_int_equal(event_violations(other), 0);
}

/* 2023-11-14T22:15:00Z */
#define T INT64_C(1700000100)

static void are(struct violation_periods *p, int64_t now, const char *want)
{
	_cleanup_(json_decrefp) json_t *json = violation_periods_json(p, now);
	_cleanup_free_ char *got = json ? json_dumps(json, JSON_COMPACT) : strdup("none");

	assert_string_equal(got, want);
}

static void periods_are_five_minutes_of_the_last_hour(void **state)
{
	struct violation_periods p = { 0 }, next = { 0 };
	_cleanup_(json_decrefp) json_t *json = NULL;

	(void)state;
	are(&p, T, "none");
	violation_periods_add(&p, T + 301, 2, T + 301);
	violation_periods_add(&p, T, 1, T + 301);
	violation_periods_add(&p, T + 299, 1, T + 301);
	are(&p, T + 301,
		"[{\"since\":\"2023-11-14T22:15:00Z\",\"count\":2},{\"since\":\"2023-11-14T22:20:"
		"00Z"
		"\",\"count\":2}]");
	json = violation_periods_json(&p, T + 301);
	violation_periods_read(&next, json, T + 302);
	are(&next, T + 302,
		"[{\"since\":\"2023-11-14T22:15:00Z\",\"count\":2},{\"since\":\"2023-11-14T22:20:"
		"00Z"
		"\",\"count\":2}]");
	are(&p, T + 3899,
		"[{\"since\":\"2023-11-14T22:15:00Z\",\"count\":2},{\"since\":"
		"\"2023-11-14T22:20:00Z\",\"count\":2}]");
	are(&p, T + 3900, "[{\"since\":\"2023-11-14T22:20:00Z\",\"count\":2}]");
	are(&p, T + 4200, "none");
}

static void a_clock_that_was_set_hides_nothing_and_fills_nothing(void **state)
{
	struct violation_periods p = { 0 };

	(void)state;
	violation_periods_add(&p, T - 86400, 1, T);
	violation_periods_add(&p, T + 86400, 1, T);
	are(&p, T, "[{\"since\":\"2023-11-14T22:15:00Z\",\"count\":2}]");
	for (int i = 0; i < 100; i++)
		violation_periods_add(&p, T - i * 300, 1, T - i * 300);
	assert_int_equal(p.n, VIOLATION_PERIODS);
	for (int i = 0; i < 100; i++)
		violation_periods_add(&p, T + i * 300, 1, T + i * 300);
	assert_in_range(p.n, 12, VIOLATION_PERIODS);
}

static void a_node_gets_labels_and_loses_our_taint_alone(void **state)
{
	static const struct {
		const char *node, *mechanisms;
		bool ready;
		const char *patch;
	} cases[] = {
		{ "{\"metadata\":{\"labels\":{}},\"spec\":{}}", "[\"seccomp\"]", true,
			"[{\"op\":\"add\",\"path\":\"/metadata/labels/pale.dev~1bpf-lsm\","
			"\"value\":\"false\"},{\"op\":\"add\",\"path\":"
			"\"/metadata/labels/pale.dev~1apparmor\",\"value\":\"false\"},{\"op\":"
			"\"add\",\"path\":\"/metadata/labels/pale.dev~1seccomp\",\"value\":"
			"\"true\"}]" },
		{ "{\"metadata\":{\"labels\":{\"pale.dev/bpf-lsm\":\"true\",\"pale.dev/apparmor\":"
		  "\"false\",\"pale.dev/seccomp\":\"true\"}}}",
			"[\"seccomp\",\"bpf-lsm\"]", true, "none" },
		{ "{\"metadata\":{},\"spec\":{}}", NULL, true, "none" },
		{ "{\"metadata\":{},\"spec\":{\"taints\":[{\"key\":\"pale.dev/agent-not-ready\","
		  "\"effect\":\"NoSchedule\"}]}}",
			NULL, false, "none" },
		{ "{\"metadata\":{},\"spec\":{\"taints\":[{\"key\":\"a\",\"effect\":\"NoExecute\"},"
		  "{\"key\":\"pale.dev/agent-not-ready\",\"effect\":\"NoSchedule\"}]}}",
			NULL, true,
			"[{\"op\":\"test\",\"path\":\"/spec/taints\",\"value\":[{\"key\":\"a\","
			"\"effect\":\"NoExecute\"},{\"key\":\"pale.dev/agent-not-ready\","
			"\"effect\":\"NoSchedule\"}]},{\"op\":\"replace\",\"path\":"
			"\"/spec/taints\",\"value\":[{\"key\":\"a\",\"effect\":\"NoExecute\"}]}]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_(json_decrefp) json_t *node = parse(cases[i].node);
		_cleanup_(json_decrefp) json_t *mechanisms =
			cases[i].mechanisms ? parse(cases[i].mechanisms) : NULL;
		_cleanup_(json_decrefp) json_t *patch =
			node_patch(node, mechanisms, cases[i].ready);
		_cleanup_free_ char *got = patch ? json_dumps(patch, JSON_COMPACT) : strdup("none");

		assert_string_equal(got, cases[i].patch);
	}
}

#define S  UINT64_C(1000000000)
#define T0 ((uint64_t)T * S)

static const struct seen_event logged[] = {
	{ T0, 0x11 },
	{ T0 + 2 * S + 1, 0x22 },
	/* Of another source, told later than what came after it. */
	{ T0 + S, 0x33 },
	{ T0 + 2 * S + 1, 0x22 },
	{ T0 + 9 * S, 0xfedcba9876543210 },
};

/* paled's log up to its @n-th event, to who begins at @from; as a string of those that are new. */
static void is_told(struct seen *s, size_t n, const char *want)
{
	char got[sizeof(logged) / sizeof(*logged) + 1] = "";
	size_t expected, k = 0;
	uint64_t from = seen_ask_again(s, T0 + 3600 * S, &expected);

	for (size_t i = 0; i < n; i++) {
		if (logged[i].time_ns >= from * 1000000 && seen_take(s, &logged[i]))
			got[k++] = (char)('0' + i);
	}
	assert_string_equal(got, want);
}

/* What the next process begins with. */
static struct seen *after(struct seen *s)
{
	_cleanup_(json_decrefp) json_t *json = event_position_json(s);
	_cleanup_free_ char *text = json_dumps(json, JSON_COMPACT);
	_cleanup_(json_decrefp) json_t *read = parse(text);

	seen_free(s);
	return event_position_open(read, T0 + 3600 * S);
}

static void processes_that_end_tell_each_event_once(void **state)
{
	struct seen *s = event_position_open(NULL, T0);

	(void)state;
	is_told(s, 2, "01");
	s = after(s);
	/* It ends before it hears anything, as does the next. */
	s = after(after(s));
	is_told(s, 4, "23");
	s = after(s);
	is_told(s, 4, "");
	s = after(s);
	is_told(s, 5, "4");
	s = after(after(s));
	is_told(s, 5, "");
	seen_free(s);
}

static void a_position_is_the_time_and_what_is_near_it(void **state)
{
	struct seen *s = event_position_open(NULL, T0);
	_cleanup_(json_decrefp) json_t *begun = event_position_json(s), *json = NULL,
				       *want = parse(
					       "{\"until\":\"2023-11-14T22:15:00.000000000Z\","
					       "\"had\":[]}");

	(void)state;
	assert_true(json_equal(begun, want));
	json_decref(want);
	is_told(s, 5, "01234");
	json = event_position_json(s);
	want = parse("{\"until\":\"2023-11-14T22:15:09.000000000Z\",\"had\":["
		     "\"0000000000000011\",\"0000000000000022\",\"0000000000000033\","
		     "\"0000000000000022\",\"fedcba9876543210\"]}");
	assert_true(json_equal(json, want));
	/* Those of long before are not asked for again. */
	assert_true(seen_take(s, &(struct seen_event){ T0 + 60 * S, 0x55 }));
	json_decref(json);
	json_decref(want);
	json = event_position_json(s);
	want = parse("{\"until\":\"2023-11-14T22:16:00.000000000Z\","
		     "\"had\":[\"0000000000000055\"]}");
	assert_true(json_equal(json, want));
	seen_free(s);
}

static void of_a_flood_the_newest_are_known(void **state)
{
	struct seen *s = event_position_open(NULL, T0);
	_cleanup_(json_decrefp) json_t *json = NULL;
	const json_t *had;

	(void)state;
	for (uint64_t i = 1; i <= 10000; i++)
		assert_true(seen_take(s, &(struct seen_event){ T0 + i, i }));
	json = event_position_json(s);
	had = json_object_get(json, "had");
	assert_int_equal(json_array_size(had), EVENT_POSITION_MAX);
	assert_string_equal(
		json_string_value(json_array_get(had, EVENT_POSITION_MAX - 1)), "0000000000002710");
	s = after(s);
	seen_ask_again(s, T0 + S, &(size_t){ 0 });
	for (uint64_t i = 10000 - EVENT_POSITION_MAX; i <= 10000; i++)
		assert_int_equal(seen_take(s, &(struct seen_event){ T0 + i, i }),
			i == 10000 - EVENT_POSITION_MAX);
	seen_free(s);
}

static void what_is_no_position_begins_now(void **state)
{
	static const char *const wrong[] = { "null", "{}", "[]", "{\"until\":7,\"had\":[\"11\"]}",
		"{\"until\":\"2023\",\"had\":[\"0000000000000011\"]}" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		_cleanup_(json_decrefp) json_t *json = json_loads(wrong[i], JSON_DECODE_ANY, NULL);
		struct seen *s = event_position_open(json, T0);
		size_t expected;

		assert_int_equal(seen_ask_again(s, T0, &expected), (T0 - SEEN_SLACK_NS) / 1000000);
		assert_int_equal(expected, 0);
		seen_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_violation_is_told_on_its_pod_with_its_line),
		cmocka_unit_test(what_a_container_chose_drives_no_terminal),
		cmocka_unit_test(kinds_are_told_where_they_belong),
		cmocka_unit_test(violations_are_what_the_policy_refuses),
		cmocka_unit_test(processes_that_end_tell_each_event_once),
		cmocka_unit_test(a_position_is_the_time_and_what_is_near_it),
		cmocka_unit_test(of_a_flood_the_newest_are_known),
		cmocka_unit_test(what_is_no_position_begins_now),
		cmocka_unit_test(periods_are_five_minutes_of_the_last_hour),
		cmocka_unit_test(a_clock_that_was_set_hides_nothing_and_fills_nothing),
		cmocka_unit_test(a_node_gets_labels_and_loses_our_taint_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
