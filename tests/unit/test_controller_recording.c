/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings from the first pod to the draft, and who cannot speak for a container. */
#include "operator/controller/recording.h"

#include "compiler/learn_run.h"
#include "operator/controller/limited_process.h"
#include "operator/controller/profile_compile.h"
#include "operator/controller/recording_merge.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "controller_json.h"

#define NOON INT64_C(1764158400) /* 2025-11-26T12:00:00Z */

#define RECORDING                                                                                  \
	"{\"metadata\":{\"namespace\":\"shop\",\"name\":\"web\"},\"spec\":{\"selector\":"          \
	"{\"matchLabels\":{\"app\":\"web\"}},\"containers\":[\"nginx\"],\"durationSeconds\":600}}"

static void read_spec(struct recording_spec *ret, const char *object)
{
	_cleanup_json_ json_t *o = json_loads(object, 0, NULL);
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	assert_non_null(o);
	if (recording_spec_read(o, ret, &err) < 0)
		fail_msg("%s", pale_err_text(err));
}

/* ---- the spec */

static void specs_that_have_no_meaning(void **state)
{
	static const struct {
		const char *spec, *text;
	} cases[] = {
		{ "{\"selector\":7}", "spec.selector" },
		{ "{\"selector\":{},\"durationSeconds\":\"x\"}",
			"spec.durationSeconds is no number from 1 to 2592000" },
		{ "{\"selector\":{},\"durationSeconds\":0}",
			"spec.durationSeconds is no number from 1 to 2592000" },
		{ "{\"selector\":{},\"durationSeconds\":2592001}",
			"spec.durationSeconds is no number from 1 to 2592000" },
		{ "{\"selector\":{},\"merge\":\"web\"}", "spec.merge: a draft is a new policy; "
							 "`pale learn --merge` puts runs into one "
							 "that is there" },
		{ "{\"selector\":{},\"containers\":\"a\"}", "spec.containers is no list" },
		{ "{\"selector\":{},\"containers\":[1]}",
			"spec.containers has one that is no string" },
		{ "{\"selector\":{},\"profile\":\"a.b\"}",
			"spec.profile is no name of a profile: up to 63 small letters, digits and "
			"hyphens, a letter first" },
		{ "{\"selector\":{}}",
			"its own name is no name of a profile: up to 63 small letters, digits and "
			"hyphens, a letter first" },
	};

	for (size_t i = 0; i < N(cases); i++) {
		_cleanup_json_ json_t *o =
			json_pack("{s:{s:s, s:s}}", "metadata", "namespace", "n", "name", "1st");
		_cleanup_(recording_spec_release) struct recording_spec spec;
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;

		json_object_set_new(o, "spec", json_loads(cases[i].spec, 0, NULL));
		assert_int_equal(recording_spec_read(o, &spec, &err), -EINVAL);
		assert_memory_equal(pale_err_text(err), cases[i].text, strlen(cases[i].text));
	}
}

/* ---- pods */

static json_t *pod_of(const char *namespace, const char *name, const char *annotation,
	const char *label, const char *node)
{
	return json_pack("{s:{s:s, s:s, s:o, s:{s:s}, s:{s:s}}, s:{s:s, s:[{s:s}, {s:s}]}}",
		"metadata", "namespace", namespace, "name", name, "uid", json_sprintf("u-%s", name),
		"annotations", "pale.dev/recording", annotation, "labels", "app", label, "spec",
		"nodeName", node, "containers", "name", "nginx", "name", "sidecar");
}

static void see(const struct recording_spec *spec, json_t *status, const char *name,
	const char *node, int64_t now, struct event_list *events)
{
	_cleanup_json_ json_t *pod = pod_of("shop", name, "shop/web", "web", node);

	recording_pod_seen(spec, status, pod, now, events);
}

static void no_pod_makes_itself_recorded(void **state)
{
	static const struct {
		const char *namespace, *annotation, *label, *node;
	} cases[] = {
		{ "bank", "shop/web", "web", "n1" }, /* of another namespace */
		{ "bank", "bank/web", "web", "n1" },
		{ "shop", "", "web", "n1" }, /* the webhook did not say so */
		{ "shop", "web", "web", "n1" }, { "shop", "shop/other", "web", "n1" },
		{ "shop", "sho/web", "web", "n1" }, { "shop", "shop/web2", "web", "n1" },
		{ "shop", "shop/web", "db", "n1" }, /* not selected */
		{ "shop", "shop/web", "web", "" },  /* not scheduled yet */
	};
	_cleanup_(recording_spec_release) struct recording_spec spec;
	_cleanup_json_ json_t *status = json_object();
	struct event_list events = { 0 };

	read_spec(&spec, RECORDING);
	for (size_t i = 0; i < N(cases); i++) {
		_cleanup_json_ json_t *pod = pod_of(cases[i].namespace, "p", cases[i].annotation,
			cases[i].label, cases[i].node);

		recording_pod_seen(&spec, status, pod, NOON, &events);
		assert_json(status, "{}");
	}
	assert_events(&events, "");
}

static void pods_beyond_the_bound_are_left_out(void **state)
{
	_cleanup_(recording_spec_release) struct recording_spec spec;
	_cleanup_json_ json_t *status = json_object();
	struct event_list events = { 0 };

	read_spec(&spec, RECORDING);
	for (int i = 0; i < RECORDING_PODS_MAX + 5; i++) {
		char name[16];

		snprintf(name, sizeof(name), "p%d", i);
		see(&spec, status, name, "n1", NOON, &events);
		see(&spec, status, name, "n1", NOON, &events);
	}
	assert_int_equal(json_array_size(json_object_get(status, "pods")), RECORDING_PODS_MAX);
	assert_events(&events,
		"N RecordingStarted with pod p0 on node n1\n"
		"W RecordingTruncated more than 32 pods of web are to be recorded: the "
		"others are not\n");
}

static void containers_beyond_the_bound_make_it_partial(void **state)
{
	_cleanup_(recording_spec_release) struct recording_spec spec;
	_cleanup_json_ json_t *status = json_object(),
			      *pod = pod_of("shop", "p", "shop/web", "web", "n");
	json_t *containers = json_array(), *first;
	struct event_list events = { 0 };

	read_spec(&spec, "{\"metadata\":{\"namespace\":\"shop\",\"name\":\"web\"},\"spec\":{"
			 "\"selector\":{}}}");
	for (int i = 0; i < 33; i++)
		json_array_append_new(
			containers, json_pack("{s:o}", "name", json_sprintf("c%d", i)));
	json_object_set_new(json_object_get(pod, "spec"), "containers", containers);
	recording_pod_seen(&spec, status, pod, NOON, &events);
	first = json_array_get(json_object_get(status, "pods"), 0);
	assert_int_equal(json_array_size(json_object_get(first, "containers")), 32);
	assert_json(json_object_get(status, "truncated"), "true");
	assert_events(&events,
		"W RecordingTruncated more than 32 containers of p are to be recorded: the others "
		"are not\n"
		"N RecordingStarted with pod p on node n\n");
}

/* ---- runs */

static json_t *entry_of(
	const char *recording, const char *uid, const char *container, const char *run)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "recording", recording, "uid", uid, "container",
		container, "run", run);
}

static void only_its_own_node_speaks_for_a_container(void **state)
{
	static const struct {
		const char *recording, *node, *uid, *container, *run;
		const char *why; /* NULL: believed; "": another recording's */
	} cases[] = {
		{ "shop/web", "n1", "u-a", "nginx", "{}", NULL },
		{ "shop/web", "n2", "u-a", "nginx", "{}", "its pod is on another node" },
		{ "shop/web", "n1", "u-b", "nginx", "{}", "no such pod is recorded" },
		{ "shop/web", "n1", "", "nginx", "{}", "no such pod is recorded" },
		{ "shop/web", "n1", "u-a", "sidecar", "{}",
			"no such container of the pod is recorded" },
		{ "shop/web", "n1", "u-a", "nginx", "", "there is no run in it" },
		{ "bank/web", "n1", "u-a", "nginx", "{}", "" },
		{ "web", "n1", "u-a", "nginx", "{}", "" },
	};
	_cleanup_(recording_spec_release) struct recording_spec spec;

	read_spec(&spec, RECORDING);
	for (size_t i = 0; i < N(cases); i++) {
		_cleanup_json_ json_t *status = json_object();
		_cleanup_json_ json_t *entry = entry_of(
			cases[i].recording, cases[i].uid, cases[i].container, cases[i].run);
		_cleanup_(text_release) struct text want = TEXT_INIT;
		struct event_list events = { 0 };
		const json_t *runs;

		see(&spec, status, "a", "n1", NOON, &events);
		event_list_release(&events);
		recording_run_seen(&spec, status, cases[i].node, entry, &events);
		recording_run_seen(&spec, status, cases[i].node, entry, &events);
		if (cases[i].why && *cases[i].why) {
			for (int k = 0; k < 2; k++)
				text_printf(&want,
					"W RecordingRunRefused from node %s, of pod %s, container "
					"%s: "
					"%s\n",
					cases[i].node, cases[i].uid, cases[i].container,
					cases[i].why);
		}
		assert_events(&events, text_str(&want));
		runs = json_object_get(json_array_get(json_object_get(status, "pods"), 0), "runs");
		assert_json(runs, cases[i].why ? "[]" : "[\"nginx\"]");
	}
}

static void a_run_that_is_too_large_is_refused(void **state)
{
	_cleanup_(recording_spec_release) struct recording_spec spec;
	_cleanup_json_ json_t *status = json_object(), *entry = NULL;
	struct text run = TEXT_INIT;
	struct event_list events = { 0 };

	read_spec(&spec, RECORDING);
	see(&spec, status, "a", "n1", NOON, &events);
	event_list_release(&events);
	while (run.len <= RECORDING_RUN_MAX)
		text_puts(&run, "0123456789abcdef");
	entry = entry_of("shop/web", "u-a", "nginx", text_str(&run));
	text_release(&run);
	assert_string_equal(
		recording_judge_run(&spec, status, "n1", entry), "the run is too large");
}

/* ---- phases; what is between two steps is what a controller that takes over has */

struct recorded {
	struct recording_spec spec;
	json_t *status;
	struct event_list events;
};

static void start(struct recorded *r)
{
	*r = (struct recorded){ .status = json_object() };
	read_spec(&r->spec, RECORDING);
}

static void finish(struct recorded *r)
{
	event_list_release(&r->events);
	recording_spec_release(&r->spec);
	json_decref(r->status);
}

static bool step(struct recorded *r, int64_t now)
{
	_cleanup_free_ char *s = NULL;
	bool merge = recording_step(&r->spec, NULL, r->status, 1, now, &r->events);

	s = json_dumps(r->status, 0);
	json_decref(r->status);
	r->status = json_loads(s, 0, NULL);
	return merge;
}

static void run_comes(struct recorded *r, const char *node, const char *uid)
{
	_cleanup_json_ json_t *entry = entry_of("shop/web", uid, "nginx", "{}");

	recording_run_seen(&r->spec, r->status, node, entry, &r->events);
}

#define MERGED                                                                                     \
	"{\"reason\":\"Merged\",\"policy\":\"profile web { }\",\"runs\":2,\"lost\":0,\"why\":[],"  \
	"\"ready\":false,\"notes\":[\"look at: x: y\"]}"

static json_t *merged(struct recorded *r, const char *result, const char *existing, int64_t now)
{
	_cleanup_json_ json_t *o = json_loads(result, 0, NULL);
	_cleanup_json_ json_t *there = existing ? json_loads(existing, 0, NULL) : NULL;

	assert_non_null(o);
	return recording_merged(&r->spec, r->status, o, there, now, &r->events);
}

static void a_recording_in_full(void **state)
{
	_cleanup_(finish) struct recorded r;
	_cleanup_json_ json_t *draft = NULL;

	start(&r);
	assert_false(step(&r, NOON));
	assert_json(r.status, "{\"observedGeneration\":1,\"phase\":\"Pending\",\"since\":\"2025-11-"
			      "26T12:00:00Z\","
			      "\"message\":\"waiting for a pod to be created\"}");
	assert_false(step(&r, NOON + 100000));
	assert_string_equal(text_of(r.status, "phase"), "Pending");
	see(&r.spec, r.status, "a", "n1", NOON, &r.events);
	see(&r.spec, r.status, "b", "n2", NOON + 60, &r.events);
	assert_false(step(&r, NOON + 599));
	assert_json(r.status,
		"{\"observedGeneration\":1,\"phase\":\"Recording\",\"since\":\"2025-11-26T12:00:"
		"00Z\","
		"\"startedAt\":\"2025-11-26T12:00:00Z\",\"endsAt\":\"2025-11-26T12:10:00Z\","
		"\"message\":\"containers are "
		"recorded\",\"pods\":["
		"{\"name\":\"a\",\"uid\":\"u-a\",\"node\":\"n1\",\"containers\":[\"nginx\"],"
		"\"runs\":[]},"
		"{\"name\":\"b\",\"uid\":\"u-b\",\"node\":\"n2\",\"containers\":[\"nginx\"],"
		"\"runs\":[]}]}");
	assert_false(step(&r, NOON + 600));
	assert_string_equal(text_of(r.status, "phase"), "Merging");
	see(&r.spec, r.status, "c", "n2", NOON + 601, &r.events);
	assert_int_equal(json_array_size(json_object_get(r.status, "pods")), 2);
	run_comes(&r, "n1", "u-a");
	assert_false(step(&r, NOON + 700));
	run_comes(&r, "n2", "u-b");
	assert_true(step(&r, NOON + 701));
	assert_null(merged(&r, "{\"reason\":\"Timeout\",\"message\":\"busy\"}", NULL, NOON + 702));
	assert_true(step(&r, NOON + 703));
	draft = merged(&r, MERGED, NULL, NOON + 704);
	assert_json(draft,
		"{\"apiVersion\":\"pale.dev/"
		"v1alpha1\",\"kind\":\"PaleProfile\",\"metadata\":{\"name\":"
		"\"web\",\"annotations\":{\"pale.dev/draft\":\"true\",\"pale.dev/draft-of\":"
		"\"shop/web\"}},\"spec\":{\"source\":\"profile web { }\",\"mode\":\"audit\","
		"\"namespaces\":[\"shop\"]}}");
	assert_string_equal(text_of(r.status, "phase"), "Completed");
	assert_string_equal(text_of(r.status, "completeness"), "Full");
	assert_json(json_object_get(r.status, "why"), "[]");
	assert_string_equal(text_of(r.status, "draft"), "web");
	assert_json(json_object_get(r.status, "notes"), "[\"look at: x: y\"]");
	assert_false(step(&r, NOON + 100000));
	assert_null(merged(&r, MERGED, NULL, NOON + 705));
	assert_events(&r.events, "N RecordingStarted with pod a on node n1\n"
				 "N RecordingCompleted Full: PaleProfile web is its draft\n");
}

static void what_is_missing_makes_it_partial(void **state)
{
	_cleanup_(finish) struct recorded r;
	_cleanup_json_ json_t *draft = NULL;

	start(&r);
	see(&r.spec, r.status, "a", "n1", NOON, &r.events);
	see(&r.spec, r.status, "b", "n2", NOON, &r.events);
	step(&r, NOON + 600);
	run_comes(&r, "n1", "u-a");
	assert_false(step(&r, NOON + 600 + RECORDING_GRACE - 1));
	assert_true(step(&r, NOON + 600 + RECORDING_GRACE));
	draft = merged(&r,
		"{\"reason\":\"Merged\",\"policy\":\"profile web { }\",\"runs\":1,\"lost\":3,"
		"\"why\":[\"container nginx lost 3: paths\"],\"ready\":false,\"notes\":[]}",
		NULL, NOON + 901);
	assert_non_null(draft);
	assert_string_equal(text_of(r.status, "completeness"), "Partial");
	assert_json(json_object_get(r.status, "why"),
		"[\"no run came of container nginx of pod b on node n2\","
		"\"container nginx lost 3: paths\"]");
	assert_events(&r.events, "N RecordingStarted with pod a on node n1\n"
				 "N RecordingCompleted Partial: PaleProfile web is its draft\n");
}

static void drafts_write_over_drafts_of_their_own_alone(void **state)
{
	static const struct {
		const char *existing;
		bool written;
	} cases[] = {
		{ "{\"metadata\":{\"annotations\":{\"pale.dev/draft\":\"true\","
		  "\"pale.dev/draft-of\":\"shop/web\"}}}",
			true },
		{ "{\"metadata\":{\"annotations\":{\"pale.dev/draft\":\"true\","
		  "\"pale.dev/draft-of\":\"bank/web\"}}}",
			false },
		{ "{\"metadata\":{\"annotations\":{\"pale.dev/draft-of\":\"shop/web\"}}}", false },
		{ "{\"metadata\":{\"name\":\"web\"}}", false },
	};

	for (size_t i = 0; i < N(cases); i++) {
		_cleanup_(finish) struct recorded r;
		_cleanup_json_ json_t *draft = NULL;

		start(&r);
		see(&r.spec, r.status, "a", "n1", NOON, &r.events);
		step(&r, NOON + 600);
		run_comes(&r, "n1", "u-a");
		assert_true(step(&r, NOON + 601));
		event_list_release(&r.events);
		draft = merged(&r, MERGED, cases[i].existing, NOON + 602);
		assert_int_equal(draft != NULL, cases[i].written);
		if (!cases[i].written)
			assert_events(&r.events, "W RecordingFailed there is a PaleProfile web "
						 "that is no draft of this "
						 "recording: name another one in spec.profile\n");
	}
}

static void failures_say_why(void **state)
{
	_cleanup_(finish) struct recorded r;
	_cleanup_json_ json_t *status = json_object();
	struct event_list events = { 0 };

	start(&r);
	see(&r.spec, r.status, "a", "n1", NOON, &r.events);
	step(&r, NOON + 600);
	assert_true(step(&r, NOON + 900));
	assert_null(
		merged(&r, "{\"reason\":\"NoRuns\",\"message\":\"no run came in\"}", NULL, NOON));
	assert_string_equal(text_of(r.status, "phase"), "Failed");
	assert_string_equal(text_of(r.status, "message"), "no run came in");
	assert_false(recording_step(&r.spec, "the spec is wrong", status, 3, NOON, &events));
	assert_json(status, "{\"observedGeneration\":3,\"phase\":\"Failed\",\"since\":"
			    "\"2025-11-26T12:00:00Z\",\"message\":\"the spec is wrong\"}");
	assert_events(&events, "W RecordingFailed the spec is wrong\n");
}

/* ---- merging */

static void observe(struct learn_run *run, enum operation operation, const char *object)
{
	static const char program[] = "/usr/sbin/nginx";

	learn_run_add(run, &(struct learn_observation){ .operation = operation,
				   .object = object,
				   .object_len = (uint32_t)strlen(object),
				   .executable = program,
				   .executable_len = sizeof(program) - 1,
				   .first = NOON });
}

static json_t *replica(int i, uint64_t lost)
{
	_cleanup_(text_release) struct text line = TEXT_INIT, own = TEXT_INIT;
	_cleanup_(learn_run_freep) struct learn_run *run = NULL;
	char id[32], uid[16];

	snprintf(uid, sizeof(uid), "u-%d", i);
	snprintf(id, sizeof(id), "u-%d:nginx", i);
	run = learn_run_new("bpf-lsm", id, NOON);
	learn_run_program(run, "/usr/sbin/nginx", strlen("/usr/sbin/nginx"));
	observe(run, OP_READ, "/etc/nginx/nginx.conf");
	text_printf(&own, "/srv/of-%d", i);
	observe(run, OP_READ, text_str(&own));
	if (lost)
		learn_run_lost(run, lost, "paths that could not be resolved");
	learn_run_write(run, &line);
	return entry_of("shop/web", uid, "nginx", text_str(&line));
}

static json_t *merge(json_t *entries, const char *profile)
{
	const struct recording_runs runs = { profile, entries };
	json_t *result = recording_merge_work(&runs);

	json_decref(entries);
	return result;
}

static void replicas_become_one_policy(void **state)
{
	_cleanup_json_ json_t *result =
		merge(json_pack("[o, o, o]", replica(1, 0), replica(2, 0), replica(3, 0)), "web");
	_cleanup_json_ json_t *other =
		merge(json_pack("[o, o, o]", replica(3, 0), replica(1, 0), replica(2, 0)), "web");
	_cleanup_json_ json_t *spec = NULL, *compiled = NULL;
	const char *policy = text_of(result, "policy");

	assert_string_equal(text_of(result, "reason"), "Merged");
	assert_json(json_object_get(result, "why"), "[]");
	assert_json(json_object_get(result, "runs"), "3");
	assert_non_null(strstr(policy, "/etc/nginx/nginx.conf"));
	assert_non_null(strstr(policy, "/srv/of-1"));
	assert_non_null(strstr(policy, "/srv/of-3"));
	assert_string_equal(text_of(other, "policy"), policy);
	spec = json_pack("{s:s}", "source", policy);
	compiled = profile_compile("web", spec);
	assert_string_equal(text_of(compiled, "message"), "the policy is right");
}

static void losses_and_bad_runs_are_told(void **state)
{
	_cleanup_json_ json_t *result = NULL;
	json_t *stolen = replica(2, 0), *garbage = replica(3, 0), *two = replica(4, 0);
	_cleanup_(text_release) struct text t = TEXT_INIT;

	json_object_set_new(stolen, "uid", json_string("u-1"));
	json_object_set_new(garbage, "run", json_string("{\"pale-run\":1}"));
	text_printf(&t, "%s\n%s", text_of(two, "run"), text_of(stolen, "run"));
	json_object_set_new(two, "run", json_string(text_str(&t)));
	result = merge(
		json_pack("[o, o, o, o, o]", replica(1, 7), replica(1, 7), stolen, garbage, two),
		"web");
	assert_string_equal(text_of(result, "reason"), "Merged");
	assert_json(json_object_get(result, "runs"), "1");
	assert_json(json_object_get(result, "lost"), "7");
	assert_int_equal(json_array_size(json_object_get(result, "why")), 4);
	assert_string_equal(json_string_value(json_array_get(json_object_get(result, "why"), 0)),
		"container nginx lost 7: paths that could not be resolved");
	assert_string_equal(json_string_value(json_array_get(json_object_get(result, "why"), 1)),
		"the run of container nginx has the id of another one");
	assert_memory_equal(json_string_value(json_array_get(json_object_get(result, "why"), 2)),
		"the run of container nginx cannot be read: run:1: ", 50);
	assert_string_equal(json_string_value(json_array_get(json_object_get(result, "why"), 3)),
		"of container nginx came 2 runs at once");
}

/* The run of a container whose name begins as its own. */
static void no_run_is_taken_for_one_of_a_shorter_name(void **state)
{
	_cleanup_json_ json_t *result = NULL;
	json_t *other = replica(1, 0);

	json_object_set_new(other, "container", json_string("ngin"));
	result = merge(json_pack("[o, o]", other, replica(2, 0)), "web");
	assert_json(json_object_get(result, "runs"), "1");
	assert_json(json_object_get(result, "why"),
		"[\"the run of container ngin has the id of another one\"]");
}

/* Both are the container's, and only one can be merged. */
static void two_runs_of_one_id_are_told(void **state)
{
	_cleanup_json_ json_t *result =
		merge(json_pack("[o, o, o]", replica(1, 0), replica(1, 3), replica(1, 0)), "web");

	assert_json(json_object_get(result, "runs"), "1");
	assert_json(
		json_object_get(result, "why"), "[\"of container nginx came two runs of one id\"]");
}

static void nothing_is_no_policy(void **state)
{
	_cleanup_json_ json_t *none = merge(json_array(), "web");
	_cleanup_json_ json_t *bad =
		merge(json_pack("[o]", entry_of("shop/web", "u", "nginx", "x")), "web");

	assert_json(
		none, "{\"reason\":\"NoRuns\",\"message\":\"no run of any container came in\"}");
	assert_string_equal(text_of(bad, "reason"), "RunInvalid");
}

static void hostile_runs_are_bounded(void **state)
{
	static const struct work_limits limits = { 1, (size_t)24 << 20 };
	_cleanup_json_ json_t *entries = json_array(), *result = NULL;
	const struct recording_runs runs = { "web", entries };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(text_release) struct text line = TEXT_INIT;
	_cleanup_(learn_run_freep) struct learn_run *run = learn_run_new("x", "u:nginx", NOON);

	for (int i = 0; i < 3000; i++) {
		char path[400];

		memset(path, 'a' + i % 26, sizeof(path));
		snprintf(path, 40, "/%d/%d/x", i % 50, i);
		path[strlen(path)] = 'y';
		path[sizeof(path) - 1] = 0;
		observe(run, OP_READ, path);
	}
	learn_run_write(run, &line);
	for (int i = 0; i < 100; i++)
		json_array_append_new(entries, entry_of("shop/web", "u", "nginx", text_str(&line)));
	assert_int_equal(
		limited_process_run(recording_merge_work, &runs, &limits, &result, &err), 0);
	assert_string_equal(text_of(result, "reason"), "TooComplex");
}

static int set_library(void **state)
{
	return setenv("PALE_PATH", "profiles", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(specs_that_have_no_meaning),
		cmocka_unit_test(no_pod_makes_itself_recorded),
		cmocka_unit_test(pods_beyond_the_bound_are_left_out),
		cmocka_unit_test(containers_beyond_the_bound_make_it_partial),
		cmocka_unit_test(only_its_own_node_speaks_for_a_container),
		cmocka_unit_test(a_run_that_is_too_large_is_refused),
		cmocka_unit_test(a_recording_in_full),
		cmocka_unit_test(what_is_missing_makes_it_partial),
		cmocka_unit_test(drafts_write_over_drafts_of_their_own_alone),
		cmocka_unit_test(failures_say_why),
		cmocka_unit_test(replicas_become_one_policy),
		cmocka_unit_test(losses_and_bad_runs_are_told),
		cmocka_unit_test(no_run_is_taken_for_one_of_a_shorter_name),
		cmocka_unit_test(two_runs_of_one_id_are_told),
		cmocka_unit_test(nothing_is_no_policy),
		cmocka_unit_test(hostile_runs_are_bounded),
	};

	return cmocka_run_group_tests(tests, set_library, NULL);
}
