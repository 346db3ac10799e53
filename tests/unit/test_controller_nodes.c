/* SPDX-License-Identifier: Apache-2.0 */
/* What nodes say, added up into profiles' statuses, and how seldom those are written. */
#include "operator/controller/node_status.h"
#include "operator/controller/node_table.h"

#include "operator/api_time.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "controller_json.h"

#define NOON   INT64_C(1764158400) /* 2025-11-26T12:00:00Z */
#define DIGEST "0123456789abcdef"
#define OTHER  "fedcba9876543210"

static void say(struct node_table *t, const char *node, int64_t heartbeat, json_t *profiles)
{
	_cleanup_json_ json_t *o = json_pack("{s:{s:s}, s:{s:o, s:o}}", "metadata", "name", node,
		"status", "heartbeat", api_time(heartbeat), "profiles", profiles);

	assert_non_null(o);
	node_table_seen(t, o);
}

static json_t *state_of(
	const char *name, const char *digest, const char *state, const char *message)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "name", name, "digest", digest, "state", state,
		"message", message);
}

static void assert_counts(
	const struct node_table *t, const char *profile, int64_t now, const char *want)
{
	_cleanup_(text_release) struct text got = TEXT_INIT;
	struct node_counts c;

	node_table_count(t, profile, DIGEST, now, &c);
	text_printf(&got, "%u of %u, %u degraded, %u failed, %u stale, %d violations; %s", c.ready,
		c.total, c.degraded, c.failed, c.stale, (int)c.violations, text_str(&c.trouble));
	text_release(&c.trouble);
	assert_string_equal(text_str(&got), want);
}

static void nodes_are_added_up(void **state)
{
	_cleanup_(node_table_release) struct node_table t = { 0 };

	assert_counts(&t, "web", NOON, "0 of 0, 0 degraded, 0 failed, 0 stale, 0 violations; ");
	say(&t, "a", NOON, json_pack("[o]", state_of("web", DIGEST, "Loaded", "")));
	say(&t, "b", NOON, json_pack("[o]", state_of("web", OTHER, "Loaded", "")));
	say(&t, "c", NOON, json_pack("[]"));
	say(&t, "d", NOON, json_pack("[o]", state_of("web", DIGEST, "Pending", "")));
	assert_counts(&t, "web", NOON, "1 of 4, 0 degraded, 0 failed, 0 stale, 0 violations; ");
	say(&t, "c", NOON,
		json_pack("[o, o]", state_of("db", DIGEST, "Loaded", ""),
			state_of("web", DIGEST, "Degraded", "no BPF-LSM")));
	say(&t, "d", NOON, json_pack("[o]", state_of("web", DIGEST, "Failed", "no space")));
	assert_counts(&t, "web", NOON,
		"1 of 4, 1 degraded, 1 failed, 0 stale, 0 violations; c: no BPF-LSM");
	assert_counts(&t, "db", NOON, "1 of 4, 0 degraded, 0 failed, 0 stale, 0 violations; ");
	/* Containers keep the policy that they have, and so does their node. */
	say(&t, "b", NOON,
		json_pack("[o, o, o]", state_of("web", OTHER, "Removing", ""),
			state_of("web", DIGEST, "Loaded", ""),
			state_of("web", DIGEST, "Failed", "")));
	assert_counts(&t, "web", NOON,
		"2 of 4, 1 degraded, 1 failed, 0 stale, 0 violations; c: no BPF-LSM");
	say(&t, "b", NOON, json_pack("[o]", state_of("web", OTHER, "Loaded", "")));
	/* What has no meaning is not in force. */
	say(&t, "a", NOON, json_pack("[o]", state_of("web", DIGEST, "loaded", "?")));
	assert_counts(&t, "web", NOON, "0 of 4, 1 degraded, 2 failed, 0 stale, 0 violations; a: ?");
	node_table_gone(&t, "d");
	node_table_gone(&t, "d");
	node_table_gone(&t, "a");
	assert_counts(&t, "web", NOON,
		"0 of 2, 1 degraded, 0 failed, 0 stale, 0 violations; c: no BPF-LSM");
}

static void who_is_silent_is_not_ready(void **state)
{
	_cleanup_(node_table_release) struct node_table t = { 0 };
	_cleanup_json_ json_t *without = json_pack("{s:{s:s}, s:{s:[o]}}", "metadata", "name", "b",
		"status", "profiles", state_of("web", DIGEST, "Loaded", ""));

	say(&t, "a", NOON, json_pack("[o]", state_of("web", DIGEST, "Loaded", "")));
	assert_counts(&t, "web", NOON + NODE_STALE,
		"1 of 1, 0 degraded, 0 failed, 0 stale, 0 violations; ");
	assert_counts(&t, "web", NOON + NODE_STALE + 1,
		"0 of 1, 0 degraded, 0 failed, 1 stale, 0 violations; ");
	/* Its clock is ahead. */
	assert_counts(&t, "web", NOON - NODE_STALE,
		"1 of 1, 0 degraded, 0 failed, 0 stale, 0 violations; ");
	assert_counts(&t, "web", NOON - NODE_STALE - 1,
		"0 of 1, 0 degraded, 0 failed, 1 stale, 0 violations; ");
	node_table_seen(&t, without);
	assert_counts(&t, "web", NOON, "1 of 2, 0 degraded, 0 failed, 1 stale, 0 violations; ");
}

/* None of the last hour is missed, and none is older than a period more. */
static void an_hour_of_violations(void **state)
{
	_cleanup_(node_table_release) struct node_table t = { 0 };
	json_t *p = state_of("web", DIGEST, "Loaded", ""), *periods = json_array();
	json_t *old = state_of("web", OTHER, "Loaded", "");

	for (int i = 0; i < 14; i++)
		json_array_append_new(
			periods, json_pack("{s:o, s:i}", "since", api_time(NOON + i * NODE_PERIOD),
					 "count", 1 << i));
	json_object_set(old, "violations", periods);
	json_object_set_new(p, "violations", periods);
	say(&t, "a", NOON + 3600, json_pack("[o]", p));
	say(&t, "b", NOON + 3600, json_pack("[o]", old));
	/* Thirteen are kept: the first of fourteen was left out. */
	assert_counts(&t, "web", NOON + 13 * NODE_PERIOD,
		"1 of 2, 0 degraded, 0 failed, 0 stale, 16382 violations; ");
	assert_counts(&t, "web", NOON + 3600 + 2 * NODE_PERIOD - 1,
		"1 of 2, 0 degraded, 0 failed, 0 stale, 16382 violations; ");
	assert_counts(&t, "web", NOON + 3600 + 2 * NODE_PERIOD,
		"1 of 2, 0 degraded, 0 failed, 0 stale, 16380 violations; ");
	assert_counts(&t, "web", NOON + 100 * NODE_PERIOD,
		"0 of 2, 0 degraded, 0 failed, 2 stale, 0 violations; ");
}

/* Of these counts two fit into 64 bits, and three do not. */
static void no_violation_is_talked_away(void **state)
{
	static const char *const times[] = { "2025-11-26T12:00:00Z", "soon",
		"9999-01-01T00:00:00Z" };
	_cleanup_(node_table_release) struct node_table t = { 0 };
	struct node_counts c;

	for (size_t i = 0; i < N(times); i++) {
		json_t *p = state_of("web", DIGEST, "Loaded", "");

		json_object_set_new(p, "violations",
			json_pack("[{s:s, s:I}]", "since", times[i], "count",
				(json_int_t)(INT64_MAX - (i == 1))));
		say(&t, times[i], NOON, json_pack("[o]", p));
	}
	node_table_count(&t, "web", DIGEST, NOON, &c);
	assert_true(c.violations == UINT64_MAX);
	node_table_gone(&t, times[0]);
	node_table_count(&t, "web", DIGEST, NOON + 1000000, &c);
	assert_true(c.violations == (uint64_t)INT64_MAX * 2 - 1);
}

static void note(void *ctx, const char *profile)
{
	text_printf(ctx, "%s ", profile);
}

static void only_what_changed_is_told(void **state)
{
	_cleanup_(text_release) struct text told = TEXT_INIT;
	_cleanup_(node_table_release) struct node_table t = { .changed = note, .ctx = &told };

	say(&t, "a", NOON,
		json_pack("[o, o]", state_of("web", DIGEST, "Loaded", ""),
			state_of("db", DIGEST, "Failed", "x")));
	say(&t, "a", NOON + 300,
		json_pack("[o, o]", state_of("db", DIGEST, "Failed", "x"),
			state_of("web", DIGEST, "Loaded", "")));
	assert_string_equal(text_str(&told), "web db ");
	text_clear(&told);
	say(&t, "a", NOON + 600, json_pack("[o]", state_of("db", DIGEST, "Failed", "y")));
	assert_string_equal(text_str(&told), "db web ");
	text_clear(&told);
	node_table_gone(&t, "a");
	assert_string_equal(text_str(&told), "db ");
}

static void put(struct node_table *t, json_t *status, int64_t now, const char *events)
{
	struct event_list told = { 0 };
	struct node_counts c;

	node_table_count(t, "web", DIGEST, now, &c);
	node_status_put(status, &c, 3, now, &told);
	text_release(&c.trouble);
	assert_events(&told, events);
}

#define CONDITION(type, status, reason, message, time)                                             \
	"{\"type\":\"" type "\",\"status\":\"" status "\",\"reason\":\"" reason                    \
	"\",\"message\":\"" message "\",\"observedGeneration\":3,"                                 \
	"\"lastTransitionTime\":\"2025-11-26T12:00:" time "Z\"}"

static void conditions_follow(void **state)
{
	_cleanup_(node_table_release) struct node_table t = { 0 };
	_cleanup_json_ json_t *status = json_object(), *before = NULL;

	put(&t, status, NOON, "");
	assert_json(status,
		"{\"nodes\":{\"total\":0,\"ready\":0},\"conditions\":[" CONDITION("Distributed",
			"False", "NoNodes", "on 0 of 0 nodes", "00") "," CONDITION("Degraded",
			"False", "AsExpected", "no node says so", "00") "," CONDITION("Ready",
			"False", "NotCompiled", "there is no policy that is right", "00") "]}");
	json_object_set_new(status, "digest", json_string(DIGEST));
	say(&t, "a", NOON, json_pack("[o]", state_of("web", DIGEST, "Loaded", "")));
	say(&t, "b", NOON, json_pack("[o]", state_of("web", DIGEST, "Failed", "no space")));
	say(&t, "c", NOON, json_pack("[o]", state_of("web", DIGEST, "Degraded", "no BPF-LSM")));
	put(&t, status, NOON + 1, "W ProfileLoadFailed b: no space (and 1 more)\n");
	assert_json(status, "{\"digest\":\"" DIGEST
			    "\",\"nodes\":{\"total\":3,\"ready\":2},\"conditions\":[" CONDITION(
				    "Distributed", "False", "NodesPending", "on 2 of 3 nodes",
				    "00") "," CONDITION("Degraded", "True", "NodesFailed",
				    "b: no space (and 1 more)", "01") "," CONDITION("Ready",
				    "False", "NotDistributed", "on 2 of 3 nodes", "00") "]}");
	before = json_deep_copy(status);
	put(&t, status, NOON + 2, "");
	assert_true(json_equal(before, status));
	say(&t, "b", NOON, json_pack("[o]", state_of("web", DIGEST, "Loaded", "")));
	put(&t, status, NOON + 3, "N ProfileLoaded digest 0123456789ab is on all 3 nodes\n");
	assert_json(status,
		"{\"digest\":\"" DIGEST
		"\",\"nodes\":{\"total\":3,\"ready\":3},\"conditions\":[" CONDITION("Distributed",
			"True", "Distributed", "on 3 of 3 nodes", "03") "," CONDITION("Degraded",
			"True", "NodesDegraded", "c: no BPF-LSM", "01") "," CONDITION("Ready",
			"True", "Ready", "on 3 of 3 nodes", "03") "]}");
	say(&t, "d", NOON - 1000, json_pack("[o]", state_of("web", DIGEST, "Loaded", "")));
	put(&t, status, NOON + 4, "");
	assert_json(json_array_get(json_object_get(status, "conditions"), 2),
		CONDITION("Ready", "False", "NotDistributed",
			"on 3 of 4 nodes; 1 not heard of for 15 minutes", "04"));
}

static void counts_may_wait_and_turns_may_not(void **state)
{
	static const struct {
		const char *after;
		bool urgent;
	} cases[] = {
		{ "{\"nodes\":{\"ready\":2},\"digest\":\"x\",\"conditions\":[{\"type\":\"A\","
		  "\"status\":\"True\",\"message\":\"other\"}]}",
			false },
		{ "{\"digest\":\"x\",\"conditions\":[{\"type\":\"A\",\"status\":\"True\"}]}",
			false },
		{ "{\"digest\":\"y\",\"conditions\":[{\"type\":\"A\",\"status\":\"True\"}]}",
			true },
		{ "{\"digest\":\"x\",\"conditions\":[{\"type\":\"A\",\"status\":\"False\"}]}",
			true },
		{ "{\"digest\":\"x\",\"mode\":\"audit\",\"conditions\":[{\"type\":\"A\","
		  "\"status\":\"True\"}]}",
			true },
		{ "{\"digest\":\"x\",\"conditions\":[]}", true },
	};
	_cleanup_json_ json_t *before = json_loads("{\"nodes\":{\"ready\":1},\"digest\":\"x\","
						   "\"conditions\":[{\"type\":\"A\","
						   "\"status\":\"True\",\"message\":\"m\"}]}",
		0, NULL);

	for (size_t i = 0; i < N(cases); i++) {
		_cleanup_json_ json_t *after = json_loads(cases[i].after, 0, NULL);

		assert_int_equal(node_status_is_urgent(before, after), cases[i].urgent);
	}
	assert_int_equal(node_status_interval(0), 10);
	assert_int_equal(node_status_interval(1000), 20);
	assert_string_equal(
		text_of(json_array_get(json_object_get(before, "conditions"), 0), "message"), "m");
}

static void a_thousand_nodes_are_small(void **state)
{
	struct node_table t = { 0 };
	size_t before = mallinfo2().uordblks, taken;

	for (int i = 0; i < 1000; i++) {
		char node[32];
		json_t *profiles = json_array();

		snprintf(node, sizeof(node), "node-%d", i);
		for (int k = 0; k < 50; k++) {
			char name[32];

			snprintf(name, sizeof(name), "profile-%d", k);
			json_array_append_new(profiles, state_of(name, DIGEST, "Loaded", ""));
		}
		say(&t, node, NOON, profiles);
	}
	taken = mallinfo2().uordblks - before;
	assert_counts(&t, "profile-49", NOON,
		"1000 of 1000, 0 degraded, 0 failed, 0 stale, 0 violations; ");
	node_table_release(&t);
	if (taken > (size_t)4 << 20)
		fail_msg("%zu bytes", taken);
	assert_true(mallinfo2().uordblks <= before + 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_are_added_up),
		cmocka_unit_test(who_is_silent_is_not_ready),
		cmocka_unit_test(an_hour_of_violations),
		cmocka_unit_test(no_violation_is_talked_away),
		cmocka_unit_test(only_what_changed_is_told),
		cmocka_unit_test(conditions_follow),
		cmocka_unit_test(counts_may_wait_and_turns_may_not),
		cmocka_unit_test(a_thousand_nodes_are_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
