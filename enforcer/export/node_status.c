/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/node_status.h"

#include "compiler/base/cleanup.h"
#include "enforcer/export/paled_lines.h"

#include <string.h>
#include <time.h>

/* Prometheus asks each 15 seconds, or more rarely. */
#define EACH_US	   10000000u
#define TIMEOUT_US 5000000u

const char *const profile_state_names[PROFILE_STATES] = {
	[PROFILE_ENFORCE] = "enforce",
	[PROFILE_AUDIT] = "audit",
	[PROFILE_WRONG] = "wrong",
};

const char *const container_enforcement_names[CONTAINER_ENFORCEMENTS] = {
	[CONTAINER_ENFORCE] = "enforce",
	[CONTAINER_AUDIT] = "audit",
	[CONTAINER_UNCONFINED] = "unconfined",
};

struct node_status {
	sd_event *loop;
	const char *run;
	sd_event_source *timer;
	struct paled_lines *lines;
	int answers;
	struct node_numbers now, coming;
};

static uint64_t number(const json_t *o, const char *member)
{
	json_int_t v = json_integer_value(json_object_get(o, member));

	return v > 0 ? (uint64_t)v : 0;
}

static bool is(const json_t *o, const char *member, const char *value)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s && strcmp(s, value) == 0;
}

static void take_status(struct node_numbers *n, const json_t *body)
{
	const json_t *events = json_object_get(body, "events");

	n->lost = number(events, "lost");
	n->throttled = number(events, "throttled");
	n->unattributed = number(events, "unattributed");
}

static void take_ps(struct node_numbers *n, const json_t *body)
{
	const json_t *c;
	size_t i;

	json_array_foreach (json_object_get(body, "containers"), i, c) {
		enum container_enforcement e = is(c, "mode", "enforce") ? CONTAINER_ENFORCE
					       : is(c, "mode", "audit") ? CONTAINER_AUDIT
									: CONTAINER_UNCONFINED;

		if (is(c, "state", "stopped"))
			continue;
		n->containers[e]++;
		n->restart_required += json_is_true(json_object_get(c, "restart_required"));
	}
}

static void take_profiles(struct node_numbers *n, const json_t *body)
{
	const json_t *p;
	size_t i;

	json_array_foreach (json_object_get(body, "profiles"), i, p)
		n->profiles[json_object_get(p, "error") ? PROFILE_WRONG
			    : is(p, "mode", "audit")	? PROFILE_AUDIT
							: PROFILE_ENFORCE]++;
}

static const struct {
	const char *method;
	void (*take)(struct node_numbers *n, const json_t *body);
} questions[NODE_ANSWERS] = {
	{ "status", take_status },
	{ "ps", take_ps },
	{ "profiles", take_profiles },
};

bool node_numbers_take(struct node_numbers *n, int answer, const json_t *body)
{
	if (!json_is_true(json_object_get(body, "ok")))
		return false;
	questions[answer].take(n, body);
	return true;
}

static void finish(struct node_status *n, bool up)
{
	paled_lines_free(n->lines);
	n->lines = NULL;
	if (up)
		n->now = n->coming;
	n->now.up = up;
	sd_event_source_set_time_relative(n->timer, EACH_US);
	sd_event_source_set_enabled(n->timer, SD_EVENT_ONESHOT);
}

static void on_line(void *ctx, const char *line, size_t len)
{
	struct node_status *n = ctx;
	json_t *body = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	bool ok = node_numbers_take(&n->coming, n->answers, body);

	json_decref(body);
	if (!ok || ++n->answers == NODE_ANSWERS)
		finish(n, ok);
}

static void on_closed(void *ctx, const char *why)
{
	(void)why;
	finish(ctx, false);
}

static int on_timer(sd_event_source *source, uint64_t us, void *ctx)
{
	struct node_status *n = ctx;
	const struct paled_lines_handler handler = { on_line, NULL, on_closed, n };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	(void)source;
	(void)us;
	/* It did not answer in time. */
	if (n->lines) {
		finish(n, false);
		return 0;
	}
	n->coming = (struct node_numbers){ 0 };
	n->answers = 0;
	if (paled_lines_new(n->loop, n->run, "events", &handler, &n->lines, &err) < 0) {
		finish(n, false);
		return 0;
	}
	for (int i = 0; i < NODE_ANSWERS; i++) {
		json_t *request =
			json_pack("{s:i, s:s}", "version", 1, "method", questions[i].method);

		paled_lines_send(n->lines, request);
		json_decref(request);
	}
	sd_event_source_set_time_relative(n->timer, TIMEOUT_US);
	sd_event_source_set_enabled(n->timer, SD_EVENT_ONESHOT);
	return 0;
}

struct node_status *node_status_new(sd_event *event, const char *run)
{
	struct node_status *n = calloc(1, sizeof(*n));

	if (!n)
		abort();
	n->loop = event;
	n->run = run;
	if (sd_event_add_time_relative(event, &n->timer, CLOCK_MONOTONIC, 0, 1000, on_timer, n) < 0)
		abort();
	return n;
}

void node_status_free(struct node_status *n)
{
	if (!n)
		return;
	paled_lines_free(n->lines);
	sd_event_source_disable_unref(n->timer);
	free(n);
}

const struct node_numbers *node_status_numbers(const struct node_status *n)
{
	return &n->now;
}
