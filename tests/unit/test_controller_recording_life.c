/* SPDX-License-Identifier: Apache-2.0 */
/* A recording, from pods to a draft that is compiled. */
#include "compiler/learn_run.h"

#include "controller_server.h"

#define LEARNED                                                                                    \
	"{\"metadata\":{\"namespace\":\"shop\",\"name\":\"learned\",\"generation\":1},"            \
	"\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"web\"}},\"durationSeconds\":300}}"

static json_t *recorded_pod(const char *name, const char *node)
{
	return json_pack("{s:{s:s, s:s, s:s, s:{s:s}, s:{s:s}}, s:{s:s, s:[{s:s}]}}", "metadata",
		"namespace", "shop", "name", name, "uid", name, "annotations", "pale.dev/recording",
		"shop/learned", "labels", "app", "web", "spec", "nodeName", node, "containers",
		"name", "c");
}

static json_t *run_of(const char *uid)
{
	_cleanup_(text_release) struct text line = TEXT_INIT;
	_cleanup_(learn_run_freep) struct learn_run *run = NULL;
	char id[32];

	snprintf(id, sizeof(id), "%s:c", uid);
	run = learn_run_new("bpf-lsm", id, NOON);
	learn_run_add(run, &(struct learn_observation){ .operation = OP_READ,
				   .object = "/etc/app.conf",
				   .object_len = 13,
				   .first = NOON });
	learn_run_write(run, &line);
	return json_pack("{s:s, s:s, s:s, s:s}", "recording", "shop/learned", "uid", uid,
		"container", "c", "run", text_str(&line));
}

static void runs_come(struct server *s, const char *node, const char *uid)
{
	put(s, CONTROLLER_NODE_STATUS,
		json_pack("{s:{s:s}, s:{s:o, s:[o]}}", "metadata", "name", node, "status",
			"heartbeat", api_time(s->now), "runs", run_of(uid)));
}

/* Of pod a. */
static void start_recording(struct server *s)
{
	start(s);
	put(s, CONTROLLER_RECORDING, json_loads(LEARNED, 0, NULL));
	put(s, CONTROLLER_POD, recorded_pod("a", "n1"));
	settle(s);
}

static void assert_phase(const struct server *s, const char *want)
{
	assert_string_equal(
		text_of(status_of(s, CONTROLLER_RECORDING, "shop/learned"), "phase"), want);
}

static void a_recording_becomes_a_profile(void **state)
{
	_cleanup_(finish) struct server s;
	const json_t *status;

	start(&s);
	/* Pods may be seen first. */
	put(&s, CONTROLLER_POD, recorded_pod("a", "n1"));
	put(&s, CONTROLLER_RECORDING, json_loads(LEARNED, 0, NULL));
	settle(&s);
	put(&s, CONTROLLER_POD, recorded_pod("b", "n2"));
	pass(&s, 310);
	assert_phase(&s, "Merging");
	runs_come(&s, "n1", "a");
	/* Of a pod that is on another node. */
	runs_come(&s, "n3", "b");
	settle(&s);
	pass(&s, 60);
	runs_come(&s, "n2", "b");
	pass(&s, 30);
	status = status_of(&s, CONTROLLER_RECORDING, "shop/learned");
	assert_string_equal(text_of(status, "phase"), "Completed");
	assert_string_equal(text_of(status, "completeness"), "Full");
	assert_json(json_object_get(status, "runs"), "2");
	status = status_of(&s, CONTROLLER_PROFILE, "/learned");
	assert_true(condition_holds(status, "Compiled"));
	assert_string_equal(text_of(status, "mode"), "audit");
	assert_non_null(strstr(text_of(json_object_get(json_object_get(status, "bundle"), "files"),
				       "learned.pale"),
		"/etc/app.conf"));
	text_printf(&s.told, "%.12s", text_of(status, "digest"));
	assert_non_null(strstr(text_str(&s.told),
		"N learned RecordingStarted: with pod a on node n1\n"
		"W learned RecordingRunRefused: from node n3, of pod b, container c: its pod is on "
		"another node\n"
		"N learned RecordingCompleted: Full: PaleProfile learned is its draft\n"
		"finalizers 1\n"
		"N learned ProfileCompiled: compiled: digest "));
}

/* Completed says that there is a draft. */
static void a_draft_that_is_not_taken_is_made_again(void **state)
{
	_cleanup_(finish) struct server s;

	start_recording(&s);
	runs_come(&s, "n1", "a");
	pass(&s, 290);
	s.refuses = true;
	pass(&s, 300);
	/* Not with each tick. */
	assert_in_range(s.drafts, 4, 6);
	assert_phase(&s, "Recording");
	assert_null(strstr(text_str(&s.told), "RecordingCompleted"));
	s.refuses = false;
	pass(&s, 70);
	assert_phase(&s, "Completed");
	assert_non_null(strstr(text_str(&s.told), "RecordingCompleted"));
}

/* Until the answer comes the recording is not asked for again; a successor makes the draft anew. */
static void a_draft_without_an_answer_is_waited_for(void **state)
{
	_cleanup_(finish) struct server s;

	start_recording(&s);
	runs_come(&s, "n1", "a");
	pass(&s, 290);
	s.forgetful = true;
	pass(&s, 300);
	assert_int_equal(s.drafts, 1);
	s.forgetful = false;
	controller_lead(s.c, false);
	controller_lead(s.c, true);
	pass(&s, 70);
	assert_int_equal(s.drafts, 2);
	assert_phase(&s, "Completed");
}

/* A node may be heard of before the pods that it has are. */
static void a_run_that_comes_before_its_pod_is_believed_later(void **state)
{
	_cleanup_(finish) struct server s;
	const json_t *status;

	start_recording(&s);
	runs_come(&s, "n1", "b");
	settle(&s);
	put(&s, CONTROLLER_POD, recorded_pod("b", "n1"));
	settle(&s);
	status = status_of(&s, CONTROLLER_RECORDING, "shop/learned");
	assert_json(json_object_get(json_array_get(json_object_get(status, "pods"), 1), "runs"),
		"[\"c\"]");
}

static void who_is_not_annotated_any_more_is_not_recorded(void **state)
{
	_cleanup_(finish) struct server s;
	json_t *pod = recorded_pod("a", "n1");

	start(&s);
	put(&s, CONTROLLER_POD, recorded_pod("a", "n1"));
	json_object_del(json_object_get(pod, "metadata"), "annotations");
	put(&s, CONTROLLER_POD, pod);
	put(&s, CONTROLLER_RECORDING, json_loads(LEARNED, 0, NULL));
	settle(&s);
	assert_phase(&s, "Pending");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recording_becomes_a_profile),
		cmocka_unit_test(a_draft_that_is_not_taken_is_made_again),
		cmocka_unit_test(a_draft_without_an_answer_is_waited_for),
		cmocka_unit_test(a_run_that_comes_before_its_pod_is_believed_later),
		cmocka_unit_test(who_is_not_annotated_any_more_is_not_recorded),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
