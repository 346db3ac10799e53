/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/controller/controller_internal.h"

#include "compiler/base/cleanup.h"
#include "operator/controller/profile_compile.h"
#include "operator/controller/recording.h"
#include "operator/controller/recording_merge.h"

#include <stdlib.h>
#include <string.h>

/* Times pass, nodes fall silent: all is looked at so often. */
#define LOOK_S 30

static const char *text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

static void make_dirty(void *ctx, const char *profile)
{
	struct profile_item *p = profile_item_find(ctx, profile);

	if (p)
		p->item.dirty = true;
}

struct controller *controller_new(const struct controller_actions *actions, void *ctx)
{
	struct controller *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	*c = (struct controller){
		.actions = actions,
		.ctx = ctx,
		.users = { .changed = make_dirty, .ctx = c },
		.nodes = { .changed = make_dirty, .ctx = c },
		.recorded_pods = json_object(),
		.node_runs = json_object(),
		.work = { .fd = -1 },
	};
	return c;
}

static void close_work(struct controller *c)
{
	c->actions->watch(c->ctx, -1);
	limited_process_close(&c->work);
}

static void give_up(struct controller *c)
{
	if (!c->work.pid)
		return;
	json_decref(limited_process_give_up(&c->work));
	close_work(c);
}

void controller_free(struct controller *c)
{
	if (!c)
		return;
	give_up(c);
	for (size_t i = 0; i < c->n_profiles; i++)
		profile_item_free(c->profiles[i]);
	for (size_t i = 0; i < c->n_recordings; i++)
		recording_item_free(c->recordings[i]);
	free(c->profiles);
	free(c->recordings);
	profile_users_release(&c->users);
	node_table_release(&c->nodes);
	json_decref(c->recorded_pods);
	json_decref(c->node_runs);
	free(c);
}

/* ---- what is seen */

static void profile_seen(struct controller *c, const json_t *object)
{
	const char *name = text_of(json_object_get(object, "metadata"), "name");
	struct profile_item *p = profile_item_find(c, name);
	bool first = !p;

	if (first) {
		p = calloc(1, sizeof(*p));
		c->profiles = reallocarray(c->profiles, c->n_profiles + 1, sizeof(*c->profiles));
		if (!p || !c->profiles)
			abort();
		item_init(c, &p->item, CONTROLLER_PROFILE, object);
		c->profiles[c->n_profiles++] = p;
	}
	item_take(&p->item, object);
	if (first)
		rollout_read(p->item.status, &p->rollout);
}

static void recordings_are_dirty(struct controller *c)
{
	for (size_t i = 0; i < c->n_recordings; i++)
		c->recordings[i]->item.dirty = true;
}

static char *key_of(const char *namespace, const char *name)
{
	struct text t = TEXT_INIT;

	text_printf(&t, "%s/%s", namespace, name);
	return text_take(&t);
}

static void pod_seen(struct controller *c, const json_t *object)
{
	const json_t *metadata = json_object_get(object, "metadata");
	_cleanup_free_ char *key =
		key_of(text_of(metadata, "namespace"), text_of(metadata, "name"));
	json_t *kept = recorded_pod(object);

	profile_users_seen(&c->users, USER_POD, object);
	if (!kept) {
		json_object_del(c->recorded_pods, key);
		return;
	}
	if (json_equal(kept, json_object_get(c->recorded_pods, key))) {
		json_decref(kept);
		return;
	}
	json_object_set_new(c->recorded_pods, key, kept);
	recordings_are_dirty(c);
}

/* But for what was made of the @old ones. */
static bool are_the_same_runs(const json_t *new, const json_t *old)
{
	json_t *copy = json_deep_copy(old), *entry;
	bool same;
	size_t i;

	json_array_foreach (copy, i, entry)
		json_object_del(entry, "refused");
	same = json_equal(new, copy);
	json_decref(copy);
	return same;
}

static void node_seen(struct controller *c, const json_t *object)
{
	const char *name = text_of(json_object_get(object, "metadata"), "name");
	json_t *all = json_array(), *entry;
	size_t i;

	node_table_seen(&c->nodes, object);
	json_array_foreach (json_object_get(json_object_get(object, "status"), "runs"), i, entry) {
		if (json_is_object(entry))
			json_array_append_new(all, recording_entry_without_run(entry));
	}
	if (are_the_same_runs(all, json_object_get(c->node_runs, name))) {
		json_decref(all);
		return;
	}
	if (json_array_size(all) || json_object_get(c->node_runs, name))
		recordings_are_dirty(c);
	if (json_array_size(all))
		json_object_set_new(c->node_runs, name, all);
	else {
		json_object_del(c->node_runs, name);
		json_decref(all);
	}
}

/* NULL for one that it does not know, and of kinds whose status is not its own. */
static struct item *find_item(const struct controller *c, enum controller_kind kind,
	const char *namespace, const char *name)
{
	struct profile_item *p = kind == CONTROLLER_PROFILE ? profile_item_find(c, name) : NULL;
	struct recording_item *r =
		kind == CONTROLLER_RECORDING ? recording_item_find(c, namespace, name) : NULL;

	return p ? &p->item : r ? &r->item : NULL;
}

/* That one was gone may have been missed: watches are interrupted. */
static void forget_predecessor(
	struct controller *c, enum controller_kind kind, const json_t *object)
{
	const json_t *metadata = json_object_get(object, "metadata");
	const char *namespace = text_of(metadata, "namespace"), *name = text_of(metadata, "name");
	const struct item *i = find_item(c, kind, namespace, name);

	if (i && item_is_another(i, object))
		controller_gone(c, kind, namespace, name);
}

void controller_seen(struct controller *c, enum controller_kind kind, const json_t *object)
{
	forget_predecessor(c, kind, object);
	switch (kind) {
	case CONTROLLER_PROFILE:
		profile_seen(c, object);
		return;
	case CONTROLLER_BINDING:
		profile_users_seen(&c->users, USER_BINDING, object);
		return;
	case CONTROLLER_NAMESPACE:
		profile_users_seen(&c->users, USER_NAMESPACE, object);
		return;
	case CONTROLLER_POD:
		pod_seen(c, object);
		return;
	case CONTROLLER_NODE_STATUS:
		node_seen(c, object);
		return;
	case CONTROLLER_RECORDING:
		recording_item_seen(c, object);
		return;
	case CONTROLLER_KINDS:
		return;
	}
}

/* ---- what is gone */

static void forget_work(struct controller *c, const struct item *i)
{
	if (c->of == i)
		c->of = NULL;
}

static void profile_gone(struct controller *c, const char *name)
{
	for (size_t i = 0; i < c->n_profiles; i++) {
		struct profile_item *p = c->profiles[i];

		if (!item_is(&p->item, "", name))
			continue;
		forget_work(c, &p->item);
		profile_item_free(p);
		c->profiles[i] = c->profiles[--c->n_profiles];
		return;
	}
}

static void recording_gone(struct controller *c, const char *namespace, const char *name)
{
	for (size_t i = 0; i < c->n_recordings; i++) {
		struct recording_item *r = c->recordings[i];

		if (!item_is(&r->item, namespace, name))
			continue;
		forget_work(c, &r->item);
		if (c->asked == r)
			c->asked = NULL;
		recording_item_free(r);
		c->recordings[i] = c->recordings[--c->n_recordings];
		return;
	}
}

void controller_gone(
	struct controller *c, enum controller_kind kind, const char *namespace, const char *name)
{
	_cleanup_free_ char *key = key_of(namespace, name);

	switch (kind) {
	case CONTROLLER_PROFILE:
		profile_gone(c, name);
		return;
	case CONTROLLER_BINDING:
		profile_users_gone(&c->users, USER_BINDING, namespace, name);
		return;
	case CONTROLLER_NAMESPACE:
		profile_users_gone(&c->users, USER_NAMESPACE, namespace, name);
		return;
	case CONTROLLER_POD:
		profile_users_gone(&c->users, USER_POD, namespace, name);
		json_object_del(c->recorded_pods, key);
		return;
	case CONTROLLER_NODE_STATUS:
		node_table_gone(&c->nodes, name);
		json_object_del(c->node_runs, name);
		return;
	case CONTROLLER_RECORDING:
		recording_gone(c, namespace, name);
		return;
	case CONTROLLER_KINDS:
		return;
	}
}

void controller_synced(struct controller *c, enum controller_kind kind)
{
	c->synced[kind] = true;
}

static bool knows_all(const struct controller *c)
{
	for (int kind = 0; kind < CONTROLLER_KINDS; kind++) {
		if (!c->synced[kind])
			return false;
	}
	return true;
}

/* ---- work in a child */

static void start(
	struct controller *c, struct item *of, limited_work work, const void *arg, int64_t now)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	/* It is tried again at the next tick. */
	if (limited_process_start(&c->work, work, arg, &work_limits_default, &err) < 0) {
		c->actions->event(
			c->ctx, of->kind, of->object, true, "WorkNotStarted", pale_err_text(err));
		return;
	}
	c->of = of;
	c->work_generation = item_generation(of);
	c->work_since = now;
	c->actions->watch(c->ctx, c->work.fd);
}

static void start_compile(struct controller *c, struct profile_item *p, int64_t now)
{
	const struct profile_input input = { p->item.name,
		json_object_get(p->item.object, "spec") };

	start(c, &p->item, profile_compile_work, &input, now);
}

static void start_merge(struct controller *c, struct recording_item *r, int64_t now)
{
	const struct recording_runs runs = { r->spec.profile, r->entries };

	start(c, &r->item, recording_merge_work, &runs, now);
}

static struct item *next_in_turn(const struct controller *c, int64_t now)
{
	struct item *next = NULL;

	for (size_t i = 0; i < c->n_profiles; i++) {
		struct item *of = &c->profiles[i]->item;

		if (profile_item_wants_work(c->profiles[i], now) &&
			(!next || of->turn < next->turn))
			next = of;
	}
	for (size_t i = 0; i < c->n_recordings; i++) {
		struct item *of = &c->recordings[i]->item;

		if (c->recordings[i]->entries && (!next || of->turn < next->turn))
			next = of;
	}
	return next;
}

static void start_next(struct controller *c, int64_t now)
{
	struct item *next = next_in_turn(c, now);

	if (!next)
		return;
	next->turn = ++c->turns;
	if (next->kind == CONTROLLER_PROFILE)
		start_compile(c, (struct profile_item *)next, now);
	else
		start_merge(c, (struct recording_item *)next, now);
}

static void work_ended(struct controller *c, json_t *result, int64_t now)
{
	struct item *of = c->of;

	close_work(c);
	c->of = NULL;
	if (of && of->kind == CONTROLLER_PROFILE)
		profile_item_compiled(c, (struct profile_item *)of, result, now);
	else if (of)
		recording_item_merged(c, (struct recording_item *)of, result, now);
	json_decref(result);
}

void controller_readable(struct controller *c, int64_t now)
{
	json_t *result;

	if (!c->work.pid || !limited_process_read(&c->work, &result))
		return;
	work_ended(c, result, now);
	controller_tick(c, now);
}

/* ---- time */

static void begin_to_lead(struct controller *c)
{
	for (size_t i = 0; i < c->n_profiles; i++) {
		struct profile_item *p = c->profiles[i];

		item_take_status(&p->item);
		rollout_read(p->item.status, &p->rollout);
		p->compiled = 0;
	}
	for (size_t i = 0; i < c->n_recordings; i++)
		item_take_status(&c->recordings[i]->item);
}

static void cease_to_lead(struct controller *c)
{
	give_up(c);
	c->of = NULL;
	for (size_t i = 0; i < c->n_recordings; i++) {
		recording_item_not_applied(c->recordings[i]);
		json_decref(c->recordings[i]->entries);
		c->recordings[i]->entries = NULL;
		c->recordings[i]->complete = false;
	}
	c->asked = NULL;
}

void controller_lead(struct controller *c, bool leads)
{
	if (leads && !c->leads)
		begin_to_lead(c);
	if (!leads && c->leads)
		cease_to_lead(c);
	c->leads = leads;
}

static void step_all(struct controller *c, int64_t now)
{
	bool look = time_is_due(c->looked, LOOK_S, now);

	if (look)
		c->looked = now;
	for (size_t i = 0; i < c->n_profiles; i++) {
		if (look || c->profiles[i]->item.dirty)
			profile_item_step(c, c->profiles[i], now);
	}
	for (size_t i = 0; i < c->n_recordings; i++) {
		if (look || c->recordings[i]->item.dirty)
			recording_item_step(c, c->recordings[i], now);
	}
}

void controller_tick(struct controller *c, int64_t now)
{
	if (!c->leads || !knows_all(c))
		return;
	/* The clock was set back. */
	if (now < c->work_since)
		c->work_since = now;
	if (c->work.pid && now >= c->work_since + WORK_DEADLINE_S)
		work_ended(c, limited_process_give_up(&c->work), now);
	step_all(c, now);
	recording_item_ask(c, now);
	if (!c->work.pid)
		start_next(c, now);
}

void controller_failed(
	struct controller *c, enum controller_kind kind, const char *namespace, const char *name)
{
	struct item *i = find_item(c, kind, namespace, name);

	if (!i)
		return;
	if (kind == CONTROLLER_PROFILE) {
		free(((struct profile_item *)i)->patched);
		((struct profile_item *)i)->patched = NULL;
	} else {
		recording_item_not_applied((struct recording_item *)i);
	}
	json_object_clear(i->written);
	i->dirty = true;
}

void controller_applied(struct controller *c, const char *namespace, const char *name)
{
	struct recording_item *r = recording_item_find(c, namespace, name);

	if (r)
		recording_item_applied(c, r);
}

void controller_count_profiles(const struct controller *c, uint32_t counts[PROFILE_STATES])
{
	memset(counts, 0, PROFILE_STATES * sizeof(*counts));
	for (size_t i = 0; i < c->n_profiles; i++)
		counts[profile_item_state(c->profiles[i])]++;
}
