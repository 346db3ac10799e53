/* SPDX-License-Identifier: Apache-2.0 */
/* When the controller works, in which order, and what it does about what is not carried out. */
#include "controller_server.h"

#include <sys/resource.h>

static void nothing_is_decided_before_all_is_known(void **state)
{
	_cleanup_(finish) struct server s;

	start_unsynced(&s);
	for (int kind = 0; kind < CONTROLLER_KINDS; kind++) {
		if (kind == CONTROLLER_PROFILE)
			put(&s, CONTROLLER_PROFILE, profile_of("web", 1, WEB));
		settle(&s);
		assert_int_equal(s.patches + s.writes[CONTROLLER_PROFILE], 0);
		controller_synced(s.c, (enum controller_kind)kind);
	}
	settle(&s);
	assert_int_equal(s.patches, 1);
}

static void who_does_not_lead_does_nothing(void **state)
{
	_cleanup_(finish) struct server s;

	start(&s);
	controller_lead(s.c, false);
	put(&s, CONTROLLER_PROFILE, profile_of("web", 1, WEB));
	settle(&s);
	assert_int_equal(s.patches + s.writes[CONTROLLER_PROFILE], 0);
	controller_lead(s.c, true);
	controller_tick(s.c, s.now);
	assert_true(s.fd >= 0);
	controller_lead(s.c, false);
	assert_int_equal(s.fd, -1);
	controller_tick(s.c, s.now);
	assert_int_equal(s.writes[CONTROLLER_PROFILE], 0);
	controller_lead(s.c, true);
	settle(&s);
	assert_int_equal(s.writes[CONTROLLER_PROFILE], 1);
}

static void what_was_not_carried_out_is_asked_again(void **state)
{
	_cleanup_(finish) struct server s;

	start(&s);
	s.refuses = true;
	put(&s, CONTROLLER_PROFILE, profile_of("web", 1, WEB));
	settle(&s);
	assert_true(s.patches >= 1 && s.writes[CONTROLLER_PROFILE] >= 1);
	assert_null(status_of(&s, CONTROLLER_PROFILE, "/web"));
	s.refuses = false;
	settle(&s);
	assert_true(condition_holds(status_of(&s, CONTROLLER_PROFILE, "/web"), "Compiled"));
	assert_int_equal(json_array_size(json_object_get(
				 json_object_get(find(&s, CONTROLLER_PROFILE, "/web"), "metadata"),
				 "finalizers")),
		1);
}

static void what_cannot_be_started_is_told_and_tried_again(void **state)
{
	_cleanup_(finish) struct server s;
	struct rlimit before, none;

	start(&s);
	put(&s, CONTROLLER_PROFILE, profile_of("web", 1, WEB));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	controller_tick(s.c, s.now);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_told(&s, "finalizers 1\nW web WorkNotStarted: make a pipe: Too many open files\n");
	settle(&s);
	assert_true(condition_holds(status_of(&s, CONTROLLER_PROFILE, "/web"), "Compiled"));
}

static void who_edits_all_the_time_does_not_keep_others_from_it(void **state)
{
	_cleanup_(finish) struct server s;
	struct pollfd wait;
	int generation = 1;

	start(&s);
	put(&s, CONTROLLER_PROFILE, profile_of("web", generation, WEB));
	put(&s, CONTROLLER_PROFILE, profile_of("z", 1, "profile z { }"));
	controller_tick(s.c, s.now);
	/* A child may have to be read twice. */
	for (int i = 0; i < 20; i++) {
		edit(&s, ++generation, WEB);
		wait = (struct pollfd){ .fd = s.fd, .events = POLLIN };
		poll(&wait, 1, -1);
		controller_readable(s.c, s.now);
	}
	assert_true(condition_holds(status_of(&s, CONTROLLER_PROFILE, "/z"), "Compiled"));
}

/* The successor compiles anew, comes to the same, and writes nothing. */
static void a_successor_has_nothing_to_write(void **state)
{
	_cleanup_(finish) struct server s;
	int writes;

	start_compiled(&s);
	put(&s, CONTROLLER_NODE_STATUS,
		node_of(&s, "n1", "web",
			text_of(status_of(&s, CONTROLLER_PROFILE, "/web"), "digest")));
	settle(&s);
	writes = s.writes[CONTROLLER_PROFILE];
	text_clear(&s.told);
	controller_free(s.c);
	s.c = controller_new(&actions, &s);
	controller_seen(s.c, CONTROLLER_PROFILE, find(&s, CONTROLLER_PROFILE, "/web"));
	controller_seen(s.c, CONTROLLER_NODE_STATUS, find(&s, CONTROLLER_NODE_STATUS, "/n1"));
	for (int kind = 0; kind < CONTROLLER_KINDS; kind++)
		controller_synced(s.c, (enum controller_kind)kind);
	controller_lead(s.c, true);
	s.now += 100;
	settle(&s);
	assert_int_equal(s.writes[CONTROLLER_PROFILE], writes);
	assert_told(&s, "");
}

static void a_status_that_another_one_wrote_is_written_over(void **state)
{
	_cleanup_(finish) struct server s;
	_cleanup_json_ json_t *own = NULL;

	start_compiled(&s);
	own = json_deep_copy(status_of(&s, CONTROLLER_PROFILE, "/web"));
	for (int i = 0; i < 2; i++) {
		json_t *copy = json_deep_copy(find(&s, CONTROLLER_PROFILE, "/web"));

		if (i)
			json_object_del(copy, "status");
		else
			json_object_del(json_object_get(copy, "status"), "pod");
		put(&s, CONTROLLER_PROFILE, copy);
		settle(&s);
		assert_true(json_equal(status_of(&s, CONTROLLER_PROFILE, "/web"), own));
	}
}

/* All of its runs, of which there are none, have come. */
static void put_merging(struct server *s, const char *name)
{
	put(s, CONTROLLER_RECORDING,
		json_pack("{s:{s:s, s:s, s:i}, s:{s:{}}, s:{s:s, s:o, s:[]}}", "metadata",
			"namespace", "shop", "name", name, "generation", 1, "spec", "selector",
			"status", "phase", "Merging", "since", api_time(s->now), "pods"));
}

/* By a year, at a bad moment: nothing waits for a year. */
static void a_clock_that_is_set_back_stops_nothing(void **state)
{
	_cleanup_(finish) struct server s;
	const int64_t year = 365 * 24 * 3600;
	char digest[65], another[65] = { 0 };

	memset(another, '0', sizeof(another) - 1);
	start(&s);
	s.slow = true;
	put(&s, CONTROLLER_PROFILE, profile_of("web", 1, WEB));
	settle(&s);
	copy_digest(&s, digest);
	put(&s, CONTROLLER_NODE_STATUS, node_of(&s, "a", "web", digest));
	put(&s, CONTROLLER_NODE_STATUS, node_of(&s, "b", "web", digest));
	put_merging(&s, "r");
	settle(&s);
	text_clear(&s.told);
	/* A child that nobody hears of is stopped, as where the machine is too busy. */
	edit(&s, 2, "profile web { }");
	controller_tick(s.c, s.now);
	s.now -= year;
	put(&s, CONTROLLER_NODE_STATUS, node_of(&s, "a", "web", digest));
	put(&s, CONTROLLER_NODE_STATUS, node_of(&s, "b", "web", another));
	controller_tick(s.c, s.now);
	/* Counts, which wait for their interval; runs, which are asked for again. */
	assert_json(json_object_get(status_of(&s, CONTROLLER_PROFILE, "/web"), "nodes"),
		"{\"total\":2,\"ready\":1}");
	assert_told(&s, "asked r\n");
	assert_true(s.fd >= 0);
	s.now += WORK_DEADLINE_S;
	controller_tick(s.c, s.now);
	assert_int_equal(s.fd, -1);
	/* It is compiled again in a minute, whatever the clock says. */
	s.now -= year;
	controller_tick(s.c, s.now);
	assert_true(s.fd >= 0);
}

static void runs_are_of_one_recording_at_a_time(void **state)
{
	_cleanup_(finish) struct server s;
	_cleanup_json_ json_t *none = json_array();

	start(&s);
	s.slow = true;
	put_merging(&s, "a");
	put_merging(&s, "b");
	put_merging(&s, "c");
	pass(&s, 50);
	assert_told(&s, "asked a\n");
	/* Those of the first never come. */
	pass(&s, 120);
	assert_told(&s, "asked b\nasked c\n");
	controller_runs(s.c, "shop", "b", none, s.now);
	assert_int_equal(s.fd, -1);
	controller_runs(s.c, "shop", "c", none, s.now);
	assert_true(s.fd >= 0);
	controller_tick(s.c, s.now);
	assert_told(&s, "");
	settle(&s);
	assert_told(&s, "W c RecordingFailed: no run of any container came in\nasked a\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_decided_before_all_is_known),
		cmocka_unit_test(who_does_not_lead_does_nothing),
		cmocka_unit_test(what_was_not_carried_out_is_asked_again),
		cmocka_unit_test(what_cannot_be_started_is_told_and_tried_again),
		cmocka_unit_test(who_edits_all_the_time_does_not_keep_others_from_it),
		cmocka_unit_test(a_successor_has_nothing_to_write),
		cmocka_unit_test(a_status_that_another_one_wrote_is_written_over),
		cmocka_unit_test(a_clock_that_is_set_back_stops_nothing),
		cmocka_unit_test(runs_are_of_one_recording_at_a_time),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
