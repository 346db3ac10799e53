/* SPDX-License-Identifier: Apache-2.0 */
/* A PaleProfile from its first version to its end. */
#include "controller_server.h"

static void delete_profile(struct server *s)
{
	json_t *copy = json_deep_copy(find(s, CONTROLLER_PROFILE, "/web"));

	json_object_set_new(
		json_object_get(copy, "metadata"), "deletionTimestamp", api_time(s->now));
	put(s, CONTROLLER_PROFILE, copy);
}

static void a_profiles_life(void **state)
{
	_cleanup_(finish) struct server s;
	const json_t *status;
	char digest[65];

	start_compiled(&s);
	status = status_of(&s, CONTROLLER_PROFILE, "/web");
	assert_true(condition_holds(status, "Compiled"));
	assert_false(condition_holds(status, "Ready"));
	assert_string_equal(text_of(status, "mode"), "enforce");
	snprintf(digest, sizeof(digest), "%s", text_of(status, "digest"));
	put(&s, CONTROLLER_NODE_STATUS, node_of(&s, "n1", "web", digest));
	settle(&s);
	status = status_of(&s, CONTROLLER_PROFILE, "/web");
	assert_true(condition_holds(status, "Ready"));
	assert_int_equal(s.writes[CONTROLLER_PROFILE], 2);
	pass(&s, 600);
	assert_int_equal(s.writes[CONTROLLER_PROFILE], 2);
	edit(&s, 2, "profile web { file { allow raed /srv } }");
	settle(&s);
	status = status_of(&s, CONTROLLER_PROFILE, "/web");
	assert_false(condition_holds(status, "Compiled"));
	assert_true(condition_holds(status, "Ready"));
	assert_string_equal(text_of(status, "digest"), digest);
	edit(&s, 3, "profile web { file { allow read /srv/* } }");
	settle(&s);
	status = status_of(&s, CONTROLLER_PROFILE, "/web");
	assert_true(condition_holds(status, "Compiled"));
	assert_string_not_equal(text_of(status, "digest"), digest);
	assert_false(condition_holds(status, "Ready"));
	text_clear(&s.told);
	put(&s, CONTROLLER_BINDING,
		json_pack("{s:{s:s, s:s}, s:{s:s}}", "metadata", "namespace", "shop", "name", "b",
			"spec", "profile", "web"));
	delete_profile(&s);
	settle(&s);
	assert_told(&s, "W web ProfileInUse: used by 1 PaleBinding (shop/b): it is deleted when "
			"nobody uses it any more\n");
	drop(&s, CONTROLLER_BINDING, "shop", "b");
	settle(&s);
	assert_told(&s, "finalizers 0\n");
}

/* It is deleted and made again while the watch was away; both are of generation 1. */
static void one_of_the_same_name_is_another_one(void **state)
{
	_cleanup_(finish) struct server s;
	char digest[65];

	start_compiled(&s);
	copy_digest(&s, digest);
	for (int i = 0; i < 2; i++) {
		json_t *p = profile_of("web", 1, "profile web { }");

		json_object_set_new(json_object_get(p, "metadata"), "uid", json_sprintf("u%d", i));
		put(&s, CONTROLLER_PROFILE, p);
		/* One is being compiled when the other comes. */
		controller_tick(s.c, s.now);
	}
	settle(&s);
	assert_true(condition_holds(status_of(&s, CONTROLLER_PROFILE, "/web"), "Compiled"));
	assert_string_not_equal(
		text_of(status_of(&s, CONTROLLER_PROFILE, "/web"), "digest"), digest);
}

/* A fragment's mistake is placed in the fragment. */
static void a_fragments_mistake_is_told(void **state)
{
	_cleanup_(finish) struct server s;
	const json_t *first;

	start(&s);
	put(&s, CONTROLLER_PROFILE,
		json_pack("{s:{s:s, s:i}, s:{s:s, s:{s:s}}}", "metadata", "name", "web",
			"generation", 1, "spec", "source", "use part\nprofile web { }", "files",
			"part.pale", "fragment part {\n oops }"));
	settle(&s);
	first = json_array_get(
		json_object_get(status_of(&s, CONTROLLER_PROFILE, "/web"), "diagnostics"), 0);
	assert_string_equal(text_of(first, "severity"), "error");
	assert_string_equal(text_of(first, "file"), "part.pale");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_profiles_life),
		cmocka_unit_test(one_of_the_same_name_is_another_one),
		cmocka_unit_test(a_fragments_mistake_is_told),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
