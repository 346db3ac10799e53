/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/daemon.h"
#include "enforcer/daemon/event.h"
#include "enforcer/daemon/seccomp_refusal.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

/* Requests wait meanwhile. */
#define EVENTS_A_ROUND 200
#define SECOND_NS      1000000000u

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

/* Under `mode audit` the policy's filter refuses nothing, but the container's own may. */
static bool is_to_be_watched(const struct container *c)
{
	return c->policy && !c->seccomp_log && (!c->forgotten_ns || container_is_alive(c)) &&
	       (!c->policy->audit || json_array_size(json_object_get(c->own, "seccomp")));
}

/* As lsm_limit_events() has it: a second's events, after two seconds' at once. */
static bool take_token(struct container *c, uint32_t rate)
{
	uint64_t now = now_ns(), interval = rate ? SECOND_NS / rate : 0, next;

	next = (c->full_ns > now ? c->full_ns : now) + interval;
	if (next - now > 2 * rate * interval)
		return false;
	c->full_ns = next;
	return true;
}

static void count_throttled(struct container *c, uint64_t n)
{
	c->throttled += n;
	c->pending += n;
}

static struct container *container_of(struct daemon *d, pid_t pid, uint64_t cgroup)
{
	struct container *c = containers_by_cgroup(&d->containers, cgroup);
	uint32_t number = c || !d->watch ? 0 : process_watch_container(d->watch, pid);

	if (c)
		return c;
	return number ? containers_by_number(&d->containers, number)
		      : containers_by_pid(&d->containers, pid);
}

/* NULL: what it would refuse cannot be told, which is told. */
static const struct node_filter *filter_of(struct container *c)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	const struct node_filter *f = NULL;

	if (node_policy_seccomp(c->policy, c->runtime, &f, &err) < 0)
		daemon_tell(LOG_ERR, "what seccomp refuses container %s is not reported: %s", c->id,
			pale_err_text(err));
	return f;
}

static char *executable_of(const struct seccomp_exit_event *e)
{
	if (e->executable_at >= SECCOMP_EXIT_PATH)
		return strdup("");
	return strndup(e->executable + e->executable_at, SECCOMP_EXIT_PATH - e->executable_at);
}

static void report(struct daemon *d, struct container *c, struct violation *v,
	const struct seccomp_exit_event *e)
{
	_cleanup_free_ char *executable = executable_of(e);
	const struct event_process process = { &d->facts, e->process_start_ns, e->process_execs,
		e->uid };

	if (!take_token(c, d->config.events_per_second)) {
		count_throttled(c, 1);
		return;
	}
	v->lost = c->pending;
	c->pending = 0;
	/* Of a kernel thread, and of a path too long to be told, the name is all there is. */
	v->executable = *executable ? executable : e->comm;
	violations_report(d, v, c, &process, NULL);
}

/* What waits is in its container's line, and told before that is freed. */
struct waiting_call {
	struct container *container;
	struct seccomp_exit_event event;
};

static void tell(void *daemon, const void *bytes)
{
	struct daemon *d = daemon;
	const struct waiting_call *w = bytes;
	const struct seccomp_exit_event *e = &w->event;
	struct container *c = w->container;
	_cleanup_(text_release) struct text object = TEXT_INIT;
	const struct node_filter *filter;
	struct violation v;

	filter = filter_of(c);
	if (!filter) {
		count_throttled(c, e->throttled + 1);
		return;
	}
	if (e->throttled && seccomp_refusal_is_possible(c, filter, e->number, e->arch))
		count_throttled(c, e->throttled);
	if (seccomp_refusal(c, filter, e, &v, &object))
		report(d, c, &v, e);
}

/* Of a call that may have been refused: what cannot be asked is counted. */
static void count_possible(struct container *c, uint32_t number, uint32_t arch, uint64_t n)
{
	const struct node_filter *filter = n ? filter_of(c) : NULL;

	if (n && (!filter || seccomp_refusal_is_possible(c, filter, number, arch)))
		count_throttled(c, n);
}

/* With what went before it and was to be told with it. */
static void count_dropped(struct daemon *d, struct container *c, const struct seccomp_exit_event *e)
{
	d->dropped++;
	c->dropped++;
	c->pending++;
	count_possible(c, e->number, e->arch, e->throttled);
}

static void take(void *ctx, const struct seccomp_exit_event *e)
{
	struct daemon *d = ctx;
	struct waiting_call w = { container_of(d, (pid_t)e->tgid, e->cgroup), *e };

	/* Other programs of the machine have filters, too. What is logged is told otherwise. */
	if (!w.container || !w.container->policy || w.container->seccomp_log)
		return;
	if (!event_queue_put(&d->queue, &w.container->waiting, tell, &w, sizeof(w)))
		count_dropped(d, w.container, e);
	daemon_wake(d);
}

static void take_throttled(
	void *ctx, const struct seccomp_exit_key *key, const struct seccomp_exit_bucket *bucket)
{
	struct daemon *d = ctx;
	struct container *c = container_of(d, (pid_t)bucket->tgid, bucket->cgroup);

	if (c && c->policy && !c->seccomp_log)
		count_possible(c, key->number, key->arch, bucket->throttled);
}

void refused_calls_read(struct daemon *d)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	if (!d->exits)
		return;
	/* Who is whose has to be known up to now. */
	if (d->watch)
		process_watch_handle(d->watch);
	if (seccomp_exit_read(d->exits, EVENTS_A_ROUND, take, d, &err) < 0)
		daemon_tell(LOG_ERR, "%s", pale_err_text(err));
}

static int on_exits(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	(void)source;
	(void)fd;
	(void)events;
	refused_calls_read(ctx);
	return 0;
}

static int add_source(struct daemon *d, struct pale_err **err)
{
	int r = sd_event_add_io(
		d->event, &d->exits_source, seccomp_exit_fd(d->exits), EPOLLIN, on_exits, d);

	/* Requests of runtimes go first: a container waits for the answer. */
	if (r >= 0)
		r = sd_event_source_set_priority(d->exits_source, SD_EVENT_PRIORITY_NORMAL + 10);
	return r < 0 ? pale_err_set(err, -r, "wait for events") : 0;
}

static int look_on(struct daemon *d, struct pale_err **err)
{
	const uint32_t rate = d->config.events_per_second;
	uint64_t errnos[SECCOMP_EXIT_WORDS] = { 0 };
	int r = 0;

	if (!d->exits) {
		r = seccomp_exit_load(&d->exits, err);
		if (r >= 0)
			r = add_source(d, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < d->containers.n; i++) {
		if (is_to_be_watched(d->containers.v[i]))
			seccomp_refusal_errnos(d->containers.v[i], errnos);
	}
	seccomp_exit_look_for(d->exits, errnos);
	seccomp_exit_limit(d->exits, rate, 2 * rate);
	daemon_watch_processes(d);
	return seccomp_exit_attach(d->exits, err);
}

static bool is_needed(const struct daemon *d)
{
	for (size_t i = 0; i < d->containers.n; i++) {
		if (is_to_be_watched(d->containers.v[i]))
			return true;
	}
	return false;
}

void refused_calls_update(struct daemon *d)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	if (!is_needed(d) || d->no_exits || look_on(d, &err) >= 0)
		return;
	refused_calls_release(d);
	d->no_exits = true;
	daemon_tell(LOG_WARNING,
		"what seccomp refuses is not reported of containers whose runtime sets no "
		"SECCOMP_FILTER_FLAG_LOG: %s",
		pale_err_text(err));
}

/* What the kernel's buffer had no room for may have been anybody's. */
static void tell_lost(struct daemon *d)
{
	uint64_t lost = seccomp_exit_lost(d->exits);
	json_t *o;

	if (lost <= d->exits_lost)
		return;
	o = event_notice("lost", NULL);
	json_object_set_new(o, "calls", json_integer((json_int_t)(lost - d->exits_lost)));
	d->exits_lost = lost;
	event_log_take(&d->log, o);
}

void refused_calls_tell_throttled(struct daemon *d, struct container *c)
{
	json_t *o;

	if (!c->pending)
		return;
	o = event_notice("throttled", c);
	json_object_set_new(o, "events", json_integer((json_int_t)c->pending));
	c->pending = 0;
	event_log_take(&d->log, o);
}

static void tell_counts(struct daemon *d)
{
	if (d->exits && d->watch)
		process_watch_handle(d->watch);
	if (d->exits)
		seccomp_exit_take_throttled(d->exits, take_throttled, d);
	for (size_t i = 0; i < d->containers.n; i++)
		refused_calls_tell_throttled(d, d->containers.v[i]);
	if (d->exits)
		tell_lost(d);
}

void refused_calls_sweep(struct daemon *d)
{
	refused_calls_update(d);
	/* Not with the last container: attaching it takes some 10 ms, for which the next would
	 * wait. */
	if (d->exits && !is_needed(d))
		seccomp_exit_detach(d->exits);
	tell_counts(d);
}

void refused_calls_stop(struct daemon *d)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	int n = d->exits != NULL;

	if (d->exits)
		seccomp_exit_detach(d->exits);
	while (n > 0) {
		n = seccomp_exit_read(d->exits, EVENTS_A_ROUND, take, d, &err);
		while (event_queue_tell(&d->queue, d))
			;
	}
	if (n < 0)
		daemon_tell(LOG_ERR, "%s", pale_err_text(err));
	tell_counts(d);
}

void refused_calls_release(struct daemon *d)
{
	d->exits_source = sd_event_source_disable_unref(d->exits_source);
	seccomp_exit_free(d->exits);
	d->exits = NULL;
}
