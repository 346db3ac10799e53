/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/controller/recording.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "operator/api_time.h"
#include "operator/controller/status_text.h"

#include <string.h>

#define WHY_MAX 16

#define DRAFT_ANNOTATION    "pale.dev/draft"
#define DRAFT_OF_ANNOTATION "pale.dev/draft-of"

static const char *const phase_names[RECORDING_PHASES] = {
	[RECORDING_PENDING] = "Pending",
	[RECORDING_RECORDING] = "Recording",
	[RECORDING_MERGING] = "Merging",
	[RECORDING_COMPLETED] = "Completed",
	[RECORDING_FAILED] = "Failed",
};

static const char *text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

enum recording_phase recording_phase(const json_t *status)
{
	for (int i = 0; i < RECORDING_PHASES; i++) {
		if (!strcmp(phase_names[i], text_of(status, "phase")))
			return (enum recording_phase)i;
	}
	return RECORDING_PENDING;
}

static void enter(json_t *status, enum recording_phase phase, int64_t now, json_t *message)
{
	json_object_set_new(status, "phase", json_string(phase_names[phase]));
	json_object_set_new(status, "since", api_time(now));
	json_object_set_new(status, "message", message);
}

/* ---- pods */

static json_t *pods_of(json_t *status)
{
	json_t *pods = json_object_get(status, "pods");

	if (json_is_array(pods))
		return pods;
	pods = json_array();
	json_object_set_new(status, "pods", pods);
	return pods;
}

static json_t *find_pod(const json_t *status, const char *uid)
{
	json_t *pod;
	size_t i;

	json_array_foreach (json_object_get(status, "pods"), i, pod) {
		if (!strcmp(text_of(pod, "uid"), uid))
			return pod;
	}
	return NULL;
}

static void add_containers(const struct recording_spec *spec, const json_t *list, json_t *to)
{
	json_t *c;
	size_t i;

	json_array_foreach (list, i, c) {
		if (recording_names(spec, text_of(c, "name")))
			json_array_append(to, json_object_get(c, "name"));
	}
}

static json_t *containers_of(const struct recording_spec *spec, const json_t *pod)
{
	const json_t *of = json_object_get(pod, "spec");
	json_t *all = json_array();

	add_containers(spec, json_object_get(of, "initContainers"), all);
	add_containers(spec, json_object_get(of, "containers"), all);
	return all;
}

/* There are too many @what. */
static void leave_out(
	json_t *status, int max, const char *what, const char *of, struct event_list *events)
{
	if (json_is_true(json_object_get(status, "truncated")))
		return;
	json_object_set_new(status, "truncated", json_true());
	event_list_add(events, true, "RecordingTruncated",
		"more than %d %s of %s are to be recorded: the others are not", max, what, of);
}

static void bound_containers(
	json_t *status, json_t *containers, const json_t *pod, struct event_list *events)
{
	if (json_array_size(containers) <= RECORDING_CONTAINERS_MAX)
		return;
	leave_out(status, RECORDING_CONTAINERS_MAX, "containers",
		text_of(json_object_get(pod, "metadata"), "name"), events);
	while (json_array_size(containers) > RECORDING_CONTAINERS_MAX)
		json_array_remove(containers, RECORDING_CONTAINERS_MAX);
}

static void add_pod(const struct recording_spec *spec, json_t *status, const json_t *pod,
	json_t *containers, int64_t now, struct event_list *events)
{
	const json_t *metadata = json_object_get(pod, "metadata");
	const char *node = text_of(json_object_get(pod, "spec"), "nodeName");

	json_array_append_new(pods_of(status),
		json_pack("{s:s, s:s, s:s, s:o, s:[]}", "name", text_of(metadata, "name"), "uid",
			text_of(metadata, "uid"), "node", node, "containers", containers, "runs"));
	if (recording_phase(status) != RECORDING_PENDING)
		return;
	enter(status, RECORDING_RECORDING, now, json_string("containers are recorded"));
	json_object_set_new(status, "startedAt", api_time(now));
	json_object_set_new(status, "endsAt", api_time(now + spec->duration));
	event_list_add(events, false, "RecordingStarted", "with pod %s on node %s",
		text_of(metadata, "name"), node);
}

void recording_pod_seen(const struct recording_spec *spec, json_t *status, const json_t *pod,
	int64_t now, struct event_list *events)
{
	enum recording_phase phase = recording_phase(status);
	const char *uid = text_of(json_object_get(pod, "metadata"), "uid");
	json_t *containers;

	if ((phase != RECORDING_PENDING && phase != RECORDING_RECORDING) || !*uid ||
		!*text_of(json_object_get(pod, "spec"), "nodeName") ||
		!recording_selects(spec, pod) || find_pod(status, uid))
		return;
	containers = containers_of(spec, pod);
	if (!json_array_size(containers)) {
		json_decref(containers);
		return;
	}
	if (json_array_size(pods_of(status)) >= RECORDING_PODS_MAX) {
		json_decref(containers);
		leave_out(status, RECORDING_PODS_MAX, "pods", spec->name, events);
		return;
	}
	bound_containers(status, containers, pod, events);
	add_pod(spec, status, pod, containers, now, events);
}

/* ---- runs */

static bool has_word(const json_t *list, const char *word)
{
	json_t *v;
	size_t i;

	json_array_foreach (list, i, v) {
		const char *s = json_string_value(v);

		if (s && !strcmp(s, word))
			return true;
	}
	return false;
}

json_t *recording_entry_without_run(const json_t *entry)
{
	json_t *copy = json_copy((json_t *)entry);

	json_object_set_new(copy, "bytes",
		json_integer((json_int_t)json_string_length(json_object_get(entry, "run"))));
	json_object_del(copy, "run");
	return copy;
}

static size_t run_bytes(const json_t *entry)
{
	const json_t *run = json_object_get(entry, "run");

	return run ? json_string_length(run)
		   : (size_t)json_integer_value(json_object_get(entry, "bytes"));
}

const char *recording_judge_run(const struct recording_spec *spec, const json_t *status,
	const char *node, const json_t *entry)
{
	const json_t *pod = find_pod(status, text_of(entry, "uid"));
	_cleanup_(text_release) struct text own = TEXT_INIT;

	text_printf(&own, "%s/%s", spec->namespace, spec->name);
	if (strcmp(text_of(entry, "recording"), text_str(&own)) != 0)
		return "";
	if (!pod)
		return "no such pod is recorded";
	if (strcmp(text_of(pod, "node"), node) != 0)
		return "its pod is on another node";
	if (!has_word(json_object_get(pod, "containers"), text_of(entry, "container")))
		return "no such container of the pod is recorded";
	if (!run_bytes(entry))
		return "there is no run in it";
	if (run_bytes(entry) > RECORDING_RUN_MAX)
		return "the run is too large";
	return NULL;
}

void recording_run_seen(const struct recording_spec *spec, json_t *status, const char *node,
	const json_t *entry, struct event_list *events)
{
	enum recording_phase phase = recording_phase(status);
	const char *why = recording_judge_run(spec, status, node, entry);
	const char *container = text_of(entry, "container");
	json_t *runs;

	if (phase != RECORDING_RECORDING && phase != RECORDING_MERGING)
		return;
	if (why && *why)
		event_list_add(events, true, "RecordingRunRefused",
			"from node %s, of pod %s, container %s: %s", node, text_of(entry, "uid"),
			container, why);
	if (why)
		return;
	runs = json_object_get(find_pod(status, text_of(entry, "uid")), "runs");
	if (!has_word(runs, container))
		json_array_append_new(runs, json_string(container));
}

/* ---- time */

static bool all_came(const json_t *status)
{
	json_t *pod;
	size_t i;

	json_array_foreach (json_object_get(status, "pods"), i, pod) {
		if (json_array_size(json_object_get(pod, "runs")) <
			json_array_size(json_object_get(pod, "containers")))
			return false;
	}
	return true;
}

static void fail(json_t *status, const char *why, int64_t now, struct event_list *events)
{
	enter(status, RECORDING_FAILED, now, status_text(why));
	event_list_add(events, true, "RecordingFailed", "%s", why);
}

/* A time that is not there or damaged is long past. */
static bool is_past(const json_t *status, const char *member, int64_t after, int64_t now)
{
	int64_t t = api_time_parse(json_object_get(status, member));

	return t < 0 || now >= t + after;
}

bool recording_step(const struct recording_spec *spec, const char *wrong, json_t *status,
	int64_t generation, int64_t now, struct event_list *events)
{
	enum recording_phase phase = recording_phase(status);

	json_object_set_new(status, "observedGeneration", json_integer(generation));
	if (phase == RECORDING_COMPLETED || phase == RECORDING_FAILED)
		return false;
	if (wrong) {
		fail(status, wrong, now, events);
		return false;
	}
	if (!*text_of(status, "phase"))
		enter(status, RECORDING_PENDING, now,
			json_string("waiting for a pod to be created"));
	if (phase == RECORDING_RECORDING && is_past(status, "endsAt", 0, now)) {
		enter(status, RECORDING_MERGING, now, json_string("waiting for the nodes' runs"));
		phase = RECORDING_MERGING;
	}
	return phase == RECORDING_MERGING &&
	       (all_came(status) || is_past(status, "since", RECORDING_GRACE, now));
}

/* ---- the result */

static void add_why(json_t *all, json_t *why)
{
	if (json_array_size(all) < WHY_MAX)
		json_array_append_new(all, why);
	else
		json_decref(why);
}

static void add_missing(const json_t *pod, json_t *all)
{
	json_t *c;
	size_t i;

	json_array_foreach (json_object_get(pod, "containers"), i, c) {
		if (!has_word(json_object_get(pod, "runs"), json_string_value(c)))
			add_why(all,
				json_sprintf("no run came of container %s of pod %s on node %s",
					json_string_value(c), text_of(pod, "name"),
					text_of(pod, "node")));
	}
}

/* Why it is not all; empty: it is. */
static json_t *reasons(const json_t *status, const json_t *result)
{
	json_t *all = json_array(), *v;
	size_t i;

	if (json_is_true(json_object_get(status, "truncated")))
		add_why(all, json_sprintf("more than %d pods, or %d containers of one, were to be "
					  "recorded",
				     RECORDING_PODS_MAX, RECORDING_CONTAINERS_MAX));
	json_array_foreach (json_object_get(status, "pods"), i, v)
		add_missing(v, all);
	json_array_foreach (json_object_get(result, "why"), i, v)
		add_why(all, json_incref(v));
	return all;
}

static json_t *draft(const struct recording_spec *spec, const char *policy)
{
	return json_pack("{s:s, s:s, s:{s:s, s:{s:s, s:o}}, s:{s:s, s:s, s:[s]}}", "apiVersion",
		"pale.dev/v1alpha1", "kind", "PaleProfile", "metadata", "name", spec->profile,
		"annotations", DRAFT_ANNOTATION, "true", DRAFT_OF_ANNOTATION,
		json_sprintf("%s/%s", spec->namespace, spec->name), "spec", "source", policy,
		"mode", "audit", "namespaces", spec->namespace);
}

static bool is_own_draft(const struct recording_spec *spec, const json_t *profile)
{
	const json_t *annotations =
		json_object_get(json_object_get(profile, "metadata"), "annotations");
	_cleanup_(text_release) struct text own = TEXT_INIT;

	text_printf(&own, "%s/%s", spec->namespace, spec->name);
	return !strcmp(text_of(annotations, DRAFT_ANNOTATION), "true") &&
	       !strcmp(text_of(annotations, DRAFT_OF_ANNOTATION), text_str(&own));
}

static void complete(const struct recording_spec *spec, json_t *status, const json_t *result,
	int64_t now, struct event_list *events)
{
	json_t *why = reasons(status, result);
	const char *completeness = json_array_size(why) ? "Partial" : "Full";

	json_object_set_new(status, "completeness", json_string(completeness));
	json_object_set_new(status, "why", why);
	json_object_set_new(status, "draft", json_string(spec->profile));
	json_object_set(status, "runs", json_object_get(result, "runs"));
	json_object_set(status, "lost", json_object_get(result, "lost"));
	json_object_set(status, "notes", json_object_get(result, "notes"));
	json_object_set(status, "ready", json_object_get(result, "ready"));
	enter(status, RECORDING_COMPLETED, now,
		json_sprintf(
			"PaleProfile %s is a draft: review it, and see it audited", spec->profile));
	event_list_add(events, false, "RecordingCompleted", "%s: PaleProfile %s is its draft",
		completeness, spec->profile);
}

json_t *recording_merged(const struct recording_spec *spec, json_t *status, const json_t *result,
	const json_t *existing, int64_t now, struct event_list *events)
{
	_cleanup_(text_release) struct text taken = TEXT_INIT;

	if (recording_phase(status) != RECORDING_MERGING)
		return NULL;
	/* Nothing is said of the runs: later. */
	if (!strcmp(text_of(result, "reason"), "Timeout"))
		return NULL;
	if (strcmp(text_of(result, "reason"), "Merged") != 0) {
		fail(status, text_of(result, "message"), now, events);
		return NULL;
	}
	if (existing && !is_own_draft(spec, existing)) {
		text_printf(&taken,
			"there is a PaleProfile %s that is no draft of this recording: name "
			"another one in spec.profile",
			spec->profile);
		fail(status, text_str(&taken), now, events);
		return NULL;
	}
	complete(spec, status, result, now, events);
	return draft(spec, text_of(result, "policy"));
}
