/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/controller/rollout.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "operator/api_time.h"
#include "operator/controller/status_text.h"

#include <inttypes.h>
#include <string.h>

#define HOUR 3600

const char *const rollout_phase_names[ROLLOUT_PHASES] = {
	[ROLLOUT_NONE] = "None",
	[ROLLOUT_AUDIT] = "Audit",
	[ROLLOUT_CANARY] = "Canary",
	[ROLLOUT_ENFORCE] = "Enforce",
	[ROLLOUT_COMPLETE] = "Complete",
	[ROLLOUT_HELD] = "Held",
};

static const char *const pause_names[ROLLOUT_PAUSES] = {
	[ROLLOUT_GOES_ON] = NULL,
	[ROLLOUT_NODES_NOT_READY] = "NodesNotReady",
	[ROLLOUT_NO_PODS] = "NoPods",
};

/* ---- JSON */

static const char *text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

/* @otherwise for what is none, or out of bounds. */
static int64_t number_of(
	const json_t *o, const char *member, int64_t from, int64_t to, int64_t otherwise)
{
	const json_t *v = json_object_get(o, member);
	json_int_t n = json_integer_value(v);

	return json_is_integer(v) && n >= from && n <= to ? n : otherwise;
}

/* 100 years, so that no sum of them overflows. */
#define HOURS_MAX   876000
#define HOURS_USUAL 24

struct wish {
	const char *member;
	int64_t max, absent, careful; /* careful: for what is no number from 0 to max */
};
static const struct wish audit_hours = { "auditHours", HOURS_MAX, HOURS_USUAL, HOURS_MAX };
static const struct wish canary_percent = { "canaryPercent", 100, 0, 1 };
static const struct wish max_violations = { "maxViolationsPerHour", INT64_MAX, -1, 0 };

static int64_t wish_of(const json_t *rollout, const struct wish *w)
{
	const json_t *v = json_object_get(rollout, w->member);

	return !v || json_is_null(v) ? w->absent
				     : number_of(rollout, w->member, 0, w->max, w->careful);
}

void rollout_spec_read(const json_t *spec, struct rollout_spec *ret)
{
	const json_t *rollout = json_object_get(spec, "rollout");

	*ret = (struct rollout_spec){
		.wanted = rollout && !json_is_null(rollout) &&
			  strcmp(text_of(spec, "mode"), "audit") != 0,
		.audit_hours = (uint32_t)wish_of(rollout, &audit_hours),
		.canary_percent = (uint32_t)wish_of(rollout, &canary_percent),
		.max_per_hour = wish_of(rollout, &max_violations),
	};
}

static int find_word(const char *const *names, int n, const char *word)
{
	for (int i = 0; i < n; i++) {
		if (names[i] && !strcmp(names[i], word))
			return i;
	}
	return 0;
}

void rollout_read(const json_t *status, struct rollout *ret)
{
	const json_t *o = json_object_get(status, "rollout");
	const char *digest = text_of(o, "digest");

	*ret = (struct rollout){
		.phase = (enum rollout_phase)find_word(
			rollout_phase_names, ROLLOUT_PHASES, text_of(o, "phase")),
		.pause = (enum rollout_pause)find_word(
			pause_names, ROLLOUT_PAUSES, text_of(o, "paused")),
		.noisy = json_is_true(json_object_get(o, "noisy")),
		.since = api_time_parse(json_object_get(o, "since")),
		.observed = api_time_parse(json_object_get(o, "observed")),
		.clean = (uint64_t)number_of(o, "cleanSeconds", 0, (int64_t)HOURS_MAX * HOUR, 0),
		.steps_back = (uint32_t)number_of(o, "stepsBack", 0, ROLLOUT_STEPS_BACK_MAX, 0),
		.canary_percent = (uint32_t)number_of(o, "canaryPercent", 0, 100, 0),
	};
	if (strlen(digest) >= sizeof(ret->digest) || ret->since < 0 || ret->observed < 0) {
		*ret = (struct rollout){ 0 };
		return;
	}
	memcpy(ret->digest, digest, strlen(digest) + 1);
}

static const char *const modes[ROLLOUT_PHASES] = {
	[ROLLOUT_AUDIT] = "audit",
	[ROLLOUT_CANARY] = "audit",
	[ROLLOUT_ENFORCE] = "enforce",
	[ROLLOUT_COMPLETE] = "enforce",
	[ROLLOUT_HELD] = "audit",
};

static json_t *message_of(const struct rollout *r, const struct rollout_spec *spec)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (r->phase == ROLLOUT_COMPLETE)
		return json_string("enforced");
	if (r->phase == ROLLOUT_HELD)
		return json_sprintf("went back %d times: audited until the policy is another one",
			ROLLOUT_STEPS_BACK_MAX);
	text_printf(&t, "%" PRIu64 " of %u clean hours", r->clean / HOUR, spec->audit_hours);
	if (r->noisy)
		text_puts(&t, "; there were violations in the last hour");
	if (r->pause == ROLLOUT_NODES_NOT_READY)
		text_puts(&t, "; waiting for nodes that are not ready");
	if (r->pause == ROLLOUT_NO_PODS)
		text_puts(&t, "; waiting for a pod that uses it");
	return json_string(text_str(&t));
}

void rollout_write(const struct rollout *r, const struct rollout_spec *spec,
	const json_t *object_spec, json_t *status)
{
	json_t *o;

	if (r->phase == ROLLOUT_NONE) {
		json_object_del(status, "rollout");
		json_object_set_new(status, "mode",
			json_string(spec->wanted || !strcmp(text_of(object_spec, "mode"), "audit")
					    ? "audit"
					    : "enforce"));
		return;
	}
	o = json_pack("{s:s, s:s, s:o, s:o, s:I, s:I, s:o}", "phase", rollout_phase_names[r->phase],
		"digest", r->digest, "since", api_time(r->since), "observed", api_time(r->observed),
		"cleanSeconds", (json_int_t)r->clean, "stepsBack", (json_int_t)r->steps_back,
		"message", message_of(r, spec));
	if (r->phase == ROLLOUT_CANARY)
		json_object_set_new(o, "canaryPercent", json_integer(r->canary_percent));
	if (r->noisy)
		json_object_set_new(o, "noisy", json_true());
	if (r->pause)
		json_object_set_new(o, "paused", json_string(pause_names[r->pause]));
	json_object_set_new(status, "rollout", o);
	json_object_set_new(status, "mode", json_string(modes[r->phase]));
}

bool rollout_must_write(const struct rollout *stored, const struct rollout *r)
{
	if (stored->phase != r->phase || stored->pause != r->pause || stored->noisy != r->noisy ||
		stored->since != r->since || stored->steps_back != r->steps_back ||
		stored->clean > r->clean || stored->observed > r->observed ||
		stored->canary_percent != r->canary_percent ||
		strcmp(stored->digest, r->digest) != 0)
		return true;
	return r->phase != ROLLOUT_COMPLETE && r->phase != ROLLOUT_HELD &&
	       r->phase != ROLLOUT_NONE && r->observed - stored->observed >= ROLLOUT_WRITE_INTERVAL;
}

/* ---- steps */

static void enter(struct rollout *r, enum rollout_phase phase, const struct rollout_spec *spec,
	const struct rollout_view *view)
{
	r->phase = phase;
	r->since = view->now;
	r->clean = 0;
	r->canary_percent = phase == ROLLOUT_CANARY ? spec->canary_percent : 0;
}

static void begin(struct rollout *r, const struct rollout_spec *spec,
	const struct rollout_view *view, struct event_list *events)
{
	*r = (struct rollout){ .observed = view->now };
	snprintf(r->digest, sizeof(r->digest), "%s", view->digest);
	enter(r, ROLLOUT_AUDIT, spec, view);
	event_list_add(events, false, "RolloutStarted",
		"digest %.12s is audited until there were %u clean hours", r->digest,
		spec->audit_hours);
}

static bool can_go_back(const struct rollout *r, const struct rollout_spec *spec)
{
	return spec->max_per_hour >= 0 &&
	       (r->phase == ROLLOUT_CANARY || r->phase == ROLLOUT_ENFORCE);
}

static void go_back(struct rollout *r, const struct rollout_spec *spec,
	const struct rollout_view *view, struct event_list *events)
{
	const char *from = rollout_phase_names[r->phase];

	r->steps_back++;
	enter(r, r->steps_back < ROLLOUT_STEPS_BACK_MAX ? ROLLOUT_AUDIT : ROLLOUT_HELD, spec, view);
	event_list_add(events, true, "RolloutSteppedBack",
		"%" PRIu64 " violations in an hour, and %" PRId64
		" are allowed: from %s back to %s; running containers keep their mode",
		view->violations, spec->max_per_hour, from, rollout_phase_names[r->phase]);
}

static enum rollout_phase next_phase(const struct rollout *r, const struct rollout_spec *spec)
{
	if (r->phase == ROLLOUT_AUDIT && spec->canary_percent)
		return ROLLOUT_CANARY;
	if (r->phase != ROLLOUT_ENFORCE && spec->max_per_hour >= 0)
		return ROLLOUT_ENFORCE;
	return ROLLOUT_COMPLETE;
}

static void go_on(struct rollout *r, const struct rollout_spec *spec,
	const struct rollout_view *view, struct event_list *events)
{
	static const char *const what[ROLLOUT_PHASES] = {
		[ROLLOUT_CANARY] = "some new pods are under enforce",
		[ROLLOUT_ENFORCE] = "all new pods are under enforce",
		[ROLLOUT_COMPLETE] = "enforced for good",
	};
	const char *from = rollout_phase_names[r->phase];

	enter(r, next_phase(r, spec), spec, view);
	event_list_add(events, false, "RolloutStepped",
		"%u clean hours: from %s to %s, %s; running containers keep their mode",
		spec->audit_hours, from, rollout_phase_names[r->phase], what[r->phase]);
}

static enum rollout_pause pause_of(const struct rollout_view *view)
{
	if (view->nodes_ready < view->nodes_total || !view->nodes_total)
		return ROLLOUT_NODES_NOT_READY;
	return view->pods ? ROLLOUT_GOES_ON : ROLLOUT_NO_PODS;
}

static void set_pause(struct rollout *r, const struct rollout_view *view, struct event_list *events)
{
	enum rollout_pause pause = pause_of(view);

	if (pause == ROLLOUT_NODES_NOT_READY && r->pause != pause)
		event_list_add(events, true, "RolloutPaused",
			"%u of %u nodes are ready: hours do not count meanwhile", view->nodes_ready,
			view->nodes_total);
	r->pause = pause;
}

/* Of the time since the last look, what was spent as it should be: at both ends, at least. */
static uint64_t counted(const struct rollout *r, const struct rollout_view *view)
{
	int64_t elapsed = view->now - r->observed;

	if (r->pause || r->noisy || pause_of(view) || elapsed < 0 || elapsed > ROLLOUT_GAP_MAX)
		return 0;
	return (uint64_t)elapsed;
}

void rollout_step(struct rollout *r, const struct rollout_spec *spec,
	const struct rollout_view *view, struct event_list *events)
{
	uint64_t allowed = spec->max_per_hour > 0 ? (uint64_t)spec->max_per_hour : 0;
	bool noisy = view->violations > allowed;

	if (!spec->wanted) {
		*r = (struct rollout){ 0 };
		return;
	}
	if (!*view->digest)
		return;
	if (r->phase == ROLLOUT_NONE || strcmp(r->digest, view->digest) != 0)
		begin(r, spec, view, events);
	if (r->phase == ROLLOUT_COMPLETE || r->phase == ROLLOUT_HELD) {
		r->pause = ROLLOUT_GOES_ON;
		r->noisy = false;
		return;
	}
	if (r->phase == ROLLOUT_CANARY)
		r->canary_percent = spec->canary_percent;
	r->clean = noisy ? 0 : r->clean + counted(r, view);
	r->noisy = noisy;
	set_pause(r, view, events);
	r->observed = view->now;
	if (noisy && can_go_back(r, spec))
		go_back(r, spec, view, events);
	else if (!noisy && !r->pause && r->clean >= (uint64_t)spec->audit_hours * HOUR)
		go_on(r, spec, view, events);
}
