/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/response.h"

#include "compiler/base/cleanup.h"
#include "enforcer/daemon/container_group.h"
#include "enforcer/daemon/event.h"
#include "enforcer/daemon/response_target.h"
#include "enforcer/daemon/violation_window.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#define SECOND_NS 1000000000u
/* How a container that is to be frozen or killed is looked after: so often, so many times. */
#define LOOK_US	  10000
#define LOOKS_MAX 100
/* Of version 1: how many looks are waited for its tasks to be frozen before they are killed. */
#define FREEZE_LOOKS 30

struct response_counts {
	unsigned serial; /* of the configuration that the windows are for */
	struct violation_window *windows;
	uint32_t n;
	uint64_t full_ns; /* CLOCK_MONOTONIC: when RESPONSES_A_SECOND may be done at once again */
	uint64_t skipped; /* since the last one that was told */
	bool killed;	  /* the container, to its last process */
};

/* A container that is being killed or frozen. */
struct work {
	struct daemon *d;
	uint32_t container; /* its number */
	enum response_action action;
	/* Held, so that it is the one that was asked for whoever has its name meanwhile. */
	struct container_group group;
	json_t *event; /* what will be told */
	unsigned looks;
	bool killed; /* its processes were sent what kills them */
	bool thaw;   /* they were frozen to be killed together */
	sd_event_source *source;
	struct work *next;
};

struct responses {
	unsigned serial;
	struct work *works;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

static void release_windows(struct response_counts *r)
{
	for (uint32_t i = 0; i < r->n; i++)
		violation_window_release(&r->windows[i]);
	free(r->windows);
	r->windows = NULL;
	r->n = 0;
}

void response_counts_free(struct response_counts *r)
{
	if (r)
		release_windows(r);
	free(r);
}

static struct response_counts *counts_of(const struct daemon *d, struct container *c)
{
	struct response_counts *r = c->responses;

	if (!r) {
		r = c->responses = calloc(1, sizeof(*r));
		if (!r)
			abort();
	}
	if (r->serial != d->responses->serial) {
		release_windows(r);
		r->serial = d->responses->serial;
		r->n = d->config.n_responses;
		r->windows = calloc(r->n, sizeof(*r->windows));
		if (!r->windows)
			abort();
	}
	return r;
}

static bool take_token(struct response_counts *r)
{
	const uint64_t interval = SECOND_NS / RESPONSES_A_SECOND;
	uint64_t now = now_ns(), next = (r->full_ns > now ? r->full_ns : now) + interval;

	if (next - now > SECOND_NS)
		return false;
	r->full_ns = next;
	return true;
}

/* "FILE:LINE" of one of the places where the rule stands. */
static bool stands_at(const struct rule *rule, const char *place)
{
	const char *colon = strrchr(place, ':');
	char *end;
	unsigned long line = colon && colon[1] ? strtoul(colon + 1, &end, 10) : 0;
	size_t len = colon ? (size_t)(colon - place) : 0;

	for (uint32_t i = 0; line && !*end && i < rule->n_lines; i++) {
		const struct rule_line *l = &rule->lines[i];

		if (l->line == line && strlen(l->file) == len && memcmp(l->file, place, len) == 0)
			return true;
	}
	return false;
}

static bool is_rule(const struct rule *rule, const char *name)
{
	return strcmp(rule->text, name) == 0 || stands_at(rule, name);
}

static bool is_meant(const struct response_config *r, const struct violation *v)
{
	if (r->profile && strcmp(r->profile, v->policy->name) != 0)
		return false;
	return !r->rule || (v->decision.rule && is_rule(v->decision.rule, r->rule));
}

static void copy_members(json_t *to, const json_t *from)
{
	static const char *const members[] = { "profile", "file", "line", "rule", "operation",
		"object", "time", "sequence", "generation" };

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		json_t *m = json_object_get(from, members[i]);

		if (m)
			json_object_set(to, members[i], m);
	}
}

/* What will be told, but for how it went. */
static json_t *begin_event(struct response_counts *counts, const struct container *c,
	const struct response_config *r, const json_t *violation)
{
	json_t *o = event_notice("response", c), *cause = json_object();

	copy_members(cause, violation);
	json_object_set_new(cause, "violations", json_integer(r->violations));
	if (r->within_ns)
		json_object_set_new(
			cause, "within_ms", json_integer((json_int_t)(r->within_ns / 1000000)));
	json_object_set_new(o, "action", json_string(response_action_names[r->action]));
	json_object_set_new(o, "cause", cause);
	if (counts->skipped)
		json_object_set_new(o, "skipped", json_integer((json_int_t)counts->skipped));
	counts->skipped = 0;
	return o;
}

/* @why NULL: it was done. */
static void finish_event(struct daemon *d, json_t *o, const char *why)
{
	json_object_set_new(o, "done", json_boolean(!why));
	if (why)
		json_object_set_new(o, "error", json_string(why));
	event_log_take(&d->log, o);
}

static void keep(struct daemon *d, const struct container *c)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	/* A daemon that starts later would not know that it is to be let go. */
	if (container_keep(&d->containers, c, &err) < 0)
		daemon_tell(LOG_ERR, "container '%s': %s", c->id, pale_err_text(err));
}

static void kill_process(struct daemon *d, const struct container *c, const struct violation *v,
	json_t *o, const json_t *violation)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	json_t *process = json_object_get(violation, "process");
	int r = response_kill(c, v->pid, v->time_ns, &err);

	if (process)
		json_object_set_new(o, "process",
			json_pack("{s:i, s:O*}", "host_pid", (int)v->pid, "executable",
				json_object_get(process, "executable")));
	finish_event(d, o, r < 0 ? pale_err_text(err) : NULL);
}

static struct work *find_work(const struct daemon *d, const struct container *c)
{
	struct work *w = d->responses->works;

	while (w && w->container != c->number)
		w = w->next;
	return w;
}

static void end_work(struct work *w, const char *why)
{
	struct work **at = &w->d->responses->works;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	finish_event(w->d, w->event, why);
	container_group_close(&w->group);
	sd_event_source_disable_unref(w->source);
	free(w);
}

struct killing {
	const struct container *c;
	bool first_too;
	unsigned n;
};

static int kill_one(void *ctx, pid_t pid)
{
	_cleanup_(pale_err_freep) struct pale_err *spared = NULL;
	struct killing *k = ctx;

	/* By it the others' pid namespace is known. */
	if (pid != k->c->pid || k->first_too)
		k->n += response_kill(k->c, pid, 0, &spared) >= 0;
	return 0;
}

/* One by one, where the kernel does not do it for all at once. */
static void kill_members(const struct container *c, const struct container_group *g)
{
	struct killing k = { .c = c };

	container_group_each(g, kill_one, &k);
	k.first_too = true;
	if (!k.n)
		container_group_each(g, kill_one, &k);
}

/* Frozen first where that can be had, so that none forks meanwhile. true: all are gone. */
static bool go_on_killing(struct work *w, const struct container *c)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	const struct container_group *g = &w->group;

	if (container_group_is_empty(g))
		return true;
	if (container_group_kill(g, &err) >= 0)
		return false;
	pale_err_free(TAKE_PTR(err));
	if (!w->killed && w->thaw && w->looks < FREEZE_LOOKS && !container_group_is_frozen(g))
		return false;
	kill_members(c, g);
	w->killed = true;
	if (w->thaw && container_group_freeze(g, false, &err) >= 0)
		w->thaw = false;
	return false;
}

static int on_look(sd_event_source *source, uint64_t usec, void *ctx)
{
	struct work *w = ctx;
	struct container *c = containers_by_number(&w->d->containers, w->container);
	bool freezes = w->action == RESPONSE_FREEZE;

	if (freezes ? container_group_is_frozen(&w->group) : go_on_killing(w, c)) {
		if (!freezes)
			c->responses->killed = true;
		end_work(w, NULL);
	} else if (++w->looks == LOOKS_MAX)
		end_work(w, freezes ? "not all of its tasks are frozen after a second"
				    : "some of its processes are still there after a second");
	else
		sd_event_source_set_time(source, usec + LOOK_US);
	return 0;
}

static int begin_work(struct work *w, struct container *c, struct pale_err **err)
{
	_cleanup_free_ char *spared = NULL;
	int r = container_group_open(c, &w->group, err);

	if (r < 0)
		return r;
	spared = response_spares_group(c);
	if (spared)
		return pale_err_plain(err, EPERM, "%s", spared);
	if (w->action == RESPONSE_FREEZE) {
		r = container_group_freeze(&w->group, true, err);
		if (r < 0)
			return r;
		c->frozen = true;
		keep(w->d, c);
	} else {
		_cleanup_(pale_err_freep) struct pale_err *none = NULL;

		/* What cannot be frozen is killed one by one until none is left. */
		w->thaw = !w->group.unified && container_group_freeze(&w->group, true, &none) >= 0;
		go_on_killing(w, c);
	}
	r = sd_event_add_time_relative(
		w->d->event, &w->source, CLOCK_MONOTONIC, LOOK_US, 1000, on_look, w);
	if (r >= 0)
		r = sd_event_source_set_enabled(w->source, SD_EVENT_ON);
	return r < 0 ? pale_err_set(err, -r, "wait for it") : 0;
}

static void act_on_container(
	struct daemon *d, struct container *c, enum response_action action, json_t *event)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct work *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	*w = (struct work){ .d = d,
		.container = c->number,
		.action = action,
		.group = { -1, false, -1 },
		.event = event,
		.next = d->responses->works };
	d->responses->works = w;
	if (begin_work(w, c, &err) < 0)
		end_work(w, pale_err_text(err));
}

/* What was asked for already is under way, or lies behind. */
static bool is_superfluous(
	const struct daemon *d, const struct container *c, enum response_action action)
{
	const struct work *w = find_work(d, c);

	if (w && w->action == RESPONSE_KILL_CONTAINER)
		return true;
	/* Events of before wait to be read. */
	if (c->responses->killed && !container_is_alive(c))
		return true;
	return action == RESPONSE_FREEZE && (c->frozen || w);
}

static void act(struct daemon *d, struct container *c, const struct response_config *r,
	const struct violation *v, const json_t *violation)
{
	struct response_counts *counts = c->responses;
	_cleanup_free_ char *protected = NULL;
	struct work *w;
	json_t *o;

	if (is_superfluous(d, c, r->action))
		return;
	if (!take_token(counts)) {
		counts->skipped++;
		return;
	}
	protected = response_protects(c, d->config.protected, d->config.n_protected);
	o = begin_event(counts, c, r, violation);
	if (protected) {
		finish_event(d, o, protected);
		return;
	}
	if (r->action == RESPONSE_KILL_PROCESS) {
		kill_process(d, c, v, o, violation);
		return;
	}
	w = find_work(d, c);
	if (w)
		end_work(w, "it is killed instead");
	act_on_container(d, c, r->action, o);
}

void response_take(
	struct daemon *d, struct container *c, const struct violation *v, const json_t *event)
{
	struct response_counts *counts;

	if (!d->config.n_responses || !c || !c->policy)
		return;
	if (v->decision.depends || v->outcome == OUTCOME_OVERBLOCKED ||
		json_object_get(event, "own") || json_object_get(event, "exception"))
		return;
	counts = counts_of(d, c);
	for (uint32_t i = 0; i < d->config.n_responses; i++) {
		const struct response_config *r = &d->config.responses[i];

		if (is_meant(r, v) &&
			(r->violations == 1 || violation_window_add(&counts->windows[i],
						       r->violations, r->within_ns, v->time_ns)))
			act(d, c, r, v, event);
	}
}

static bool has_rule(const struct node_policy *p, const struct response_config *r)
{
	if (r->profile && strcmp(r->profile, p->policy->name) != 0)
		return false;
	for (uint32_t i = 0; i < p->policy->n_rules; i++) {
		if (is_rule(p->policy->rules[i], r->rule))
			return true;
	}
	return false;
}

static bool is_known(const struct daemon *d, const struct response_config *r)
{
	for (size_t i = 0; i < d->store.n; i++) {
		if (has_rule(d->store.v[i]->policy, r))
			return true;
	}
	for (size_t i = 0; i < d->containers.n; i++) {
		if (d->containers.v[i]->policy && has_rule(d->containers.v[i]->policy, r))
			return true;
	}
	return false;
}

void response_configure(struct daemon *d)
{
	if (!d->responses) {
		d->responses = calloc(1, sizeof(*d->responses));
		if (!d->responses)
			abort();
	}
	d->responses->serial++;
	for (uint32_t i = 0; i < d->config.n_responses; i++) {
		const struct response_config *r = &d->config.responses[i];

		if (r->rule && !is_known(d, r))
			daemon_tell(LOG_WARNING,
				"%s: no profile of this node has the rule '%s' of a response%s%s",
				d->options.config, r->rule, r->profile ? ", nor has " : "",
				r->profile ? r->profile : "");
	}
}

int response_thaw(struct daemon *d, struct container *c, uid_t uid, struct pale_err **err)
{
	_cleanup_(container_group_close) struct container_group g = { -1, false, -1 };
	struct work *w = find_work(d, c);
	json_t *o;
	int r;

	if (!c->frozen)
		return pale_err_plain(
			err, EINVAL, "container '%s' was not frozen by a response", c->id);
	r = container_group_open(c, &g, err);
	if (r >= 0)
		r = container_group_freeze(&g, false, err);
	if (r < 0)
		return pale_err_wrap(err, "container '%s'", c->id);
	c->frozen = false;
	keep(d, c);
	if (w && w->action == RESPONSE_FREEZE)
		end_work(w, "it was thawed meanwhile");
	o = event_notice("thawed", c);
	json_object_set_new(o, "uid", json_integer(uid));
	event_log_take(&d->log, o);
	return 0;
}

void response_sweep(struct daemon *d)
{
	for (size_t i = 0; i < d->containers.n; i++) {
		_cleanup_(container_group_close) struct container_group g = { -1, false, -1 };
		_cleanup_(pale_err_freep) struct pale_err *gone = NULL;
		struct container *c = d->containers.v[i];

		if (!c->frozen || find_work(d, c))
			continue;
		if (container_group_open(c, &g, &gone) >= 0 && container_group_is_frozen(&g))
			continue;
		c->frozen = false;
		keep(d, c);
		/* By an engine, or it has ended. */
		event_log_take(&d->log, event_notice("thawed", c));
	}
}

void response_forget(struct daemon *d, const struct container *c)
{
	struct work *w;

	while (d->responses && (w = find_work(d, c)))
		end_work(w, "the container was forgotten meanwhile");
}

void response_release(struct daemon *d)
{
	while (d->responses && d->responses->works)
		end_work(d->responses->works, "paled ended meanwhile");
	free(TAKE_PTR(d->responses));
}
