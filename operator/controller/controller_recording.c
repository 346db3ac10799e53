/* SPDX-License-Identifier: Apache-2.0 */
/* A PaleRecording: its pods, their runs, the draft. */
#include "operator/controller/controller_internal.h"

#include "compiler/base/cleanup.h"
#include "operator/controller/recording.h"

#include <stdlib.h>
#include <string.h>

/* How long until runs that did not come, or were not merged to an end, are asked for again. */
#define ASK_AGAIN_S 60

static const char *text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

void recording_item_free(struct recording_item *r)
{
	if (!r)
		return;
	item_release(&r->item);
	recording_spec_release(&r->spec);
	free(r->wrong);
	json_decref(r->entries);
	event_list_release(&r->later);
	free(r);
}

struct recording_item *recording_item_find(
	const struct controller *c, const char *namespace, const char *name)
{
	for (size_t i = 0; i < c->n_recordings; i++) {
		if (item_is(&c->recordings[i]->item, namespace, name))
			return c->recordings[i];
	}
	return NULL;
}

static void read_spec(struct recording_item *r, const json_t *object)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	recording_spec_release(&r->spec);
	free(r->wrong);
	r->wrong = NULL;
	if (recording_spec_read(object, &r->spec, &err) < 0 &&
		!(r->wrong = strdup(pale_err_text(err))))
		abort();
}

void recording_item_seen(struct controller *c, const json_t *object)
{
	const json_t *metadata = json_object_get(object, "metadata");
	struct recording_item *r =
		recording_item_find(c, text_of(metadata, "namespace"), text_of(metadata, "name"));

	if (!r) {
		r = calloc(1, sizeof(*r));
		c->recordings =
			reallocarray(c->recordings, c->n_recordings + 1, sizeof(*c->recordings));
		if (!r || !c->recordings)
			abort();
		item_init(c, &r->item, CONTROLLER_RECORDING, object);
		c->recordings[c->n_recordings++] = r;
	}
	item_take(&r->item, object);
	read_spec(r, object);
}

/* ---- what was seen of pods and nodes */

json_t *recorded_pod(const json_t *pod)
{
	static const char *const kept[] = { "namespace", "name", "uid", "labels" };
	static const char *const lists[] = { "containers", "initContainers" };
	const json_t *metadata = json_object_get(pod, "metadata");
	const json_t *spec = json_object_get(pod, "spec");
	const char *recording =
		text_of(json_object_get(metadata, "annotations"), "pale.dev/recording");
	json_t *m = json_pack("{s:{s:s}}", "annotations", "pale.dev/recording", recording);
	json_t *s = json_pack("{s:s}", "nodeName", text_of(spec, "nodeName")), *c;
	size_t i;

	if (!*recording) {
		json_decref(m);
		json_decref(s);
		return NULL;
	}
	for (size_t k = 0; k < sizeof(kept) / sizeof(*kept); k++)
		json_object_set(m, kept[k], json_object_get(metadata, kept[k]));
	for (size_t k = 0; k < sizeof(lists) / sizeof(*lists); k++) {
		json_t *names = json_array();

		json_array_foreach (json_object_get(spec, lists[k]), i, c)
			json_array_append_new(
				names, json_pack("{s:s}", "name", text_of(c, "name")));
		json_object_set_new(s, lists[k], names);
	}
	return json_pack("{s:o, s:o}", "metadata", m, "spec", s);
}

static void take_pods(
	struct controller *c, struct recording_item *r, int64_t now, struct event_list *events)
{
	const char *key;
	json_t *pod;

	json_object_foreach (c->recorded_pods, key, pod)
		recording_pod_seen(&r->spec, r->item.status, pod, now, events);
}

/* What is refused is told once; it may be believed later, when its pod was seen. */
static void take_run(
	struct recording_item *r, const char *node, json_t *entry, struct event_list *events)
{
	const char *why = recording_judge_run(&r->spec, r->item.status, node, entry);

	if (why && *why && json_is_true(json_object_get(entry, "refused")))
		return;
	recording_run_seen(&r->spec, r->item.status, node, entry, events);
	if (why && *why)
		json_object_set_new(entry, "refused", json_true());
}

static void take_runs(struct controller *c, struct recording_item *r, struct event_list *events)
{
	const char *node;
	json_t *entries, *entry;
	size_t i;

	json_object_foreach (c->node_runs, node, entries) {
		json_array_foreach (entries, i, entry)
			take_run(r, node, entry, events);
	}
}

/* ---- merging */

static void drop_entries(struct recording_item *r)
{
	json_decref(r->entries);
	r->entries = NULL;
}

static void ask(struct controller *c, struct recording_item *r, int64_t now)
{
	json_t *nodes = json_object(), *names = json_array(), *pod;
	const char *node;
	size_t i;

	c->asked = r;
	c->asked_at = now;
	r->item.turn = ++c->turns;
	json_array_foreach (json_object_get(r->item.status, "pods"), i, pod)
		json_object_set_new(nodes, text_of(pod, "node"), json_true());
	json_object_foreach (nodes, node, pod)
		json_array_append_new(names, json_string(node));
	c->actions->read_runs(c->ctx, r->item.namespace, r->item.name, names);
	json_decref(nodes);
	json_decref(names);
}

/* Runs are large, and recordings may be many. */
void recording_item_ask(struct controller *c, int64_t now)
{
	struct recording_item *next = NULL;

	if (c->asked && !time_is_due(c->asked_at, ASK_AGAIN_S, now))
		return;

	for (size_t i = 0; i < c->n_recordings; i++) {
		struct recording_item *r = c->recordings[i];

		if (r->entries)
			return;
		if (r->complete && time_is_due(r->failed, ASK_AGAIN_S, now) &&
			(!next || r->item.turn < next->item.turn))
			next = r;
	}
	if (next)
		ask(c, next, now);
}

static void add_entries(const struct recording_item *r, const json_t *node, json_t *to)
{
	const char *name = text_of(json_object_get(node, "metadata"), "name");
	json_t *entry;
	size_t i;

	json_array_foreach (json_object_get(json_object_get(node, "status"), "runs"), i, entry) {
		if (!recording_judge_run(&r->spec, r->item.status, name, entry))
			json_array_append(to, entry);
	}
}

void controller_runs(struct controller *c, const char *namespace, const char *name,
	const json_t *nodes, int64_t now)
{
	struct recording_item *r = recording_item_find(c, namespace, name);
	json_t *node;
	size_t i;

	if (!r || r != c->asked || !r->complete || !c->leads)
		return;
	c->asked = NULL;
	r->entries = json_array();
	json_array_foreach (nodes, i, node)
		add_entries(r, node, r->entries);
	controller_tick(c, now);
}

void recording_item_merged(
	struct controller *c, struct recording_item *r, const json_t *result, int64_t now)
{
	struct event_list events = { 0 };
	const struct profile_item *there;
	json_t *draft;

	drop_entries(r);
	r->item.dirty = true;
	if (!strcmp(text_of(result, "reason"), "Timeout"))
		r->failed = now;
	/* It was changed meanwhile, and fails at the next step. */
	if (r->wrong)
		return;
	there = profile_item_find(c, r->spec.profile);
	draft = recording_merged(
		&r->spec, r->item.status, result, there ? there->item.object : NULL, now, &events);
	if (!draft) {
		item_tell(c, &r->item, &events);
		return;
	}
	r->applying = true;
	r->complete = false;
	r->merged = now;
	r->later = events;
	/* Last: it may be answered at once. */
	c->actions->apply(c->ctx, r->item.namespace, r->item.name, draft);
	json_decref(draft);
}

void recording_item_applied(struct controller *c, struct recording_item *r)
{
	if (!r->applying)
		return;
	r->applying = false;
	r->item.dirty = true;
	item_tell(c, &r->item, &r->later);
}

void recording_item_not_applied(struct recording_item *r)
{
	if (!r->applying)
		return;
	r->applying = false;
	r->failed = r->merged;
	event_list_release(&r->later);
	item_take_status(&r->item);
}

void recording_item_step(struct controller *c, struct recording_item *r, int64_t now)
{
	struct item *i = &r->item;
	struct event_list events = { 0 };

	i->dirty = false;
	if (r->applying)
		return;
	if (!r->wrong) {
		take_pods(c, r, now, &events);
		take_runs(c, r, &events);
	}
	r->complete =
		recording_step(&r->spec, r->wrong, i->status, item_generation(i), now, &events);
	item_tell(c, i, &events);
	item_write(c, i, false, now);
	if (!r->complete)
		drop_entries(r);
}
