/* SPDX-License-Identifier: Apache-2.0 */
/* Who uses a profile, and what its finalizer makes of that. */
#include "operator/controller/finalizer.h"
#include "operator/controller/profile_users.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "controller_json.h"
#include "random.h"

#define NOON 1764158400 /* 2025-11-26T12:00:00Z */

static void put(struct profile_users *u, enum profile_user kind, const char *object, bool gone)
{
	_cleanup_json_ json_t *o = json_loads(object, 0, NULL);

	assert_non_null(o);
	if (gone)
		profile_users_gone(u, kind, text_of(json_object_get(o, "metadata"), "namespace"),
			text_of(json_object_get(o, "metadata"), "name"));
	else
		profile_users_seen(u, kind, o);
}

static void assert_users(const struct profile_users *u, const char *profile, const char *want)
{
	_cleanup_free_ char *got = profile_users_text(u, profile);

	assert_string_equal(got, want);
	assert_int_equal(profile_users_any(u, profile), strcmp(want, "nobody") != 0);
}

#define BINDING(name, profile)                                                                     \
	"{\"metadata\":{\"namespace\":\"shop\",\"name\":\"" name                                   \
	"\"},\"spec\":{\"profile\":\"" profile "\"}}"
#define POD(name, phase, annotations)                                                              \
	"{\"metadata\":{\"namespace\":\"shop\",\"name\":\"" name                                   \
	"\",\"annotations\":{" annotations "}},\"status\":{\"phase\":\"" phase "\"}}"
#define SHOP                                                                                       \
	"{\"metadata\":{\"name\":\"shop\",\"annotations\":{\"pale.dev/"                            \
	"default-profile\":\"web\",\"pale.dev/profile\":\"floor\"}}}"

static void all_kinds_are_told(void **state)
{
	_cleanup_(profile_users_release) struct profile_users u = { 0 };

	assert_users(&u, "web", "nobody");
	put(&u, USER_BINDING, BINDING("front", "web"), false);
	assert_users(&u, "web", "1 PaleBinding (shop/front)");
	put(&u, USER_BINDING, BINDING("back", "web"), false);
	put(&u, USER_NAMESPACE, SHOP, false);
	assert_users(&u, "floor", "1 namespace (shop)");
	assert_users(&u, "web", "2 PaleBindings (shop/back and others) and 1 namespace (shop)");
	put(&u, USER_POD, POD("web-1", "Running", "\"pale.dev/profile\":\"web\""), false);
	put(&u, USER_POD, POD("web-2", "Pending", "\"container.profile.pale.dev/c\":\"web\""),
		false);
	assert_users(&u, "web",
		"2 PaleBindings (shop/back and others), 1 namespace (shop) and 2 pods (shop/web-1 "
		"and others)");
	put(&u, USER_BINDING, BINDING("front", "other"), false);
	put(&u, USER_BINDING, BINDING("back", "web"), true);
	put(&u, USER_NAMESPACE, "{\"metadata\":{\"name\":\"shop\"}}", false);
	assert_users(&u, "other", "1 PaleBinding (shop/front)");
	put(&u, USER_POD, POD("web-1", "Succeeded", "\"pale.dev/profile\":\"web\""), false);
	assert_users(&u, "web", "1 pod (shop/web-2)");
	put(&u, USER_POD, POD("web-2", "Failed", "\"container.profile.pale.dev/c\":\"web\""),
		false);
	assert_users(&u, "web", "nobody");
}

static void a_pod_may_use_several_and_one_twice(void **state)
{
	_cleanup_(profile_users_release) struct profile_users u = { 0 };
	static const char two[] = POD("p", "Running",
		"\"pale.dev/profile\":\"web\",\"container.profile.pale.dev/a\":\"web\","
		"\"container.profile.pale.dev/b\":\"db\",\"pale.dev/mode\":\"audit\"");

	put(&u, USER_POD, two, false);
	put(&u, USER_POD, two, false);
	assert_int_equal(profile_users_count(&u, "web", USER_POD), 1);
	assert_int_equal(profile_users_count(&u, "db", USER_POD), 1);
	assert_int_equal(profile_users_count(&u, "audit", USER_POD), 0);
	put(&u, USER_POD, two, true);
	assert_users(&u, "web", "nobody");
	assert_users(&u, "db", "nobody");
}

static void note(void *ctx, const char *profile)
{
	text_printf(ctx, "%s ", profile);
}

static void first_and_last_users_are_told(void **state)
{
	_cleanup_(text_release) struct text told = TEXT_INIT;
	_cleanup_(profile_users_release) struct profile_users u = { .changed = note, .ctx = &told };

	put(&u, USER_BINDING, BINDING("a", "web"), false);
	put(&u, USER_BINDING, BINDING("b", "web"), false);
	put(&u, USER_BINDING, BINDING("a", "db"), false);
	put(&u, USER_BINDING, BINDING("b", "web"), true);
	assert_string_equal(text_str(&told), "web db web ");
}

/* Any order of changes comes to what the last of each object says. */
static void counts_are_those_of_the_last_changes(void **state)
{
	enum { OBJECTS = 40, PROFILES = 5, STEPS = 4000 };
	_cleanup_(profile_users_release) struct profile_users u = { 0 };
	int last[OBJECTS];

	memset(last, -1, sizeof(last));
	for (int step = 0; step < STEPS; step++) {
		int which = (int)random_below(OBJECTS),
		    profile = (int)random_below(PROFILES + 1) - 1;
		_cleanup_json_ json_t *o = json_pack("{s:{s:s, s:o, s:{s:o}}}", "metadata",
			"namespace", "n", "name", json_sprintf("p%d", which), "annotations",
			"pale.dev/profile", json_sprintf("f%d", profile));

		if (profile < 0)
			profile_users_gone(
				&u, USER_POD, "n", text_of(json_object_get(o, "metadata"), "name"));
		else
			profile_users_seen(&u, USER_POD, o);
		last[which] = profile;
		for (int p = 0; p < PROFILES; p++) {
			char name[8];
			uint32_t want = 0;

			snprintf(name, sizeof(name), "f%d", p);
			for (int i = 0; i < OBJECTS; i++)
				want += last[i] == p;
			assert_int_equal(profile_users_count(&u, name, USER_POD), want);
		}
	}
}

static void twenty_thousand_pods_are_small(void **state)
{
	struct profile_users u = { 0 };
	size_t before = mallinfo2().uordblks, taken;

	for (int i = 0; i < 20000; i++) {
		_cleanup_json_ json_t *o = json_pack("{s:{s:s, s:o, s:{s:o}}}", "metadata",
			"namespace", "some-namespace", "name",
			json_sprintf(
				"deployment-with-a-name-%08x-%05d", (unsigned)i * 2654435761u, i),
			"annotations", "pale.dev/profile", json_sprintf("profile-%d", i % 50));

		profile_users_seen(&u, USER_POD, o);
	}
	taken = mallinfo2().uordblks - before;
	assert_int_equal(profile_users_count(&u, "profile-7", USER_POD), 400);
	profile_users_release(&u);
	/* Under the sanitizers mallinfo2() knows nothing. */
	if (taken > (size_t)6 << 20)
		fail_msg("%zu bytes", taken);
	assert_true(mallinfo2().uordblks <= before + 4096);
}

/* ---- finalizer */

static void assert_patch(const char *object, const struct profile_users *u, const char *want)
{
	_cleanup_json_ json_t *o = json_loads(object, 0, NULL), *patch = NULL;

	assert_non_null(o);
	patch = finalizer_patch(o, u);
	if (!want)
		assert_null(patch);
	else
		assert_json(patch, want);
}

#define DELETED "\"deletionTimestamp\":\"2025-11-26T12:00:00Z\","
#define OURS	"\"pale.dev/in-use\""

static void the_finalizer_stays_while_it_is_used(void **state)
{
	_cleanup_(profile_users_release) struct profile_users u = { 0 };

	assert_patch("{\"metadata\":{\"name\":\"web\",\"resourceVersion\":\"7\"}}", &u,
		"{\"metadata\":{\"resourceVersion\":\"7\",\"finalizers\":[" OURS "]}}");
	assert_patch("{\"metadata\":{\"name\":\"web\",\"resourceVersion\":\"7\",\"finalizers\":"
		     "[\"x/y\"]}}",
		&u, "{\"metadata\":{\"resourceVersion\":\"7\",\"finalizers\":[\"x/y\"," OURS "]}}");
	assert_patch("{\"metadata\":{\"name\":\"web\",\"finalizers\":[" OURS "]}}", &u, NULL);
	put(&u, USER_BINDING, BINDING("front", "web"), false);
	assert_patch(
		"{\"metadata\":{\"name\":\"web\"," DELETED "\"finalizers\":[" OURS "]}}", &u, NULL);
	assert_patch("{\"metadata\":{\"name\":\"db\",\"resourceVersion\":\"8\"," DELETED
		     "\"finalizers\":[\"a/b\"," OURS ",\"c/d\"]}}",
		&u, "{\"metadata\":{\"resourceVersion\":\"8\",\"finalizers\":[\"a/b\",\"c/d\"]}}");
	/* Ours is gone, others hold it: nothing to do, and nothing may be added. */
	assert_patch(
		"{\"metadata\":{\"name\":\"db\"," DELETED "\"finalizers\":[\"a/b\"]}}", &u, NULL);
	put(&u, USER_BINDING, BINDING("front", "web"), true);
	assert_patch("{\"metadata\":{\"name\":\"web\",\"resourceVersion\":\"9\"," DELETED
		     "\"finalizers\":[" OURS "]}}",
		&u, "{\"metadata\":{\"resourceVersion\":\"9\",\"finalizers\":[]}}");
}

static void who_deletes_is_told_why_it_stays(void **state)
{
	_cleanup_(profile_users_release) struct profile_users u = { 0 };
	_cleanup_json_ json_t *deleted =
		json_loads("{\"metadata\":{\"name\":\"web\",\"generation\":2,"
			   "\"deletionTimestamp\":\"2025-11-26T12:00:00Z\"}}",
			0, NULL);
	_cleanup_json_ json_t *kept = json_loads("{\"metadata\":{\"name\":\"web\"}}", 0, NULL);
	_cleanup_json_ json_t *status = json_object();
	struct event_list events = { 0 };

	finalizer_status(deleted, &u, status, NOON, &events);
	assert_json(status, "{}");
	put(&u, USER_BINDING, BINDING("front", "web"), false);
	finalizer_status(kept, &u, status, NOON, &events);
	assert_json(status, "{}");
	finalizer_status(deleted, &u, status, NOON, &events);
	finalizer_status(deleted, &u, status, NOON + 1, &events);
	assert_json(status,
		"{\"conditions\":[{\"type\":\"InUse\",\"status\":\"True\",\"reason\":\"InUse\","
		"\"message\":\"used by 1 PaleBinding (shop/front): it is deleted when nobody uses "
		"it "
		"any more\",\"observedGeneration\":2,"
		"\"lastTransitionTime\":\"2025-11-26T12:00:00Z\"}]}");
	assert_events(&events,
		"W ProfileInUse used by 1 PaleBinding (shop/front): it is deleted when "
		"nobody uses it any more\n");
	finalizer_status(kept, &u, status, NOON, &events);
	assert_json(status, "{\"conditions\":[]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_kinds_are_told),
		cmocka_unit_test(a_pod_may_use_several_and_one_twice),
		cmocka_unit_test(first_and_last_users_are_told),
		cmocka_unit_test(counts_are_those_of_the_last_changes),
		cmocka_unit_test(twenty_thousand_pods_are_small),
		cmocka_unit_test(the_finalizer_stays_while_it_is_used),
		cmocka_unit_test(who_deletes_is_told_why_it_stays),
	};

	random_seed(9);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
