/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller against a server that does what it is asked: writes come back as versions of
 * objects. Compiles and merges run in their processes.
 */
#include "operator/controller/controller.h"

#include "compiler/learn_run.h"
#include "operator/controller/api_time.h"
#include "operator/controller/condition.h"
#include "operator/controller/limited_process.h"

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "controller_json.h"
#include "random.h"

#define NOON INT64_C(1764158400) /* 2025-11-26T12:00:00Z */

struct server {
	struct controller *c;
	int64_t now;
	json_t *objects[CONTROLLER_KINDS]; /* by "NAMESPACE/NAME" */
	int version;
	int writes[CONTROLLER_KINDS], patches, drafts;
	bool refuses;	/* what is asked of it */
	bool forgetful; /* says that it was done, and does nothing */
	bool slow;	/* runs are not read at once */
	struct text told;
	int fd; /* that is watched, or -1 */
};

static json_t *find(const struct server *s, enum controller_kind kind, const char *key)
{
	return json_object_get(s->objects[kind], key);
}

static const json_t *status_of(const struct server *s, enum controller_kind kind, const char *key)
{
	return json_object_get(find(s, kind, key), "status");
}

/* PALE_OBJECTS: a file for what an API server would hold, an object a line, which tests/live/
 * manifests.py holds against the schemas. */
static FILE *objects;

static void keep(enum controller_kind kind, const json_t *object)
{
	static const char *const names[CONTROLLER_KINDS] = {
		[CONTROLLER_PROFILE] = "PaleProfile",
		[CONTROLLER_NODE_STATUS] = "PaleNodeStatus",
		[CONTROLLER_RECORDING] = "PaleRecording",
	};
	_cleanup_json_ json_t *copy = NULL;

	if (!objects || !names[kind])
		return;
	copy = json_copy((json_t *)object);
	json_object_set_new(copy, "kind", json_string(names[kind]));
	json_dumpf(copy, objects, JSON_COMPACT);
	fputc('\n', objects);
}

/* Takes @object over, and has it seen. */
static void put(struct server *s, enum controller_kind kind, json_t *object)
{
	json_t *metadata = json_object_get(object, "metadata");
	char key[128];

	assert_non_null(object);
	snprintf(key, sizeof(key), "%s/%s", text_of(metadata, "namespace"),
		text_of(metadata, "name"));
	json_object_set_new(metadata, "resourceVersion", json_sprintf("%d", ++s->version));
	json_object_set_new(s->objects[kind], key, object);
	keep(kind, object);
	controller_seen(s->c, kind, object);
}

static void drop(
	struct server *s, enum controller_kind kind, const char *namespace, const char *name)
{
	char key[128];

	snprintf(key, sizeof(key), "%s/%s", namespace, name);
	json_object_del(s->objects[kind], key);
	controller_gone(s->c, kind, namespace, name);
}

static void apply_status(void *ctx, enum controller_kind kind, const char *namespace,
	const char *name, const json_t *status)
{
	struct server *s = ctx;
	char key[128];
	json_t *copy;

	s->writes[kind]++;
	if (s->forgetful)
		return;
	if (s->refuses) {
		controller_failed(s->c, kind, namespace, name);
		return;
	}
	snprintf(key, sizeof(key), "%s/%s", namespace, name);
	copy = json_deep_copy(find(s, kind, key));
	assert_non_null(copy);
	json_object_set_new(copy, "status", json_deep_copy(status));
	put(s, kind, copy);
}

static void patch_profile(void *ctx, const char *name, const json_t *patch)
{
	struct server *s = ctx;
	char key[128];
	json_t *copy, *metadata;
	const json_t *change = json_object_get(patch, "metadata");

	s->patches++;
	if (s->forgetful)
		return;
	if (s->refuses) {
		controller_failed(s->c, CONTROLLER_PROFILE, "", name);
		return;
	}
	snprintf(key, sizeof(key), "/%s", name);
	copy = json_deep_copy(find(s, CONTROLLER_PROFILE, key));
	metadata = json_object_get(copy, "metadata");
	assert_string_equal(
		text_of(metadata, "resourceVersion"), text_of(change, "resourceVersion"));
	json_object_update(metadata, (json_t *)change);
	text_printf(&s->told, "finalizers %zu\n",
		json_array_size(json_object_get(metadata, "finalizers")));
	put(s, CONTROLLER_PROFILE, copy);
}

static void apply(void *ctx, const char *namespace, const char *name, const json_t *object)
{
	struct server *s = ctx;
	json_t *copy;

	s->drafts++;
	if (s->forgetful)
		return;
	if (s->refuses) {
		controller_failed(s->c, CONTROLLER_RECORDING, namespace, name);
		return;
	}
	copy = json_deep_copy(object);
	json_object_set_new(json_object_get(copy, "metadata"), "generation", json_integer(1));
	put(s, CONTROLLER_PROFILE, copy);
	controller_applied(s->c, namespace, name);
}

static void read_runs(void *ctx, const char *namespace, const char *name, const json_t *nodes)
{
	struct server *s = ctx;
	json_t *all = json_array(), *node;
	char key[128];
	size_t i;

	if (s->slow) {
		text_printf(&s->told, "asked %s\n", name);
		json_decref(all);
		return;
	}
	json_array_foreach (nodes, i, node) {
		snprintf(key, sizeof(key), "/%s", json_string_value(node));
		json_array_append(all, find(s, CONTROLLER_NODE_STATUS, key));
	}
	controller_runs(s->c, namespace, name, all, s->now);
	json_decref(all);
}

static void event(void *ctx, enum controller_kind kind, const json_t *object, bool warning,
	const char *reason, const char *message)
{
	struct server *s = ctx;

	text_printf(&s->told, "%c %s %s: %s\n", warning ? 'W' : 'N',
		text_of(json_object_get(object, "metadata"), "name"), reason, message);
}

static void watch(void *ctx, int fd)
{
	struct server *s = ctx;

	/* Each is told once, and while it is open. */
	assert_true((fd < 0) != (s->fd < 0));
	assert_true(fcntl(fd < 0 ? s->fd : fd, F_GETFD) >= 0);
	s->fd = fd;
}

static const struct controller_actions actions = { apply_status, patch_profile, apply, read_runs,
	watch, event };

static void start_unsynced(struct server *s)
{
	*s = (struct server){ .now = NOON, .fd = -1 };
	s->c = controller_new(&actions, s);
	for (int kind = 0; kind < CONTROLLER_KINDS; kind++)
		s->objects[kind] = json_object();
	controller_lead(s->c, true);
}

static void start(struct server *s)
{
	start_unsynced(s);
	for (int kind = 0; kind < CONTROLLER_KINDS; kind++)
		controller_synced(s->c, (enum controller_kind)kind);
}

static void finish(struct server *s)
{
	controller_free(s->c);
	for (int kind = 0; kind < CONTROLLER_KINDS; kind++)
		json_decref(s->objects[kind]);
	text_release(&s->told);
}

/* Until nothing is to be done at this time. */
static void settle(struct server *s)
{
	controller_tick(s->c, s->now);
	while (s->fd >= 0) {
		struct pollfd wait = { .fd = s->fd, .events = POLLIN };

		poll(&wait, 1, -1);
		controller_readable(s->c, s->now);
	}
	controller_tick(s->c, s->now);
}

static void pass(struct server *s, int64_t seconds)
{
	for (int64_t end = s->now + seconds; s->now < end; s->now += 10)
		settle(s);
	settle(s);
}

static void assert_told(struct server *s, const char *want)
{
	assert_string_equal(text_str(&s->told), want);
	text_clear(&s->told);
}

#define OTHER_DIGEST "0000000000000000000000000000000000000000000000000000000000000000"
#define WEB	     "profile web { file { allow read /srv/** } }"

static json_t *profile_of(const char *name, int generation, const char *source)
{
	return json_pack("{s:{s:s, s:i}, s:{s:s}}", "metadata", "name", name, "generation",
		generation, "spec", "source", source);
}

static json_t *node_of(
	const struct server *s, const char *node, const char *profile, const char *digest)
{
	return json_pack("{s:{s:s}, s:{s:o, s:[{s:s, s:s, s:s}]}}", "metadata", "name", node,
		"status", "heartbeat", api_time(s->now), "profiles", "name", profile, "digest",
		digest, "state", "Loaded");
}

/* As an API server does for an edit: the status stays. */
static void edit(struct server *s, int generation, const char *source)
{
	json_t *copy = json_deep_copy(find(s, CONTROLLER_PROFILE, "/web"));

	json_object_set_new(
		json_object_get(copy, "metadata"), "generation", json_integer(generation));
	json_object_set_new(json_object_get(copy, "spec"), "source", json_string(source));
	put(s, CONTROLLER_PROFILE, copy);
}

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

	start(&s);
	put(&s, CONTROLLER_PROFILE, profile_of("web", 1, WEB));
	settle(&s);
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

	start(&s);
	put(&s, CONTROLLER_PROFILE, profile_of("web", 1, WEB));
	settle(&s);
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

/* It is deleted and made again while the watch was away; both are of generation 1. */
static void one_of_the_same_name_is_another_one(void **state)
{
	_cleanup_(finish) struct server s;
	char digest[65];

	start(&s);
	put(&s, CONTROLLER_PROFILE, profile_of("web", 1, WEB));
	settle(&s);
	snprintf(digest, sizeof(digest), "%s",
		text_of(status_of(&s, CONTROLLER_PROFILE, "/web"), "digest"));
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

static void a_status_that_another_one_wrote_is_written_over(void **state)
{
	_cleanup_(finish) struct server s;
	_cleanup_json_ json_t *own = NULL;

	start(&s);
	put(&s, CONTROLLER_PROFILE, profile_of("web", 1, WEB));
	settle(&s);
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
	snprintf(digest, sizeof(digest), "%s",
		text_of(status_of(&s, CONTROLLER_PROFILE, "/web"), "digest"));
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

static void put_rollout(struct server *s)
{
	json_t *p = profile_of("web", 1, WEB);

	json_object_set_new(
		json_object_get(p, "spec"), "rollout", json_pack("{s:i}", "auditHours", 2));
	put(s, CONTROLLER_PROFILE, p);
	put(s, CONTROLLER_POD,
		json_pack("{s:{s:s, s:s, s:{s:s}}, s:{s:s}}", "metadata", "namespace", "shop",
			"name", "p", "annotations", "pale.dev/profile", "web", "status", "phase",
			"Running"));
}

/* Kills the controller between any two writes. */
static void a_rollout_outlives_its_controllers(void **state)
{
	_cleanup_(finish) struct server s;
	const json_t *status;
	int64_t began = NOON;

	start(&s);
	put_rollout(&s);
	settle(&s);
	assert_string_equal(text_of(status_of(&s, CONTROLLER_PROFILE, "/web"), "mode"), "audit");
	for (int i = 0; i < 60; i++) {
		put(&s, CONTROLLER_NODE_STATUS,
			node_of(&s, "n1", "web",
				text_of(status_of(&s, CONTROLLER_PROFILE, "/web"), "digest")));
		pass(&s, 170);
		if (i % 7 == 3) {
			controller_free(s.c);
			s.c = controller_new(&actions, &s);
			for (int kind = 0; kind < CONTROLLER_KINDS; kind++) {
				const char *key;
				json_t *o;

				json_object_foreach (s.objects[kind], key, o)
					controller_seen(s.c, (enum controller_kind)kind, o);
				controller_synced(s.c, (enum controller_kind)kind);
			}
			controller_lead(s.c, true);
		}
		status = status_of(&s, CONTROLLER_PROFILE, "/web");
		if (!strcmp(text_of(status, "mode"), "enforce"))
			break;
	}
	assert_string_equal(text_of(json_object_get(status, "rollout"), "phase"), "Complete");
	/* Two hours, and of each kill ten minutes at most. */
	assert_in_range(s.now - began, 7200, 7200 + 7 * 600);
}

/* A node with the profile @digest, which has refused something lately. */
static json_t *noisy_node(const struct server *s, const char *digest)
{
	return json_pack("{s:{s:s}, s:{s:o, s:[{s:s, s:s, s:s, s:s, s:s, s:[{s:o, s:i}]}]}}",
		"metadata", "name", "n1", "status", "heartbeat", api_time(s->now), "profiles",
		"name", "web", "digest", digest, "state", "Degraded", "reason", "NoBpfLsm",
		"message", "the kernel has no BPF-LSM", "violations", "since",
		api_time(s->now - 300), "count", 3);
}

static void a_canary_that_is_refused_goes_back(void **state)
{
	_cleanup_(finish) struct server s;
	const json_t *rollout = NULL;
	char digest[65];

	start(&s);
	put_rollout(&s);
	rollout = json_object_get(
		json_object_get(find(&s, CONTROLLER_PROFILE, "/web"), "spec"), "rollout");
	json_object_set_new((json_t *)rollout, "canaryPercent", json_integer(10));
	json_object_set_new((json_t *)rollout, "maxViolationsPerHour", json_integer(2));
	put(&s, CONTROLLER_PROFILE, json_deep_copy(find(&s, CONTROLLER_PROFILE, "/web")));
	settle(&s);
	snprintf(digest, sizeof(digest), "%s",
		text_of(status_of(&s, CONTROLLER_PROFILE, "/web"), "digest"));
	for (int i = 0; i < 60 && strcmp(text_of(rollout, "phase"), "Canary") != 0; i++) {
		put(&s, CONTROLLER_NODE_STATUS, node_of(&s, "n1", "web", digest));
		pass(&s, 170);
		rollout = json_object_get(status_of(&s, CONTROLLER_PROFILE, "/web"), "rollout");
	}
	assert_json(json_object_get(rollout, "canaryPercent"), "10");
	put(&s, CONTROLLER_NODE_STATUS, noisy_node(&s, digest));
	pass(&s, 60);
	rollout = json_object_get(status_of(&s, CONTROLLER_PROFILE, "/web"), "rollout");
	assert_string_equal(text_of(rollout, "phase"), "Audit");
	assert_json(json_object_get(rollout, "stepsBack"), "1");
	assert_json(json_object_get(rollout, "noisy"), "true");
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

/* 1,000 nodes that load a profile one after another, ten a second. */
static void many_nodes_cost_few_writes(void **state)
{
	_cleanup_(finish) struct server s;
	char digest[65];

	start(&s);
	put(&s, CONTROLLER_PROFILE, profile_of("web", 1, WEB));
	settle(&s);
	snprintf(digest, sizeof(digest), "%s",
		text_of(status_of(&s, CONTROLLER_PROFILE, "/web"), "digest"));
	for (int i = 0; i < 1000; i++) {
		char node[16];

		snprintf(node, sizeof(node), "n%d", i);
		put(&s, CONTROLLER_NODE_STATUS,
			node_of(&s, node, "web", i % 2 ? digest : OTHER_DIGEST));
	}
	settle(&s);
	s.writes[CONTROLLER_PROFILE] = 0;
	for (int i = 0; i < 1000; i += 2) {
		char node[16];

		snprintf(node, sizeof(node), "n%d", i);
		put(&s, CONTROLLER_NODE_STATUS, node_of(&s, node, "web", digest));
		if (i % 10 == 0)
			s.now++;
		settle(&s);
	}
	assert_true(condition_holds(status_of(&s, CONTROLLER_PROFILE, "/web"), "Ready"));
	assert_in_range(s.writes[CONTROLLER_PROFILE], 2, 8);
}

/* ---- a recording, from pods to a draft that is compiled */

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
	assert_string_equal(
		text_of(status_of(&s, CONTROLLER_RECORDING, "shop/learned"), "phase"), "Merging");
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

	start(&s);
	put(&s, CONTROLLER_RECORDING, json_loads(LEARNED, 0, NULL));
	put(&s, CONTROLLER_POD, recorded_pod("a", "n1"));
	settle(&s);
	runs_come(&s, "n1", "a");
	pass(&s, 290);
	s.refuses = true;
	pass(&s, 300);
	/* Not with each tick. */
	assert_in_range(s.drafts, 4, 6);
	assert_string_equal(
		text_of(status_of(&s, CONTROLLER_RECORDING, "shop/learned"), "phase"), "Recording");
	assert_null(strstr(text_str(&s.told), "RecordingCompleted"));
	s.refuses = false;
	pass(&s, 70);
	assert_string_equal(
		text_of(status_of(&s, CONTROLLER_RECORDING, "shop/learned"), "phase"), "Completed");
	assert_non_null(strstr(text_str(&s.told), "RecordingCompleted"));
}

/* Until the answer comes the recording is not asked for again; a successor makes the draft anew. */
static void a_draft_without_an_answer_is_waited_for(void **state)
{
	_cleanup_(finish) struct server s;

	start(&s);
	put(&s, CONTROLLER_RECORDING, json_loads(LEARNED, 0, NULL));
	put(&s, CONTROLLER_POD, recorded_pod("a", "n1"));
	settle(&s);
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
	assert_string_equal(
		text_of(status_of(&s, CONTROLLER_RECORDING, "shop/learned"), "phase"), "Completed");
}

/* A node may be heard of before the pods that it has are. */
static void a_run_that_comes_before_its_pod_is_believed_later(void **state)
{
	_cleanup_(finish) struct server s;
	const json_t *status;

	start(&s);
	put(&s, CONTROLLER_RECORDING, json_loads(LEARNED, 0, NULL));
	put(&s, CONTROLLER_POD, recorded_pod("a", "n1"));
	settle(&s);
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
	assert_string_equal(
		text_of(status_of(&s, CONTROLLER_RECORDING, "shop/learned"), "phase"), "Pending");
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

/* ---- whatever stands in objects */

static const char *const words[] = { "", "metadata", "spec", "status", "name", "namespace", "uid",
	"annotations", "pale.dev/recording", "pale.dev/profile", "labels", "app", "web", "source",
	"files", "rollout", "auditHours", "conditions", "type", "Compiled", "True", "nodeName",
	"containers", "selector", "matchLabels", "durationSeconds", "endsAt", "heartbeat",
	"profiles", "digest", "state", "Loaded", "violations", "since", "2025-11-26T12:00:00Z",
	"count", "runs", "run", "recording", "n/web", "container", "phase", "Recording", "Merging",
	"pods", "node", "bundle", "main", "mode", "finalizers", "deletionTimestamp", "generation",
	"observedGeneration", "a.pale", "profile web { }", "\xc3\xa4\x01" };

static const char *any_word(void)
{
	return words[random_below(N(words))];
}

static json_t *any_value(int depth)
{
	json_t *v;
	uint32_t n = random_below(6);

	switch (random_below(depth > 4 ? 4 : 8)) {
	case 0:
		return json_null();
	case 1:
		return json_integer((json_int_t)random_number());
	case 2:
		return json_boolean(random_below(2));
	case 3:
		return json_string(any_word());
	case 4:
		v = json_array();
		while (n--)
			json_array_append_new(v, any_value(depth + 1));
		return v;
	default:
		v = json_object();
		while (n--)
			json_object_set_new(v, any_word(), any_value(depth + 1));
		return v;
	}
}

/* One value of @at, some way down, becomes another one. */
static void disturb(json_t *at)
{
	void *i = json_object_iter(at);
	size_t n = json_object_size(at);

	if (json_is_array(at) && json_array_size(at)) {
		n = random_below((uint32_t)json_array_size(at));
		if (random_below(3))
			disturb(json_array_get(at, n));
		else
			json_array_set_new(at, n, any_value(2));
		return;
	}
	if (!n)
		return;
	for (n = random_below((uint32_t)n); n; n--)
		i = json_object_iter_next(at, i);
	if (random_below(4))
		disturb(json_object_iter_value(i));
	else
		json_object_iter_set_new(at, i, any_value(2));
}

static json_t *whole_object(enum controller_kind kind)
{
	static const char *const texts[CONTROLLER_KINDS] = {
		[CONTROLLER_PROFILE] =
			"{\"metadata\":{\"name\":\"web\",\"generation\":1,\"resourceVersion\":"
			"\"1\"},"
			"\"spec\":{\"source\":\"profile web { }\",\"files\":{\"a.pale\":\"\"},"
			"\"rollout\":{\"auditHours\":0}},\"status\":{\"digest\":\"0\","
			"\"rollout\":{\"phase\":\"Audit\",\"digest\":\"0\","
			"\"since\":\"2025-11-26T12:00:00Z\",\"observed\":\"2025-11-26T12:00:00Z\"},"
			"\"conditions\":[{\"type\":\"Compiled\",\"status\":\"True\"}],\"bundle\":{}"
			"}}",
		[CONTROLLER_BINDING] = "{\"metadata\":{\"namespace\":\"n\",\"name\":\"b\"},"
				       "\"spec\":{\"profile\":\"web\"}}",
		[CONTROLLER_NAMESPACE] = "{\"metadata\":{\"name\":\"n\",\"annotations\":"
					 "{\"pale.dev/profile\":\"web\"}}}",
		[CONTROLLER_POD] =
			"{\"metadata\":{\"namespace\":\"n\",\"name\":\"p\",\"uid\":\"u\","
			"\"annotations\":{\"pale.dev/recording\":\"n/r\",\"pale.dev/"
			"profile\":\"web\"},"
			"\"labels\":{\"app\":\"web\"}},\"spec\":{\"nodeName\":\"n1\","
			"\"containers\":"
			"[{\"name\":\"c\"}],\"initContainers\":[{\"name\":\"i\"}]},\"status\":{}}",
		[CONTROLLER_NODE_STATUS] =
			"{\"metadata\":{\"name\":\"n1\"},\"status\":{\"heartbeat\":"
			"\"2025-11-26T12:00:00Z\",\"profiles\":[{\"name\":\"web\",\"digest\":\"0\","
			"\"state\":\"Failed\",\"message\":\"m\",\"violations\":[{\"since\":"
			"\"2025-11-26T12:00:00Z\",\"count\":3}]}],\"runs\":[{\"recording\":\"n/r\","
			"\"uid\":\"u\",\"container\":\"c\",\"run\":\"x\"}]}}",
		[CONTROLLER_RECORDING] =
			"{\"metadata\":{\"namespace\":\"n\",\"name\":\"r\",\"generation\":1},"
			"\"spec\":"
			"{\"selector\":{},\"durationSeconds\":300},\"status\":{\"phase\":"
			"\"Recording\","
			"\"endsAt\":\"2025-11-26T12:05:00Z\",\"pods\":[{\"name\":\"p\",\"uid\":"
			"\"u\","
			"\"node\":\"n1\",\"containers\":[\"c\"],\"runs\":[]}]}}",
	};

	return json_loads(texts[kind], 0, NULL);
}

static void objects_of_any_form_do_no_harm(void **state)
{
	for (int run = 0; run < 150; run++) {
		struct server s;

		start(&s);
		for (int step = 0; step < 60; step++) {
			enum controller_kind kind =
				(enum controller_kind)random_below(CONTROLLER_KINDS);
			_cleanup_json_ json_t *o = whole_object(kind);

			for (uint32_t n = random_below(4); n; n--)
				disturb(o);
			if (random_below(5))
				controller_seen(s.c, kind, o);
			else
				controller_gone(s.c, kind, kind == CONTROLLER_RECORDING ? "n" : "",
					kind == CONTROLLER_RECORDING ? "r" : "web");
			s.now += random_below(200);
			s.forgetful = true;
			controller_tick(s.c, s.now);
			if (!random_below(10))
				settle(&s);
		}
		finish(&s);
	}
}

/* ---- size */

static void twenty_thousand_pods_are_small(void **state)
{
	struct server s;
	size_t before = mallinfo2().uordblks, taken;
	char digest[65];

	start(&s);
	put(&s, CONTROLLER_PROFILE, profile_of("web", 1, WEB));
	settle(&s);
	snprintf(digest, sizeof(digest), "%s",
		text_of(status_of(&s, CONTROLLER_PROFILE, "/web"), "digest"));
	for (int i = 0; i < 1000; i++) {
		_cleanup_json_ json_t *o = NULL;
		char node[16];

		snprintf(node, sizeof(node), "n%d", i);
		o = node_of(&s, node, "web", digest);
		controller_seen(s.c, CONTROLLER_NODE_STATUS, o);
	}
	for (int i = 0; i < 20000; i++) {
		_cleanup_json_ json_t *o = json_pack("{s:{s:s, s:o, s:{s:s}}, s:{s:s}}", "metadata",
			"namespace", "shop", "name", json_sprintf("web-0123456789-%05d", i),
			"annotations", "pale.dev/profile", "web", "status", "phase", "Running");

		controller_seen(s.c, CONTROLLER_POD, o);
	}
	settle(&s);
	taken = mallinfo2().uordblks - before;
	assert_true(condition_holds(status_of(&s, CONTROLLER_PROFILE, "/web"), "Ready"));
	finish(&s);
	if (taken > (size_t)8 << 20)
		fail_msg("%zu bytes", taken);
	assert_true(mallinfo2().uordblks <= before + 4096);
}

static int set_library(void **state)
{
	return setenv("PALE_PATH", "profiles", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_profiles_life),
		cmocka_unit_test(nothing_is_decided_before_all_is_known),
		cmocka_unit_test(who_does_not_lead_does_nothing),
		cmocka_unit_test(what_was_not_carried_out_is_asked_again),
		cmocka_unit_test(what_cannot_be_started_is_told_and_tried_again),
		cmocka_unit_test(who_edits_all_the_time_does_not_keep_others_from_it),
		cmocka_unit_test(a_successor_has_nothing_to_write),
		cmocka_unit_test(a_rollout_outlives_its_controllers),
		cmocka_unit_test(a_canary_that_is_refused_goes_back),
		cmocka_unit_test(a_fragments_mistake_is_told),
		cmocka_unit_test(many_nodes_cost_few_writes),
		cmocka_unit_test(a_recording_becomes_a_profile),
		cmocka_unit_test(a_draft_that_is_not_taken_is_made_again),
		cmocka_unit_test(a_draft_without_an_answer_is_waited_for),
		cmocka_unit_test(one_of_the_same_name_is_another_one),
		cmocka_unit_test(a_status_that_another_one_wrote_is_written_over),
		cmocka_unit_test(a_clock_that_is_set_back_stops_nothing),
		cmocka_unit_test(a_run_that_comes_before_its_pod_is_believed_later),
		cmocka_unit_test(who_is_not_annotated_any_more_is_not_recorded),
		cmocka_unit_test(runs_are_of_one_recording_at_a_time),
		cmocka_unit_test(objects_of_any_form_do_no_harm),
		cmocka_unit_test(twenty_thousand_pods_are_small),
	};

	if (getenv("PALE_OBJECTS"))
		objects = fopen(getenv("PALE_OBJECTS"), "we");
	random_seed(3);
	return cmocka_run_group_tests(tests, set_library, NULL);
}
