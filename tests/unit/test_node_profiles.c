/* SPDX-License-Identifier: Apache-2.0 */
/* What a node asks paled for, so that it has what the cluster has. */
#include "compiler/base/cleanup.h"
#include "operator/node/profile_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1700000100)
#define A   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B   "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct profile_list list;

static int begin(void **state)
{
	(void)state;
	list = (struct profile_list){ 0 };
	return 0;
}

static int end(void **state)
{
	(void)state;
	profile_list_release(&list);
	return 0;
}

static void put(const char *name, const char *digest)
{
	json_t *o = json_pack("{s:{s:s, s:s}, s:{s:s, s:{s:s, s:{s:s}}}}", "metadata", "name", name,
		"uid", "u", "status", "digest", digest, "bundle", "main", "p.pale", "files",
		"p.pale", digest);

	profile_list_put(&list, o);
	json_decref(o);
}

/* paled's answer to `profiles`: up to two. */
static void paled_has(const char *name, const char *digest, const char *file)
{
	json_t *o = json_pack("{s:b, s:[]}", "ok", 1, "profiles");

	if (name)
		json_array_append_new(json_object_get(o, "profiles"),
			json_pack("{s:s, s:s, s:s}", "profile", name, "digest", digest, "file",
				file));
	profile_list_take_profiles(&list, o);
	json_decref(o);
}

static void runs_under(const char *name, const char *digest)
{
	json_t *o = json_pack("{s:b, s:[]}", "ok", 1, "containers");

	if (name)
		json_array_append_new(json_object_get(o, "containers"),
			json_pack("{s:s, s:s, s:s}", "id", "1", "profile", name, "digest", digest));
	profile_list_take_ps(&list, o);
	json_decref(o);
}

static json_t *loaded(const char *name, const char *digest)
{
	return json_pack(
		"{s:b, s:[{s:s, s:s}]}", "ok", 1, "profiles", "profile", name, "digest", digest);
}

/* Asks, and answers with @answer, which it takes over. The error's text, or NULL. */
static char *answer(enum profile_action want, const char *name, json_t *answer)
{
	_cleanup_(pale_err_freep) struct pale_err *news = NULL;
	_cleanup_(json_decrefp) json_t *request = NULL;
	struct node_profile *p = NULL;

	assert_int_equal(profile_list_next(&list, &p, &request), want);
	assert_string_equal(node_profile_name(p), name);
	profile_list_answered(&list, p, want, answer, &news);
	json_decref(answer);
	return news ? strdup(pale_err_text(news)) : NULL;
}

static void asks_nothing(void)
{
	struct node_profile *p = NULL;
	json_t *request = NULL;

	assert_int_equal(profile_list_next(&list, &p, &request), PROFILE_NOTHING);
	assert_null(request);
}

/* Of web with A, which paled does not have yet. */
static struct node_profile *is_being_loaded(json_t **request)
{
	struct node_profile *p = NULL;

	list.complete = true;
	paled_has(NULL, NULL, NULL);
	put("web", A);
	assert_int_equal(profile_list_next(&list, &p, request), PROFILE_LOAD);
	return p;
}

/* "NAME DIGEST1 STATE REASON;…" */
static void is(const char *want)
{
	_cleanup_(json_decrefp) json_t *all = profile_list_json(&list, NOW);
	char got[512] = "";
	json_t *one;
	size_t i;

	json_array_foreach (all, i, one) {
		const char *reason = json_string_value(json_object_get(one, "reason"));

		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s %c %s%s%s;",
			json_string_value(json_object_get(one, "name")),
			json_string_value(json_object_get(one, "digest"))[0],
			json_string_value(json_object_get(one, "state")), reason ? " " : "",
			reason ? reason : "");
	}
	assert_string_equal(got, want);
}

static void a_profile_is_loaded_as_the_controller_compiled_it(void **state)
{
	_cleanup_(json_decrefp) json_t *request = NULL, *want = NULL;
	_cleanup_(pale_err_freep) struct pale_err *news = NULL;
	struct node_profile *p;
	json_t *a;

	(void)state;
	put("web", A);
	is("web a Pending PaledAway;");
	asks_nothing();
	assert_false(profile_list_is_settled(&list));
	paled_has(NULL, NULL, NULL);
	list.complete = true;
	is("web a Pending;");
	assert_int_equal(profile_list_next(&list, &p, &request), PROFILE_LOAD);
	want = json_pack("{s:i, s:s, s:[{s:s, s:s}], s:s, s:b}", "version", 1, "method", "load",
		"files", "name", "p.pale", "text", A, "main", "p.pale", "replace", 1);
	assert_true(json_equal(request, want));
	asks_nothing();
	assert_false(profile_list_is_settled(&list));
	a = loaded("web", A);
	profile_list_answered(&list, p, PROFILE_LOAD, a, &news);
	json_decref(a);
	assert_null(news);
	is("web a Loaded;");
	assert_true(profile_list_is_settled(&list));
	asks_nothing();
}

static void a_new_digest_replaces_and_what_runs_is_updated_once(void **state)
{
	(void)state;
	list.complete = true;
	put("web", A);
	paled_has("web", A, "loaded");
	asks_nothing();
	runs_under("web", A);
	put("web", B);
	is("web a Removing InUse;web b Pending;");
	assert_null(answer(PROFILE_LOAD, "web", loaded("web", B)));
	is("web a Removing InUse;web b Loaded;");
	assert_null(answer(
		PROFILE_UPDATE, "web", json_pack("{s:b, s:[], s:[]}", "ok", 1, "updated", "left")));
	asks_nothing();
	assert_true(profile_list_has_older(&list));
	runs_under("web", B);
	is("web b Loaded;");
	assert_false(profile_list_has_older(&list));
}

static void what_paled_refuses_is_failed_and_says_why(void **state)
{
	_cleanup_free_ char *news = NULL, *again = NULL;

	(void)state;
	list.complete = true;
	paled_has("web", A, "loaded");
	put("web", A);
	put("web", B);
	news = answer(PROFILE_LOAD, "web",
		json_pack("{s:b, s:s, s:s, s:[{s:s, s:i, s:s}]}", "ok", 0, "errno", "EINVAL",
			"error", "1 error", "diagnostics", "file", "p.pale", "line", 7, "message",
			"unknown operation 'raed'"));
	assert_string_equal(news, "paled: 1 error (p.pale:7: unknown operation 'raed')");
	/* New containers have the one before. */
	is("web a Loaded;web b Failed Refused;");
	assert_true(profile_list_is_settled(&list));
	asks_nothing();
	/* The same text stays wrong. */
	profile_list_retry(&list);
	asks_nothing();
	put("web", A);
	is("web a Loaded;");
	put("db", A);
	again = answer(PROFILE_LOAD, "db",
		json_pack("{s:b, s:s, s:s}", "ok", 0, "errno", "EEXIST", "error",
			"profile 'db' is in /etc/pale/profiles/db.pale"));
	assert_string_equal(again, "paled: profile 'db' is in /etc/pale/profiles/db.pale");
	is("web a Loaded;db a Failed InNodesFiles;");
	asks_nothing();
	profile_list_retry(&list);
	is("web a Loaded;db a Failed InNodesFiles;");
	assert_null(answer(PROFILE_LOAD, "db", loaded("db", A)));
	is("web a Loaded;db a Loaded;");
}

static void another_meaning_than_the_controllers_is_failed(void **state)
{
	_cleanup_free_ char *news = NULL;

	(void)state;
	list.complete = true;
	paled_has(NULL, NULL, NULL);
	put("web", A);
	news = answer(PROFILE_LOAD, "web", loaded("web", B));
	assert_non_null(strstr(news, "another version of Pale"));
	is("web a Failed DigestDiffers;");
	asks_nothing();
	profile_list_retry(&list);
	asks_nothing();
}

static void an_answer_to_what_is_no_longer_wanted_decides_nothing(void **state)
{
	_cleanup_(pale_err_freep) struct pale_err *news = NULL;
	_cleanup_(json_decrefp) json_t *request = NULL, *a = loaded("web", A);
	struct node_profile *p;

	(void)state;
	p = is_being_loaded(&request);
	put("web", B);
	profile_list_answered(&list, p, PROFILE_LOAD, a, &news);
	assert_null(news);
	is("web b Pending;");
	assert_null(answer(PROFILE_LOAD, "web", loaded("web", B)));
	is("web b Loaded;");
	/* And gone before it was loaded: it is unloaded again. */
	put("db", A);
	json_decref(request);
	assert_int_equal(profile_list_next(&list, &p, &request), PROFILE_LOAD);
	profile_list_gone(&list, "db");
	json_decref(a);
	a = loaded("db", A);
	profile_list_answered(&list, p, PROFILE_LOAD, a, &news);
	assert_null(news);
	assert_null(answer(PROFILE_UNLOAD, "db", json_pack("{s:b}", "ok", 1)));
	is("web b Loaded;");
}

static void only_what_was_brought_is_unloaded_and_when_all_are_known(void **state)
{
	(void)state;
	paled_has("web", A, "loaded");
	put("web", A);
	put("web", B);
	assert_null(answer(PROFILE_LOAD, "web", loaded("web", B)));
	runs_under("web", B);
	profile_list_gone(&list, "web");
	/* It may be told yet. */
	asks_nothing();
	list.complete = true;
	assert_null(answer(PROFILE_UNLOAD, "web", json_pack("{s:b}", "ok", 1)));
	is("web b Removing InUse;");
	asks_nothing();
	runs_under(NULL, NULL);
	is("");
	assert_int_equal(list.n, 0);
	/* An administrator's `pale load`, and a file of the node's, with the same digest. */
	paled_has("db", A, "loaded");
	put("db", A);
	is("db a Loaded;");
	profile_list_gone(&list, "db");
	asks_nothing();
	paled_has("log", A, "/etc/pale/profiles/log.pale");
	put("log", A);
	is("log a Loaded;");
	runs_under("log", A);
	profile_list_gone(&list, "log");
	asks_nothing();
	is("");
}

static void paled_that_lost_all_gets_all_again(void **state)
{
	_cleanup_(pale_err_freep) struct pale_err *news = NULL;
	_cleanup_(json_decrefp) json_t *request = NULL;
	struct node_profile *p;

	(void)state;
	p = is_being_loaded(&request);
	/* In the middle. */
	profile_list_answered(&list, p, PROFILE_LOAD, NULL, &news);
	profile_list_forget_paled(&list);
	is("web a Pending PaledAway;");
	asks_nothing();
	paled_has(NULL, NULL, NULL);
	assert_null(answer(PROFILE_LOAD, "web", loaded("web", A)));
	/* Somebody else unloads it. */
	paled_has(NULL, NULL, NULL);
	is("web a Pending;");
	assert_null(answer(PROFILE_LOAD, "web", loaded("web", A)));
	is("web a Loaded;");
}

static void a_process_goes_on_from_the_one_before(void **state)
{
	_cleanup_(json_decrefp) json_t *before = json_pack(
		"[{s:s, s:s, s:s, s:[{s:s, s:i}, {s:s, s:i}]}, {s:s, s:s, s:s}, {s:s, s:s, s:s}]",
		"name", "web", "digest", A, "state", "Loaded", "violations", "since",
		"2023-11-14T21:05:00Z", "count", 7, "since", "2023-11-14T22:10:00Z", "count", 3,
		"name", "gone", "digest", A, "state", "Loaded", "name", "file", "digest", A,
		"state", "Failed");
	_cleanup_(json_decrefp) json_t *all = NULL, *want = NULL;
	const json_t *counted;

	(void)state;
	/* paled may be there before the API server is. */
	paled_has("gone", A, "loaded");
	profile_list_adopt(&list, before, NOW);
	put("web", A);
	profile_list_violations(&list, "web", A, NOW, 1, NOW);
	/* Of a policy with an exception. */
	profile_list_violations(&list, "web", B, NOW, 1, NOW);
	profile_list_violations(&list, "other", B, NOW, 1, NOW);
	all = profile_list_json(&list, NOW);
	counted = json_object_get(json_array_get(all, 0), "violations");
	want = json_pack("[{s:s, s:i}, {s:s, s:i}]", "since", "2023-11-14T22:10:00Z", "count", 3,
		"since", "2023-11-14T22:15:00Z", "count", 2);
	assert_true(json_equal(counted, want));
	list.complete = true;
	assert_null(answer(PROFILE_LOAD, "web", loaded("web", A)));
	assert_null(answer(PROFILE_UNLOAD, "gone", json_pack("{s:b}", "ok", 1)));
	is("web a Loaded;");
}

static void what_the_node_cannot_enforce_is_degraded_or_failed(void **state)
{
	static const struct {
		int refused;
		const char *state, *message;
	} cases[] = {
		{ 0, "web a Degraded Partial;",
			"2 of its rules cannot be enforced exactly on this node, first web.pale:3: "
			"allow read /etc/**: no LSM" },
		{ 1, "web a Failed NotEnforceable;",
			"2 of its rules cannot be enforced exactly on this node, first web.pale:3: "
			"allow read /etc/**: no LSM; containers are refused for it, unless "
			"allow-partial in paled.conf accepts that" },
	};

	(void)state;
	list.complete = true;
	put("web", A);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_(json_decrefp)
			json_t *all = NULL,
			       *o = json_pack("{s:b, s:[{s:s, s:s, s:s, s:{s:i, "
					      "s:s, s:b}}]}",
				       "ok", 1, "profiles", "profile", "web", "digest", A, "file",
				       "loaded", "inexact", "rules", 2, "first",
				       "web.pale:3: allow read /etc/**: no LSM", "refused",
				       cases[i].refused);

		profile_list_take_profiles(&list, o);
		is(cases[i].state);
		all = profile_list_json(&list, NOW);
		assert_string_equal(
			json_string_value(json_object_get(json_array_get(all, 0), "message")),
			cases[i].message);
		assert_true(profile_list_is_settled(&list));
		asks_nothing();
	}
	paled_has("web", A, "loaded");
	is("web a Loaded;");
}

static void a_profile_without_a_bundle_waits_for_the_controller(void **state)
{
	_cleanup_(json_decrefp) json_t *bare = json_pack("{s:{s:s}, s:{s:s}}", "metadata", "name",
		"web", "spec", "source", "profile web {}");

	(void)state;
	list.complete = true;
	paled_has(NULL, NULL, NULL);
	profile_list_put(&list, bare);
	asks_nothing();
	is("");
	assert_true(profile_list_is_settled(&list));
}

static void a_damaged_bundle_is_failed_without_asking(void **state)
{
	_cleanup_(json_decrefp) json_t *o =
		json_pack("{s:{s:s}, s:{s:s, s:{s:s, s:{}}}}", "metadata", "name", "web", "status",
			"digest", A, "bundle", "main", "p.pale", "files");

	(void)state;
	list.complete = true;
	paled_has(NULL, NULL, NULL);
	profile_list_put(&list, o);
	asks_nothing();
	is("web a Failed BundleDamaged;");
}

static void states_are_counted(void **state)
{
	_cleanup_(json_decrefp) json_t *counts = NULL, *want = NULL;

	(void)state;
	list.complete = true;
	paled_has("web", A, "loaded");
	put("web", A);
	put("db", A);
	counts = profile_list_states(&list, NOW);
	want = json_pack("{s:i, s:i, s:i, s:i, s:i}", "Pending", 1, "Loaded", 1, "Degraded", 0,
		"Failed", 0, "Removing", 0);
	assert_true(json_equal(counts, want));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_profile_is_loaded_as_the_controller_compiled_it),
		TEST(a_new_digest_replaces_and_what_runs_is_updated_once),
		TEST(what_paled_refuses_is_failed_and_says_why),
		TEST(another_meaning_than_the_controllers_is_failed),
		TEST(an_answer_to_what_is_no_longer_wanted_decides_nothing),
		TEST(only_what_was_brought_is_unloaded_and_when_all_are_known),
		TEST(paled_that_lost_all_gets_all_again),
		TEST(a_process_goes_on_from_the_one_before),
		TEST(what_the_node_cannot_enforce_is_degraded_or_failed),
		TEST(a_profile_without_a_bundle_waits_for_the_controller),
		TEST(a_damaged_bundle_is_failed_without_asking),
		TEST(states_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
