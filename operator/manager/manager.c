/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/manager/manager.h"

#include "compiler/base/cleanup.h"
#include "enforcer/page_server.h"
#include "operator/kube/kube_event.h"
#include "operator/kube/kube_json.h"
#include "operator/kube/kube_lease.h"
#include "operator/kube/kube_path.h"
#include "operator/manager/certificate_upkeep.h"
#include "operator/manager/manager_metrics.h"
#include "operator/manager/object_kinds.h"
#include "operator/manager/object_writes.h"
#include "operator/manager/pod_reads.h"
#include "operator/manager/run_reads.h"
#include "operator/memory.h"
#include "operator/say.h"

#include <errno.h>
#include <sys/epoll.h>
#include <systemd/sd-id128.h>
#include <time.h>

#define COMMAND	 "controller"
#define SOON_US	 UINT64_C(100000)
#define TICK_US	 UINT64_C(10000000)
#define SLACK_US UINT64_C(10000)

struct manager;

struct kind_watch {
	struct manager *manager;
	enum controller_kind kind;
	struct kube_watch *watch;
	bool synced; /* once */
};

struct manager {
	struct connection *connection;
	struct controller *controller;
	struct kind_watch watches[CONTROLLER_KINDS];
	struct kube_lease *lease;
	struct kube_events *events;
	struct object_writes *writes;
	struct run_reads *runs;
	struct pod_reads *pods;
	struct certificate_upkeep *certificates;
	struct page_server *pages;
	sd_event_source *soon, *tick;
	sd_event_source *work; /* what the controller's child answers through */
	struct manager_metrics metrics;
};

static int64_t now_s(void)
{
	return (int64_t)time(NULL);
}

/* ---- time */

static void look_soon(struct manager *m)
{
	int on;

	if (sd_event_source_get_enabled(m->soon, &on) >= 0 && on)
		return;
	sd_event_source_set_time_relative(m->soon, SOON_US);
	sd_event_source_set_enabled(m->soon, SD_EVENT_ONESHOT);
}

/* The lease may have run out in a loop that was held up, which nobody has told yet. */
static void look(struct manager *m)
{
	if (kube_lease_is_ours(m->lease))
		controller_tick(m->controller, now_s());
}

static int on_soon(sd_event_source *source, uint64_t us, void *ctx)
{
	(void)source;
	(void)us;
	look(ctx);
	return 0;
}

static int on_tick(sd_event_source *source, uint64_t us, void *ctx)
{
	struct manager *m = ctx;

	(void)us;
	object_writes_tell_failed(m->writes);
	pod_reads_retry(m->pods);
	look(m);
	sd_event_source_set_time_relative(source, TICK_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* ---- what is seen */

static void on_seen(void *ctx, json_t *object)
{
	struct kind_watch *w = ctx;
	struct manager *m = w->manager;

	if (w->kind == CONTROLLER_POD && pod_reads_seen(m->pods, object))
		return;
	controller_seen(m->controller, w->kind, object);
	look_soon(m);
}

static void on_gone(void *ctx, const struct kube_object_id *id)
{
	struct kind_watch *w = ctx;
	struct manager *m = w->manager;

	if (w->kind == CONTROLLER_POD)
		pod_reads_gone(m->pods, id->namespace, id->name);
	controller_gone(m->controller, w->kind, id->namespace, id->name);
	look_soon(m);
}

static void on_synced(void *ctx)
{
	struct kind_watch *w = ctx;

	w->synced = true;
	controller_synced(w->manager->controller, w->kind);
	look_soon(w->manager);
}

/* That a server ends a watch is the way of things. */
static void on_restarted(void *ctx, enum kube_watch_restart why, const struct pale_err *err)
{
	struct kind_watch *w = ctx;

	w->manager->metrics.restarts[w->kind][why]++;
	if (err)
		say(COMMAND, "watch of %s: %s", object_kinds[w->kind].plural, pale_err_text(err));
}

static const struct kube_watch_handlers watch_handlers = { on_seen, on_gone, on_synced,
	on_restarted };

static void begin_watch(struct manager *m, enum controller_kind kind)
{
	const struct object_kind *k = &object_kinds[kind];
	_cleanup_(text_release) struct text path = TEXT_INIT;
	struct kind_watch *w = &m->watches[kind];

	kube_path(&path, &(struct kube_resource){ k->group_version, k->plural, NULL, NULL, NULL });
	*w = (struct kind_watch){ .manager = m, .kind = kind };
	w->watch = kube_watch_new(
		m->connection->client, &(struct kube_watch_spec){ .path = text_str(&path),
					       .query = k->query,
					       .page = k->page,
					       .metadata_only = k->metadata_only,
					       .handlers = &watch_handlers,
					       .ctx = w });
}

static void on_pod_read(void *ctx, const json_t *pod)
{
	struct manager *m = ctx;

	controller_seen(m->controller, CONTROLLER_POD, pod);
	look_soon(m);
}

static void say_err(void *ctx, const struct pale_err *err)
{
	(void)ctx;
	say_error(COMMAND, err);
}

static const struct pod_reads_handlers pod_handlers = { on_pod_read, say_err };

/* ---- what is decided */

static void apply_status(void *ctx, enum controller_kind kind, const char *namespace,
	const char *name, const json_t *status)
{
	object_writes_status(((struct manager *)ctx)->writes, kind, namespace, name, status);
}

static void patch_profile(void *ctx, const char *name, const json_t *patch)
{
	object_writes_patch(((struct manager *)ctx)->writes, name, patch);
}

static void apply(void *ctx, const char *namespace, const char *name, const json_t *object)
{
	object_writes_draft(((struct manager *)ctx)->writes, namespace, name, object);
}

static void read_runs(void *ctx, const char *namespace, const char *name, const json_t *nodes)
{
	run_reads_begin(((struct manager *)ctx)->runs, namespace, name, nodes);
}

static int on_work(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct manager *m = ctx;

	(void)source;
	(void)fd;
	(void)events;
	controller_readable(m->controller, now_s());
	return 0;
}

static void watch_work(void *ctx, int fd)
{
	struct manager *m = ctx;

	sd_event_source_disable_unref(TAKE_PTR(m->work));
	/* Without it the deadline ends the child. */
	if (fd >= 0 && sd_event_add_io(m->connection->loop, &m->work, fd, EPOLLIN, on_work, m) < 0)
		say(COMMAND, "the process that compiles cannot be waited for");
}

static void tell_event(struct manager *m, enum controller_kind kind, const char *namespace,
	const char *name, const char *uid, bool warning, const char *reason, const char *message)
{
	json_t *object = json_pack("{s:s, s:s, s:s}", "apiVersion",
		object_kinds[kind].group_version, "kind", object_kinds[kind].kind, "name", name);

	if (*namespace)
		json_object_set_new(object, "namespace", json_string(namespace));
	if (*uid)
		json_object_set_new(object, "uid", json_string(uid));
	kube_event(m->events, &(struct kube_event){ object, reason, message, warning });
	json_decref(object);
}

static void event(void *ctx, enum controller_kind kind, const json_t *object, bool warning,
	const char *reason, const char *message)
{
	const struct kube_object_id id = kube_json_id(object);

	tell_event(ctx, kind, id.namespace, id.name, id.uid, warning, reason, message);
}

static const struct controller_actions actions = { apply_status, patch_profile, apply, read_runs,
	watch_work, event };

static void on_applied(void *ctx, const char *namespace, const char *name)
{
	struct manager *m = ctx;

	controller_applied(m->controller, namespace, name);
	look_soon(m);
}

static void on_failed(void *ctx, enum controller_kind kind, const char *namespace, const char *name)
{
	controller_failed(((struct manager *)ctx)->controller, kind, namespace, name);
}

static void on_draft_refused(
	void *ctx, const char *namespace, const char *name, const struct pale_err *err)
{
	tell_event(ctx, CONTROLLER_RECORDING, namespace, name, "", true, "DraftNotWritten",
		pale_err_text(err));
}

static const struct object_writes_handlers write_handlers = { on_applied, on_failed, say_err,
	on_draft_refused };

static void on_runs(void *ctx, const char *namespace, const char *name, const json_t *nodes)
{
	controller_runs(((struct manager *)ctx)->controller, namespace, name, nodes, now_s());
}

static const struct run_reads_handlers run_handlers = { on_runs, say_err };

static void on_event_lost(void *ctx, const struct pale_err *err, uint32_t count)
{
	((struct manager *)ctx)->metrics.events_lost += count;
	say(COMMAND, "%" PRIu32 " Events are lost: %s", count, pale_err_text(err));
}

/* ---- who leads */

static void on_taken(void *ctx)
{
	struct manager *m = ctx;

	say(COMMAND, "leads");
	controller_lead(m->controller, true);
	certificate_upkeep_begin(m->certificates);
	look_soon(m);
}

/* Nothing that was decided is to be written after another one has begun. */
static void cease(struct manager *m)
{
	controller_lead(m->controller, false);
	object_writes_cancel(m->writes);
	run_reads_cancel(m->runs);
	certificate_upkeep_end(m->certificates);
}

static void on_lost(void *ctx)
{
	say(COMMAND, "leads no more: the lease could not be renewed");
	cease(ctx);
}

static void on_lease_failed(void *ctx, const struct pale_err *err)
{
	(void)ctx;
	say(COMMAND, "lease " MANAGER_LEASE ": %s", pale_err_text(err));
}

static void on_given_back(void *ctx)
{
	sd_event_exit(((struct manager *)ctx)->connection->loop, 0);
}

static void on_end(void *ctx)
{
	struct manager *m = ctx;

	cease(m);
	kube_lease_give_back(m->lease, on_given_back);
}

/* "HOST_UID": a process that is started anew is another one. */
static void begin_lease(struct manager *m, const char *namespace)
{
	char host[65] = "", id[SD_ID128_STRING_MAX];
	_cleanup_(text_release) struct text identity = TEXT_INIT;
	sd_id128_t uid;

	if (sd_id128_randomize(&uid) < 0)
		abort();
	gethostname(host, sizeof(host) - 1);
	text_printf(&identity, "%s_%s", host, sd_id128_to_string(uid, id));
	m->lease = kube_lease_new(
		m->connection->client, &(struct kube_lease_spec){ .namespace = namespace,
					       .name = MANAGER_LEASE,
					       .identity = text_str(&identity),
					       .times = KUBE_LEASE_TIMES,
					       .taken = on_taken,
					       .lost = on_lost,
					       .failed = on_lease_failed,
					       .ctx = m });
}

/* ---- what it says of itself */

static bool knows_all(const struct manager *m)
{
	for (int kind = 0; kind < CONTROLLER_KINDS; kind++) {
		if (!m->watches[kind].synced)
			return false;
	}
	return true;
}

static bool print_metrics(void *ctx, struct text *t)
{
	struct manager *m = ctx;

	m->metrics.leads = kube_lease_is_ours(m->lease);
	m->metrics.requests = kube_client_sent(m->connection->client);
	controller_count_profiles(m->controller, m->metrics.profiles);
	for (int kind = 0; kind < CONTROLLER_KINDS; kind++)
		m->metrics.objects[kind] = kube_watch_count(m->watches[kind].watch);
	manager_metrics_print(&m->metrics, t);
	return true;
}

static bool print_health(void *ctx, struct text *t)
{
	(void)ctx;
	text_puts(t, "ok\n");
	return true;
}

static bool print_ready(void *ctx, struct text *t)
{
	struct manager *m = ctx;

	for (int kind = 0; kind < CONTROLLER_KINDS; kind++) {
		if (!m->watches[kind].synced)
			text_printf(t, "not listed yet: %s\n", object_kinds[kind].plural);
	}
	if (knows_all(m))
		text_puts(t, "ok\n");
	return knows_all(m);
}

static const struct page pages[] = {
	{ "/metrics", print_metrics },
	{ "/healthz", print_health },
	{ "/readyz", print_ready },
	{ NULL, NULL },
};

/* ---- */

static void say_done(void *ctx, const char *what)
{
	(void)ctx;
	say(COMMAND, "%s", what);
}

static const struct certificate_upkeep_handlers certificate_handlers = { say_done };

static int add_timers(struct manager *m, struct pale_err **err)
{
	sd_event *loop = m->connection->loop;
	int r = sd_event_add_time_relative(
		loop, &m->soon, CLOCK_BOOTTIME, SOON_US, SLACK_US, on_soon, m);

	if (r >= 0)
		r = sd_event_add_time_relative(
			loop, &m->tick, CLOCK_BOOTTIME, TICK_US, SLACK_US, on_tick, m);
	return r < 0 ? pale_err_set(err, -r, "make a timer") : 0;
}

int manager_new(struct connection *c, const struct manager_options *options, struct manager **ret,
	struct pale_err **err)
{
	struct manager *m = memory_new(sizeof(*m));
	int r;

	m->connection = c;
	r = add_timers(m, err);
	if (r == 0)
		r = page_server_new_everywhere(c->loop, options->port, pages, m, &m->pages, err);
	if (r < 0) {
		manager_free(m);
		return r;
	}
	m->controller = controller_new(&actions, m);
	m->events = kube_events_new(
		c->client, &(struct kube_events_spec){
				   .component = OBJECT_MANAGER, .lost = on_event_lost, .ctx = m });
	m->writes = object_writes_new(c->client, &write_handlers, m);
	m->runs = run_reads_new(c->client, &run_handlers, m);
	m->pods = pod_reads_new(c->client, &pod_handlers, m);
	m->certificates =
		certificate_upkeep_new(c->client, options->namespace, &certificate_handlers, m);
	for (int kind = 0; kind < CONTROLLER_KINDS; kind++)
		begin_watch(m, (enum controller_kind)kind);
	begin_lease(m, options->namespace);
	connection_on_end(c, on_end, m);
	*ret = m;
	return 0;
}

void manager_free(struct manager *m)
{
	if (!m)
		return;
	page_server_free(m->pages);
	for (int kind = 0; kind < CONTROLLER_KINDS; kind++)
		kube_watch_free(m->watches[kind].watch);
	kube_lease_free(m->lease);
	controller_free(m->controller);
	object_writes_free(m->writes);
	run_reads_free(m->runs);
	pod_reads_free(m->pods);
	certificate_upkeep_free(m->certificates);
	kube_events_free(m->events);
	sd_event_source_disable_unref(m->work);
	sd_event_source_disable_unref(m->soon);
	sd_event_source_disable_unref(m->tick);
	free(m);
}
