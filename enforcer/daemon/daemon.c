/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/daemon.h"

#include "compiler/base/cleanup.h"
#include "enforcer/daemon/event.h"
#include "enforcer/daemon/exceptions.h"
#include "enforcer/daemon/recordings.h"
#include "enforcer/file_tree.h"
#include "enforcer/daemon/response.h"
#include "enforcer/daemon/running_containers.h"
#include "enforcer/daemon/sandbox_policy.h"
#include "enforcer/daemon/seccomp_files.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

/* A file that is being copied changes several times. */
#define RESCAN_DELAY_US 100000
#define SWEEP_US	(5u * 1000000)
/* Of the kernel's buffer, and of those that wait to be told. */
#define EVENTS_A_ROUND 500
#define EVENTS_A_TURN  16

void daemon_tell(int level, const char *format, ...)
{
	_cleanup_(text_release) struct text t = TEXT_INIT, line = TEXT_INIT;
	va_list ap;
	char *s;

	va_start(ap, format);
	if (vasprintf(&s, format, ap) < 0)
		abort();
	va_end(ap);
	text_escaped(&t, s, strlen(s));
	free(s);
	/* The level is for the journal alone, sd-daemon(3). */
	if (getenv("JOURNAL_STREAM"))
		text_printf(&line, "<%d>", level);
	text_printf(&line, "paled: %s\n", text_str(&t));
	fputs(text_str(&line), stderr);
}

static void tell_warning(void *ctx, const char *text)
{
	(void)ctx;
	daemon_tell(LOG_WARNING, "%s", text);
}

static void tell_wrong_profile(void *ctx, const char *text)
{
	struct daemon *d = ctx;
	json_t *o = event_notice("profile-wrong", NULL);

	daemon_tell(LOG_ERR, "%s", text);
	json_object_set_new(o, "error", json_string(text));
	event_log_take(&d->log, o);
}

static void sweep_apparmor(struct daemon *d)
{
	const struct node_policy **in_use =
		calloc(d->store.n + d->containers.n + 2, sizeof(struct node_policy *));
	size_t n = 0;

	if (!in_use)
		abort();
	in_use[n++] = d->sandbox;
	for (size_t i = 0; i < d->store.n; i++)
		in_use[n++] = d->store.v[i]->policy;
	for (size_t i = 0; i < d->containers.n; i++) {
		if (d->containers.v[i]->policy)
			in_use[n++] = d->containers.v[i]->policy;
	}
	node_enforcement_sweep(&d->enforcement, in_use, n);
	free(in_use);
}

void daemon_sweep_policies(struct daemon *d)
{
	const char **in_use = calloc(d->containers.n + 1, sizeof(*in_use));
	size_t n = 0;

	if (!in_use)
		abort();
	for (size_t i = 0; i < d->containers.n; i++) {
		const struct node_policy *p = d->containers.v[i]->policy;

		if (p && !p->sandbox)
			in_use[n++] = policy_store_folder(p);
	}
	policy_store_sweep(&d->store, in_use, n);
	seccomp_files_sweep(d);
	free(in_use);
	sweep_apparmor(d);
}

void daemon_scan_profiles(struct daemon *d)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	if (policy_store_scan(&d->store, &err) < 0)
		daemon_tell(LOG_ERR, "%s", pale_err_text(err));
	daemon_sweep_policies(d);
}

static int on_rescan(sd_event_source *source, uint64_t usec, void *ctx)
{
	struct daemon *d = ctx;

	(void)source;
	(void)usec;
	daemon_scan_profiles(d);
	return 0;
}

static int on_profiles_changed(sd_event_source *source, const struct inotify_event *e, void *ctx)
{
	struct daemon *d = ctx;

	(void)source;
	/* The folder itself is gone: there may be another one later. */
	if (e->mask & IN_IGNORED)
		d->store_source = sd_event_source_disable_unref(d->store_source);
	d->rescan = sd_event_source_disable_unref(d->rescan);
	sd_event_add_time_relative(
		d->event, &d->rescan, CLOCK_MONOTONIC, RESCAN_DELAY_US, 10000, on_rescan, d);
	return 0;
}

/* true: they were not watched until now. */
static bool watch_profiles(struct daemon *d)
{
	return !d->store_source &&
	       sd_event_add_inotify(d->event, &d->store_source, d->options.profiles,
		       IN_ONLYDIR | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
			       IN_MOVE_SELF,
		       on_profiles_changed, d) >= 0;
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *ctx)
{
	struct daemon *d = ctx;
	struct daemon_config config;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	(void)source;
	(void)info;
	sd_notify(0, "RELOADING=1");
	/* What was right goes on when the new one is not. */
	if (daemon_config_read(d->options.config, &config, &err) < 0) {
		daemon_tell(LOG_ERR, "%s", pale_err_text(err));
	} else {
		daemon_config_release(&d->config);
		d->config = config;
	}
	watch_profiles(d);
	daemon_scan_profiles(d);
	for (size_t i = 0; i < d->store.n; i++)
		seccomp_files_write(d, d->store.v[i]);
	response_configure(d);
	sd_notify(0, "READY=1");
	return 0;
}

static int on_sweep(sd_event_source *source, uint64_t usec, void *ctx)
{
	struct daemon *d = ctx;

	registration_sweep(d);
	response_sweep(d);
	refused_calls_sweep(d);
	recording_sweep(d);
	violations_tell_lost(d);
	if (watch_profiles(d))
		daemon_scan_profiles(d);
	sd_event_source_set_time(source, usec + SWEEP_US);
	return 0;
}

/* Whatever a round of the loop brought goes to the file together. */
static int on_round(sd_event_source *source, void *ctx)
{
	struct daemon *d = ctx;

	(void)source;
	event_log_flush(&d->log);
	return 0;
}

void daemon_wake(struct daemon *d)
{
	if (d->tell_source)
		sd_event_source_set_enabled(d->tell_source, SD_EVENT_ON);
}

void daemon_tell_waiting(struct daemon *d, struct container *c)
{
	event_queue_tell_line(&d->queue, &c->waiting, d);
}

static void read_lsm(struct daemon *d)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	int r = lsm_read(d->enforcement.lsm, EVENTS_A_ROUND, violations_take, d, &err);

	if (r < 0 && r != -EINTR)
		daemon_tell(LOG_ERR, "read the kernel's events: %s", pale_err_text(err));
}

/*
 * Reads some, and tells a few, which are then written: neither is what comes to wait for the end of
 * all there is, nor what there is for an end of what comes.
 */
static int on_tell(sd_event_source *source, void *ctx)
{
	struct daemon *d = ctx;

	if (d->enforcement.lsm)
		read_lsm(d);
	refused_calls_read(d);
	for (int i = 0; i < EVENTS_A_TURN; i++) {
		if (!event_queue_tell(&d->queue, d))
			return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	}
	return 0;
}

static int on_lsm(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct daemon *d = ctx;

	(void)source;
	(void)fd;
	(void)events;
	return on_tell(d->tell_source, d);
}

static int on_audit(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	(void)source;
	(void)fd;
	(void)events;
	violations_read_audit(ctx);
	return 0;
}

static int on_process_event(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct daemon *d = ctx;

	(void)source;
	(void)fd;
	(void)events;
	process_watch_handle(d->watch);
	return 0;
}

static uint32_t find_container(void *ctx, pid_t pid)
{
	struct daemon *d = ctx;
	const struct container *c = d->containers.n ? containers_by_pid(&d->containers, pid) : NULL;

	return c ? c->number : 0;
}

void daemon_watch_processes(struct daemon *d)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	int r;

	if (d->watch || d->no_watch)
		return;
	r = process_watch_new(find_container, d, &d->watch, &err);
	if (r >= 0) {
		r = sd_event_add_io(d->event, &d->watch_source, process_watch_fd(d->watch), EPOLLIN,
			on_process_event, d);
		if (r < 0)
			pale_err_set(&err, -r, "wait for process events");
	}
	d->no_watch = r < 0;
	if (r < 0)
		daemon_tell(LOG_WARNING, "processes that end at once may not be told: %s",
			pale_err_text(err));
	for (size_t i = 0; d->watch && i < d->containers.n; i++)
		process_watch_add(d->watch, d->containers.v[i]->pid, d->containers.v[i]->number);
}

/* Without it what seccomp refuses is refused and not told, which is told. */
static void open_audit(struct daemon *d)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	d->audit_fd = -1;
	if (d->enforcement.lsm && !(d->enforcement.used & (1u << MECHANISM_APPARMOR)))
		return;
	daemon_watch_processes(d);
	if (d->enforcement.lsm)
		return;
	if (audit_netlink_open(&d->audit_fd, &err) < 0) {
		daemon_tell(LOG_WARNING, "what seccomp refuses is not reported: %s",
			pale_err_text(err));
		return;
	}
	d->audit_buffer = malloc(AUDIT_RECORD_BYTES);
	if (!d->audit_buffer)
		abort();
	violations_tell_lost(d);
}

static void tell_lost_container(void *ctx, const char *id, const char *why)
{
	struct daemon *d = ctx;
	json_t *o = event_notice("container-lost", NULL);

	daemon_tell(LOG_ERR, "container file %s: %s", id, why);
	json_object_set_new(o, "file", json_string(id));
	json_object_set_new(o, "error", json_string(why));
	event_log_take(&d->log, o);
}

/* The number of the last event that was told of each container: the kernel's go on from there. */
static bool take_sequence(void *ctx, const char *line, size_t len)
{
	struct daemon *d = ctx;
	json_error_t e;
	json_t *event = json_loadb(line, len, 0, &e);
	const json_t *sequence = json_object_get(event, "sequence");
	const char *id =
		json_string_value(json_object_get(json_object_get(event, "container"), "id"));
	struct container *c = id && sequence ? containers_find(&d->containers, id) : NULL;

	if (c && (uint32_t)json_integer_value(json_object_get(event, "generation")) ==
			 (uint32_t)c->generation) {
		uint64_t n = (uint64_t)json_integer_value(sequence);

		c->reported++;
		if (n > c->reporter.sequence)
			c->reporter.sequence = n;
	}
	json_decref(event);
	return true;
}

static int restore(struct daemon *d, struct pale_err **err)
{
	int r = containers_restore(
		&d->containers, registration_restore, d, tell_lost_container, err);

	if (r >= 0 && d->containers.n)
		event_log_read(&d->log, take_sequence, d);
	return r;
}

/* Fits policy_store.changed. */
static void on_profile(void *ctx, const struct store_profile *p, bool gone)
{
	recording_take_profile(ctx, p, gone);
	if (!gone)
		seccomp_files_write(ctx, p);
}

/* To the recorder, and to whoever follows. */
static void on_event(void *ctx, const json_t *event, const char *line, size_t len)
{
	struct daemon *d = ctx;

	recording_take_event(d, event, line, len);
	if (d->sockets[SOCKET_EVENTS])
		queries_follow(d, event, line, len);
}

/* The folder of the log is made where it is missing; whose it is otherwise is its owner's matter.
 */
static int make_log_folder(const char *log, struct pale_err **err)
{
	const char *slash = strrchr(log, '/');
	_cleanup_free_ char *dir =
		slash && slash != log ? strndup(log, (size_t)(slash - log)) : NULL;

	return dir && access(dir, F_OK) < 0 ? file_tree_make(dir, 0750, err) : 0;
}

/* Containers that run have their profiles; who reads what these refuse ended with the last daemon.
 */
static void resume_apparmor(struct daemon *d)
{
	for (size_t i = 0; i < d->containers.n; i++) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;
		struct node_policy *p = d->containers.v[i]->policy;
		const char *profile;
		uint32_t inexact;

		if (p && node_enforcement_apparmor(&d->enforcement, p,
				 node_enforcement_of(
					 &d->enforcement, p, OCI_RUNTIME_RUNC, &inexact, NULL),
				 &profile, &err) < 0)
			daemon_tell(LOG_ERR, "profile '%s': %s", p->profile, pale_err_text(err));
	}
}

static int open_state(struct daemon *d, struct pale_err **err)
{
	int r = daemon_config_read(d->options.config, &d->config, err);

	if (r >= 0)
		r = file_tree_make(d->options.run, 0755, err);
	if (r >= 0)
		r = make_log_folder(d->options.log, err);
	if (r >= 0)
		r = event_log_open(&d->log, d->options.log, err);
	if (r >= 0)
		r = policy_store_init(&d->store, d->options.profiles, d->options.run, err);
	if (r < 0)
		return r;
	recording_open(d);
	d->log.follow = on_event;
	d->log.ctx = d;
	d->store.tell = tell_wrong_profile;
	d->store.changed = on_profile;
	d->store.ctx = d;
	r = containers_init(&d->containers, d->options.run, err);
	if (r >= 0)
		r = sandbox_policy_new(d->options.run, &d->sandbox, err);
	if (r >= 0)
		r = node_enforcement_open(&d->enforcement, d->options.run, err);
	if (r >= 0)
		node_enforcement_listen(
			&d->enforcement, d->event, violations_take_apparmor, violations_place, d);
	if (r >= 0)
		r = restore(d, err);
	if (r >= 0)
		r = recordings_open(d, err);
	if (r < 0)
		return r;
	open_audit(d);
	resume_apparmor(d);
	refused_calls_update(d);
	recording_restore(d);
	daemon_scan_profiles(d);
	response_configure(d);
	exceptions_wait(d);
	return 0;
}

/* A socket that systemd made, by its name (FileDescriptorName= of systemd.socket(5)); -1. */
static int activated(const char *name)
{
	char **names = NULL;
	int n = sd_listen_fds_with_names(0, &names), fd = -1;

	for (int i = 0; i < n; i++) {
		if (strcmp(names[i], name) == 0)
			fd = SD_LISTEN_FDS_START + i;
		free(names[i]);
	}
	free(names);
	return fd;
}

static int open_sockets(struct daemon *d, struct pale_err **err)
{
	static const char *const control_groups[] = { "pale", NULL };
	static const char *const events_groups[] = { "pale-read", "pale", NULL };
	static const struct server_method *const registration[] = { registration_methods, NULL };
	static const struct server_method *const control[] = { control_methods, recordings_control,
		query_methods, history_methods, recordings_queries, NULL };
	static const struct server_method *const events[] = { query_methods, history_methods,
		recordings_queries, NULL };
	static const struct {
		const char *name;
		const char *const *groups;
		size_t request_max;
		const struct server_method *const *methods;
	} sockets[SOCKET_COUNT] = {
		[SOCKET_REGISTER] = { "register", NULL, 1u << 20, registration },
		[SOCKET_CONTROL] = { "control", control_groups, 4u << 20, control },
		[SOCKET_EVENTS] = { "events", events_groups, 64u << 10, events },
	};

	for (int i = 0; i < SOCKET_COUNT; i++) {
		_cleanup_(text_release) struct text path = TEXT_INIT;
		struct server_options options = {
			.groups = sockets[i].groups,
			.request_max = sockets[i].request_max,
			.methods = sockets[i].methods,
			.ctx = d,
			.tell = tell_warning,
		};
		int r;

		text_printf(&path, "%s/%s", d->options.run, sockets[i].name);
		options.path = text_str(&path);
		r = server_new(d->event, &options, activated(sockets[i].name), &d->sockets[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_sources(struct daemon *d, struct pale_err **err)
{
	sd_event_source *round = NULL;
	int r;

	r = sd_event_add_signal(d->event, NULL, SIGTERM, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(d->event, NULL, SIGINT, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(d->event, NULL, SIGHUP, on_hangup, d);
	if (r >= 0)
		r = sd_event_add_post(d->event, &round, on_round, d);
	if (r >= 0)
		r = sd_event_source_set_floating(round, 1);
	sd_event_source_unref(round);
	if (r >= 0)
		r = sd_event_add_time_relative(
			d->event, &d->sweep, CLOCK_MONOTONIC, SWEEP_US, 1000000, on_sweep, d);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->sweep, SD_EVENT_ON);
	if (r >= 0)
		r = sd_event_add_defer(d->event, &d->tell_source, on_tell, d);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->tell_source, SD_EVENT_ON);
	/* As what brings them, below. */
	if (r >= 0)
		r = sd_event_source_set_priority(d->tell_source, SD_EVENT_PRIORITY_NORMAL + 10);
	if (r >= 0 && d->enforcement.lsm) {
		r = sd_event_add_io(d->event, &d->lsm_source, lsm_event_fd(d->enforcement.lsm),
			EPOLLIN, on_lsm, d);
		/* Requests of runtimes go first: a container waits for the answer. */
		if (r >= 0)
			r = sd_event_source_set_priority(
				d->lsm_source, SD_EVENT_PRIORITY_NORMAL + 10);
	}
	if (r >= 0 && d->audit_fd >= 0)
		r = sd_event_add_io(d->event, &d->audit_source, d->audit_fd, EPOLLIN, on_audit, d);
	if (r >= 0)
		r = sd_event_set_watchdog(d->event, 1);
	return r < 0 ? pale_err_set(err, -r, "wait for events") : 0;
}

/* Which security modules of the kernel are not there to enforce policies, and why. */
static void tell_missing(const struct daemon *d)
{
	static const enum mechanism modules[] = { MECHANISM_BPF_LSM, MECHANISM_APPARMOR };

	for (size_t i = 0; i < sizeof(modules) / sizeof(*modules); i++) {
		const struct pale_err *why = d->enforcement.why_not[modules[i]];

		if (!(d->enforcement.used & (1u << modules[i])))
			daemon_tell(LOG_NOTICE, "without %s: %s", mechanism_names[modules[i]],
				why ? pale_err_text(why) : "not supported");
	}
}

static int serve(struct daemon *d, struct pale_err **err)
{
	int r = add_sources(d, err);

	if (r < 0)
		return r;
	/* What changed since they were read is seen again. */
	if (watch_profiles(d))
		daemon_scan_profiles(d);
	daemon_log_notice(d, "started", NULL);
	running_containers_confine(d);
	event_log_flush(&d->log);
	sd_notify(0, "READY=1");
	daemon_tell(LOG_INFO, "ready: %zu profile%s, %zu container%s", d->store.n,
		d->store.n == 1 ? "" : "s", d->containers.n, d->containers.n == 1 ? "" : "s");
	tell_missing(d);
	r = sd_event_loop(d->event);
	sd_notify(0, "STOPPING=1");
	if (r < 0)
		return pale_err_set(err, -r, "serve");
	while (event_queue_tell(&d->queue, d))
		;
	refused_calls_stop(d);
	daemon_log_notice(d, "stopped", NULL);
	return 0;
}

static void release(struct daemon *d)
{
	d->log.follow = NULL;
	for (int i = 0; i < SOCKET_COUNT; i++)
		server_free(d->sockets[i]);
	d->tell_source = sd_event_source_disable_unref(d->tell_source);
	sd_event_source_disable_unref(d->lsm_source);
	sd_event_source_disable_unref(d->store_source);
	sd_event_source_disable_unref(d->rescan);
	sd_event_source_disable_unref(d->sweep);
	sd_event_source_disable_unref(d->audit_source);
	sd_event_source_disable_unref(d->watch_source);
	response_release(d);
	sd_event_source_disable_unref(d->exceptions_timer);
	refused_calls_release(d);
	recording_release(d);
	recordings_release(d);
	d->store.changed = NULL;
	process_facts_release(&d->facts);
	process_watch_free(d->watch);
	runtime_features_release(&d->runtimes);
	if (d->audit_fd >= 0)
		close(d->audit_fd);
	free(d->audit_buffer);
	if (d->place_root >= 0)
		close(d->place_root);
	containers_release(&d->containers);
	node_policy_unref(d->sandbox);
	policy_store_release(&d->store);
	node_enforcement_close(&d->enforcement);
	event_log_close(&d->log);
	if (d->config.arena)
		daemon_config_release(&d->config);
	sd_event_unref(d->event);
}

static int block_signals(struct pale_err **err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	return sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? pale_err_set(err, errno, "block signals")
						      : 0;
}

int daemon_run(const struct daemon_options *options, struct pale_err **err)
{
	struct daemon d = { .options = *options, .audit_fd = -1, .place_root = -1 };
	struct timespec now;
	int r = block_signals(err);

	if (r < 0)
		return r;
	clock_gettime(CLOCK_REALTIME, &now);
	d.since_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	r = sd_event_new(&d.event);
	if (r < 0)
		return pale_err_set(err, -r, "make an event loop");
	r = open_state(&d, err);
	if (r >= 0)
		r = open_sockets(&d, err);
	if (r >= 0)
		r = serve(&d, err);
	release(&d);
	return r;
}
