/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/annotations.h"
#include "enforcer/daemon/daemon.h"
#include "enforcer/daemon/event.h"
#include "enforcer/daemon/exceptions.h"
#include "enforcer/daemon/recordings.h"
#include "enforcer/daemon/request_members.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "compiler/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool counters_of(const struct daemon *d, const struct container *c, struct lsm_instance *ret)
{
	_cleanup_(pale_err_freep) struct pale_err *gone = NULL;

	return c->has_instance && lsm_counters(d->enforcement.lsm, c->instance, ret, &gone) >= 0;
}

/* A profile of its name has another policy by now. */
static bool is_outdated(struct daemon *d, const struct container *c)
{
	const struct store_profile *p;

	if (!c->policy || c->policy->sandbox)
		return false;
	p = policy_store_find(&d->store, c->policy->profile);
	return !p || strcmp(p->policy->digest, exceptions_own_policy(c)->digest) != 0;
}

static json_t *container_json(struct daemon *d, const struct container *c)
{
	json_t *o = container_names_json(c);
	struct lsm_instance counters = { 0 };

	if (c->policy) {
		json_object_set_new(o, "profile", json_string(c->policy->profile));
		json_object_set_new(o, "digest", json_string(c->policy->digest));
		json_object_set_new(o, "mode", json_string(c->policy->audit ? "audit" : "enforce"));
	}
	if (recordings_of(d, c))
		json_object_set_new(o, "recording", json_string(recordings_of(d, c)));
	if (exceptions_count(c))
		json_object_set_new(o, "exceptions", exceptions_json(c));
	json_object_set_new(o, "pid", json_integer(c->pid));
	json_object_set_new(o, "state", json_string(container_state(c)));
	json_object_set_new(o, "since", report_time_json(c->since_ns));
	json_object_set_new(o, "reported", json_integer((json_int_t)c->reported));
	if (counters_of(d, c, &counters))
		json_object_set_new(o, "events", json_integer((json_int_t)counters.sequence));
	if (c->policy)
		json_object_set_new(
			o, "refused", json_integer((json_int_t)(c->refused + counters.refused)));
	json_object_set_new(o, "lost", json_integer((json_int_t)(c->dropped + counters.lost)));
	json_object_set_new(
		o, "throttled", json_integer((json_int_t)(c->throttled + counters.throttled)));
	json_object_set_new(o, "late", json_boolean(c->late));
	json_object_set_new(o, "restart_required", json_boolean(c->late || is_outdated(d, c)));
	return o;
}

static void add_unconfined(void *ctx, const char *id, pid_t pid)
{
	json_array_append_new(ctx,
		json_pack("{s:s, s:i, s:s}", "id", id, "pid", (int)pid, "state", "unconfined"));
}

static int ps(void *ctx, const struct server_request *r, json_t **ret_more, struct pale_err **err)
{
	struct daemon *d = ctx;
	json_t *a = json_array();

	int n;

	(void)ret_more;
	for (size_t i = 0; i < d->containers.n; i++) {
		if (!d->containers.v[i]->forgotten_ns)
			json_array_append_new(a, container_json(d, d->containers.v[i]));
	}
	n = containers_each_unregistered(&d->containers, add_unconfined, a);
	if (n < 0) {
		json_decref(a);
		return pale_err_set(err, -n, "list processes");
	}
	server_answer(r->connection, json_pack("{s:o}", "containers", a));
	return 0;
}

static size_t containers_under(const struct daemon *d, const char *digest)
{
	size_t n = 0;

	for (size_t i = 0; i < d->containers.n; i++)
		n += !d->containers.v[i]->forgotten_ns && d->containers.v[i]->policy &&
		     strcmp(d->containers.v[i]->policy->digest, digest) == 0;
	return n;
}

/* What keeps a profile from being in force as it is written; NULL: nothing. Of runc and crun the
 * first is asked, as which one starts a container is not known. */
static json_t *inexact_json(const struct daemon *d, const struct node_policy *p)
{
	_cleanup_free_ char *first = NULL;
	uint32_t n;

	node_enforcement_of(&d->enforcement, p, OCI_RUNTIME_RUNC, &n, &first);
	return n ? json_pack("{s:I, s:o, s:b}", "rules", (json_int_t)n, "first", json_text(first),
			   "refused", !d->config.allow_partial)
		 : NULL;
}

static int profiles(
	void *ctx, const struct server_request *r, json_t **ret_more, struct pale_err **err)
{
	struct daemon *d = ctx;
	json_t *a = json_array();

	(void)ret_more;
	(void)err;
	for (size_t i = 0; i < d->store.n; i++) {
		const struct store_profile *p = d->store.v[i];
		json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:I}", "profile", p->name, "digest",
			p->policy->digest, "file", p->file, "mode",
			p->policy->audit ? "audit" : "enforce", "containers",
			(json_int_t)containers_under(d, p->policy->digest));

		json_t *inexact = inexact_json(d, p->policy);

		if (p->error)
			json_object_set_new(o, "error", json_string(p->error));
		if (inexact)
			json_object_set_new(o, "inexact", inexact);
		json_array_append_new(a, o);
	}
	server_answer(r->connection, json_pack("{s:o}", "profiles", a));
	return 0;
}

static json_t *status_of_mechanisms(const struct daemon *d)
{
	static const enum mechanism shown[] = { MECHANISM_SECCOMP, MECHANISM_BPF_LSM,
		MECHANISM_APPARMOR, MECHANISM_CAPABILITIES, MECHANISM_CGROUP };
	json_t *o = json_object();

	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++) {
		enum mechanism m = shown[i];
		bool used = d->enforcement.used & (1u << m);
		json_t *one = json_pack("{s:b}", "used", used);
		const struct pale_err *why = d->enforcement.why_not[m];

		if (!used && why)
			json_object_set_new(one, "why_not", json_string(pale_err_text(why)));
		json_object_set_new(o, mechanism_names[m], one);
	}
	return o;
}

/* Kernel memory of maps: what each policy takes once, and each container besides. */
static json_t *memory_json(const struct daemon *d)
{
	json_t *policies = json_array(), *containers = json_array();

	for (uint32_t i = 0; d->enforcement.lsm && i < LSM_POLICIES_MAX; i++) {
		const struct lsm_slot *slot = lsm_policy(d->enforcement.lsm, i);
		const char *digest = NULL;

		if (!slot)
			continue;
		for (size_t k = 0; k < d->containers.n && !digest; k++) {
			const struct node_policy *p = d->containers.v[k]->policy;

			if (p && p->in_lsm && p->lsm_policy == i)
				digest = p->digest;
		}
		json_array_append_new(
			policies, json_pack("{s:s?, s:I}", "digest", digest, "bytes",
					  (json_int_t)lsm_policy_bytes(d->enforcement.lsm, i)));
	}
	for (size_t i = 0; i < d->containers.n; i++) {
		const struct container *c = d->containers.v[i];

		if (c->has_instance)
			json_array_append_new(
				containers, json_pack("{s:s, s:I}", "id", c->id, "bytes",
						    (json_int_t)lsm_instance_bytes(
							    d->enforcement.lsm, c->instance)));
	}
	return json_pack("{s:o, s:o}", "policies", policies, "containers", containers);
}

static json_t *events_json(const struct daemon *d)
{
	uint64_t lost = d->log.lost + d->dropped + d->exits_lost + d->audit_lost +
			node_enforcement_untold(&d->enforcement),
		 throttled = 0;

	for (size_t i = 0; i < d->containers.n; i++) {
		struct lsm_instance counters;

		throttled += d->containers.v[i]->throttled;
		if (!counters_of(d, d->containers.v[i], &counters))
			continue;
		lost += counters.lost;
		throttled += counters.throttled;
	}
	return json_pack("{s:I, s:I, s:I, s:I}", "reported", (json_int_t)d->reported, "lost",
		(json_int_t)lost, "throttled", (json_int_t)throttled, "unattributed",
		(json_int_t)d->unattributed);
}

static int status(
	void *ctx, const struct server_request *r, json_t **ret_more, struct pale_err **err)
{
	static const char *const names[SOCKET_COUNT] = {
		[SOCKET_REGISTER] = "register",
		[SOCKET_CONTROL] = "control",
		[SOCKET_EVENTS] = "events",
	};
	struct daemon *d = ctx;
	json_t *connections = json_object();
	size_t containers = 0, exceptions = 0;

	(void)ret_more;
	(void)err;
	for (int i = 0; i < SOCKET_COUNT; i++)
		json_object_set_new(connections, names[i],
			json_integer((json_int_t)server_connections(d->sockets[i])));
	for (size_t i = 0; i < d->containers.n; i++) {
		containers += !d->containers.v[i]->forgotten_ns;
		if (!d->containers.v[i]->forgotten_ns)
			exceptions += exceptions_count(d->containers.v[i]);
	}
	server_answer(r->connection,
		json_pack("{s:i, s:s, s:o, s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "pid",
			(int)getpid(), "version_text", PALE_VERSION, "since",
			report_time_json(d->since_ns), "mechanisms", status_of_mechanisms(d),
			"profiles", (json_int_t)d->store.n, "containers", (json_int_t)containers,
			"exceptions", (json_int_t)exceptions, "connections", connections, "events",
			events_json(d), "memory", memory_json(d), "recorder", recording_json(d)));
	return 0;
}

/* Which events somebody wants. */
struct filter {
	enum kept kept;
	char *container; /* an id or name; NULL: all */
	char since[40];	 /* as events have their time; "" : all */
	bool follow;
	struct event_log_reader *past; /* NULL: it has been sent */
};

static void filter_free(struct connection *c, void *data)
{
	struct filter *f = data;

	(void)c;
	event_log_reader_free(f->past);
	free(f->container);
	free(f);
}

static bool matches(const struct filter *f, const json_t *event)
{
	const char *time = json_string_value(json_object_get(event, "time"));
	const json_t *container = json_object_get(event, "container");
	const char *id = json_string_value(json_object_get(container, "id"));
	const char *name = json_string_value(json_object_get(container, "name"));

	if (*f->since && time && strcmp(time, f->since) < 0)
		return false;
	if (!f->container)
		return true;
	return (id && strncmp(id, f->container, strlen(f->container)) == 0) ||
	       (name && strcmp(name, f->container) == 0);
}

static void wrap(struct text *t, const char *line, size_t len)
{
	text_printf(
		t, "{\"version\":%d,\"ok\":true,\"continues\":true,\"event\":", PROTOCOL_VERSION);
	text_add(t, line, len - 1);
	text_putc(t, '}');
}

struct following {
	const json_t *event;
	const char *line;
	size_t len;
};

static void follow_one(void *ctx, struct connection *c, void *data)
{
	const struct following *f = ctx;
	_cleanup_(text_release) struct text t = TEXT_INIT;

	const struct filter *filter = data;

	if (filter->kept != KEPT_EVENTS)
		return;
	/* Who reads the past comes to it there. */
	if (filter->past || !filter->follow || !matches(filter, f->event))
		return;
	wrap(&t, f->line, f->len);
	server_stream(c, text_str(&t), t.len);
}

void queries_follow(void *daemon, const json_t *event, const char *line, size_t len)
{
	struct daemon *d = daemon;
	struct following f = { event, line, len };

	server_each_kept(d->sockets[SOCKET_CONTROL], follow_one, &f);
	server_each_kept(d->sockets[SOCKET_EVENTS], follow_one, &f);
}

/* So many lines are looked through at once. */
#define PAST_LINES 64

static bool send_past(struct connection *c, void *data)
{
	struct filter *f = data;
	const char *line;
	size_t len;

	for (int i = 0; i < PAST_LINES; i++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;
		json_error_t e;
		json_t *event;

		if (!event_log_reader_next(f->past, &line, &len)) {
			event_log_reader_free(f->past);
			f->past = NULL;
			if (!f->follow)
				server_answer(c, json_object());
			return false;
		}
		event = json_loadb(line, len, 0, &e);
		if (event && matches(f, event)) {
			wrap(&t, line, len);
			server_stream_whole(c, text_str(&t), t.len);
		}
		json_decref(event);
	}
	return true;
}

static int events(
	void *ctx, const struct server_request *r, json_t **ret_more, struct pale_err **err)
{
	struct daemon *d = ctx;
	const json_t *since = json_object_get(r->body, "since");
	const char *container;
	struct filter *f;
	bool follow;
	int e = request_flag(r->body, "follow", &follow, err);

	(void)ret_more;
	if (e >= 0)
		e = request_text(r->body, "container", &container, err);
	if (e < 0)
		return e;
	if (since && (!json_is_integer(since) || json_integer_value(since) < 0))
		return pale_err_plain(err, EINVAL, "'since' must be milliseconds since 1970");
	f = calloc(1, sizeof(*f));
	if (!f)
		abort();
	f->kept = KEPT_EVENTS;
	f->container = container ? strdup(container) : NULL;
	if (since) {
		time_t seconds = (time_t)(json_integer_value(since) / 1000);
		struct tm tm;

		gmtime_r(&seconds, &tm);
		strftime(f->since, sizeof(f->since), "%FT%T", &tm);
		snprintf(f->since + strlen(f->since), 8, ".%03d",
			(int)(json_integer_value(since) % 1000));
	}
	f->follow = follow;
	server_keep(r->connection, f, filter_free);
	if (since || !follow) {
		event_log_flush(&d->log);
		f->past = event_log_reader_new(&d->log);
		server_pull(r->connection, send_past, f);
	}
	return 0;
}

const struct server_method query_methods[] = {
	{ "status", status },
	{ "ps", ps },
	{ "profiles", profiles },
	{ "events", events },
	{ NULL, NULL },
};
