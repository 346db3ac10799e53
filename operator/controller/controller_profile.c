/* SPDX-License-Identifier: Apache-2.0 */
/* A PaleProfile: compiled, distributed, rolled out, kept while it is used. */
#include "operator/controller/controller_internal.h"

#include "operator/controller/condition.h"
#include "operator/controller/finalizer.h"
#include "operator/controller/node_status.h"
#include "operator/controller/profile_status.h"

#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

struct profile_item *profile_item_find(const struct controller *c, const char *name)
{
	for (size_t i = 0; i < c->n_profiles; i++) {
		if (item_is(&c->profiles[i]->item, "", name))
			return c->profiles[i];
	}
	return NULL;
}

void profile_item_free(struct profile_item *p)
{
	if (!p)
		return;
	item_release(&p->item);
	free(p->patched);
	free(p);
}

const char *const profile_state_names[PROFILE_STATES] = {
	[PROFILE_PENDING] = "pending",
	[PROFILE_REJECTED] = "rejected",
	[PROFILE_DISTRIBUTING] = "distributing",
	[PROFILE_READY] = "ready",
	[PROFILE_DEGRADED] = "degraded",
};

enum profile_state profile_item_state(const struct profile_item *p)
{
	const json_t *status = p->item.seen;

	if (!condition_find(status, "Compiled"))
		return PROFILE_PENDING;
	if (!condition_holds(status, "Compiled"))
		return PROFILE_REJECTED;
	if (condition_holds(status, "Degraded"))
		return PROFILE_DEGRADED;
	return condition_holds(status, "Ready") ? PROFILE_READY : PROFILE_DISTRIBUTING;
}

/* How long until a compile that did not end is tried again. */
#define COMPILE_AGAIN_S 60

bool profile_item_wants_work(const struct profile_item *p, int64_t now)
{
	return p->compiled != item_generation(&p->item) &&
	       time_is_due(p->failed, COMPILE_AGAIN_S, now);
}

void profile_item_compiled(
	struct controller *c, struct profile_item *p, const json_t *outcome, int64_t now)
{
	struct event_list events = { 0 };

	if (!strcmp(text_of(outcome, "reason"), "Timeout"))
		p->failed = now;
	else
		p->compiled = c->work_generation;
	profile_status_compiled(p->item.status, outcome, c->work_generation, now, &events);
	item_tell(c, &p->item, &events);
	p->item.dirty = true;
}

static void step_rollout(struct controller *c, struct profile_item *p,
	const struct node_counts *counts, int64_t now, struct event_list *events)
{
	const json_t *spec = json_object_get(p->item.object, "spec");
	struct rollout stored;
	struct rollout_spec of;
	const struct rollout_view view = {
		.now = now,
		.digest = text_of(p->item.status, "digest"),
		.nodes_total = counts->total,
		.nodes_ready = counts->ready + counts->degraded,
		.pods = profile_users_count(&c->users, p->item.name, USER_POD),
		.violations = counts->violations,
	};

	rollout_spec_read(spec, &of);
	rollout_read(p->item.status, &stored);
	rollout_step(&p->rollout, &of, &view, events);
	if (rollout_must_write(&stored, &p->rollout) || !*text_of(p->item.status, "mode") ||
		p->rollout.phase == ROLLOUT_NONE)
		rollout_write(&p->rollout, &of, spec, p->item.status);
}

static void step_finalizer(struct controller *c, struct profile_item *p)
{
	const char *version =
		text_of(json_object_get(p->item.object, "metadata"), "resourceVersion");
	json_t *patch = finalizer_patch(p->item.object, &c->users);

	/* What was decided on this version is on its way. */
	if (patch && (!p->patched || strcmp(p->patched, version) != 0)) {
		free(p->patched);
		p->patched = strdup(version);
		c->actions->patch_profile(c->ctx, p->item.name, patch);
	}
	json_decref(patch);
}

/* Nothing holds it. */
static bool is_going(const struct controller *c, const struct item *i)
{
	return json_object_get(json_object_get(i->object, "metadata"), "deletionTimestamp") &&
	       !profile_users_any(&c->users, i->name);
}

void profile_item_step(struct controller *c, struct profile_item *p, int64_t now)
{
	struct item *i = &p->item;
	struct event_list events = { 0 };
	struct node_counts counts;

	i->dirty = false;
	step_finalizer(c, p);
	/* Of one that has not been compiled there is nothing to tell, nor of one that is gone. */
	if (!condition_find(i->status, "Compiled") || is_going(c, i))
		return;
	node_table_count(&c->nodes, i->name, text_of(i->status, "digest"), now, &counts);
	node_status_put(i->status, &counts, item_generation(i), now, &events);
	step_rollout(c, p, &counts, now, &events);
	finalizer_status(i->object, &c->users, i->status, now, &events);
	text_release(&counts.trouble);
	item_tell(c, i, &events);
	item_write(c, i, true, now);
}
