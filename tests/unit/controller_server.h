/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TEST_CONTROLLER_SERVER_H
#define PALE_TEST_CONTROLLER_SERVER_H

/*
 * The controller against a server that does what it is asked: writes come back as versions of
 * objects. Compiles and merges run in their processes. The tests' group is set up with set_up().
 */

#include "operator/controller/controller.h"

#include "operator/api_time.h"
#include "operator/controller/condition.h"
#include "operator/controller/limited_process.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "controller_json.h"

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

static inline json_t *find(const struct server *s, enum controller_kind kind, const char *key)
{
	return json_object_get(s->objects[kind], key);
}

static inline const json_t *status_of(
	const struct server *s, enum controller_kind kind, const char *key)
{
	return json_object_get(find(s, kind, key), "status");
}

/* PALE_OBJECTS: a file for what an API server would hold, an object a line, which tests/live/
 * manifests.py holds against the schemas. Several programs write one after another. */
static FILE *objects;

static inline void keep(enum controller_kind kind, const json_t *object)
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
static inline void put(struct server *s, enum controller_kind kind, json_t *object)
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

static inline void drop(
	struct server *s, enum controller_kind kind, const char *namespace, const char *name)
{
	char key[128];

	snprintf(key, sizeof(key), "%s/%s", namespace, name);
	json_object_del(s->objects[kind], key);
	controller_gone(s->c, kind, namespace, name);
}

static inline void apply_status(void *ctx, enum controller_kind kind, const char *namespace,
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

static inline void patch_profile(void *ctx, const char *name, const json_t *patch)
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

static inline void apply(void *ctx, const char *namespace, const char *name, const json_t *object)
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

static inline void read_runs(
	void *ctx, const char *namespace, const char *name, const json_t *nodes)
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

static inline void event(void *ctx, enum controller_kind kind, const json_t *object, bool warning,
	const char *reason, const char *message)
{
	struct server *s = ctx;

	text_printf(&s->told, "%c %s %s: %s\n", warning ? 'W' : 'N',
		text_of(json_object_get(object, "metadata"), "name"), reason, message);
}

static inline void watch(void *ctx, int fd)
{
	struct server *s = ctx;

	/* Each is told once, and while it is open. */
	assert_true((fd < 0) != (s->fd < 0));
	assert_true(fcntl(fd < 0 ? s->fd : fd, F_GETFD) >= 0);
	s->fd = fd;
}

static const struct controller_actions actions = { apply_status, patch_profile, apply, read_runs,
	watch, event };

static inline void start_unsynced(struct server *s)
{
	*s = (struct server){ .now = NOON, .fd = -1 };
	s->c = controller_new(&actions, s);
	for (int kind = 0; kind < CONTROLLER_KINDS; kind++)
		s->objects[kind] = json_object();
	controller_lead(s->c, true);
}

static inline void start(struct server *s)
{
	start_unsynced(s);
	for (int kind = 0; kind < CONTROLLER_KINDS; kind++)
		controller_synced(s->c, (enum controller_kind)kind);
}

static inline void finish(struct server *s)
{
	controller_free(s->c);
	for (int kind = 0; kind < CONTROLLER_KINDS; kind++)
		json_decref(s->objects[kind]);
	text_release(&s->told);
}

/* Until nothing is to be done at this time. */
static inline void settle(struct server *s)
{
	controller_tick(s->c, s->now);
	while (s->fd >= 0) {
		struct pollfd wait = { .fd = s->fd, .events = POLLIN };

		poll(&wait, 1, -1);
		controller_readable(s->c, s->now);
	}
	controller_tick(s->c, s->now);
}

static inline void pass(struct server *s, int64_t seconds)
{
	for (int64_t end = s->now + seconds; s->now < end; s->now += 10)
		settle(s);
	settle(s);
}

static inline void assert_told(struct server *s, const char *want)
{
	assert_string_equal(text_str(&s->told), want);
	text_clear(&s->told);
}

#define OTHER_DIGEST "0000000000000000000000000000000000000000000000000000000000000000"
#define WEB	     "profile web { file { allow read /srv/** } }"

static inline json_t *profile_of(const char *name, int generation, const char *source)
{
	return json_pack("{s:{s:s, s:i}, s:{s:s}}", "metadata", "name", name, "generation",
		generation, "spec", "source", source);
}

static inline json_t *node_of(
	const struct server *s, const char *node, const char *profile, const char *digest)
{
	return json_pack("{s:{s:s}, s:{s:o, s:[{s:s, s:s, s:s}]}}", "metadata", "name", node,
		"status", "heartbeat", api_time(s->now), "profiles", "name", profile, "digest",
		digest, "state", "Loaded");
}

/* Of the profile web, whose status may change. */
static inline void copy_digest(const struct server *s, char ret[65])
{
	snprintf(ret, 65, "%s", text_of(status_of(s, CONTROLLER_PROFILE, "/web"), "digest"));
}

/* With the profile web, compiled. */
static inline void start_compiled(struct server *s)
{
	start(s);
	put(s, CONTROLLER_PROFILE, profile_of("web", 1, WEB));
	settle(s);
}

/* As an API server does for an edit: the status stays. */
static inline void edit(struct server *s, int generation, const char *source)
{
	json_t *copy = json_deep_copy(find(s, CONTROLLER_PROFILE, "/web"));

	json_object_set_new(
		json_object_get(copy, "metadata"), "generation", json_integer(generation));
	json_object_set_new(json_object_get(copy, "spec"), "source", json_string(source));
	put(s, CONTROLLER_PROFILE, copy);
}

static inline int set_up(void **state)
{
	if (getenv("PALE_OBJECTS"))
		objects = fopen(getenv("PALE_OBJECTS"), "ae");
	return setenv("PALE_PATH", "profiles", 1);
}

#endif
