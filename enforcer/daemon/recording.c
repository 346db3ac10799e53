/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/daemon.h"
#include "enforcer/file_tree.h"
#include "enforcer/proc.h"

#include "compiler/base/cleanup.h"
#include "enforcer/cgroup.h"
#include "enforcer/recorder/kernel.h"
#include "enforcer/recorder/recorder.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <time.h>

/* The kernel's buffer is emptied so often, or when it is filling. */
#define LOOK_US 200000
/* Requests wait meanwhile. */
#define EVENTS_A_ROUND 2000
/* Of what is in the buffer before somebody asks, or before it is no more looked at. */
#define EVENTS_AT_ONCE 100000
/* How long the end of the daemon may wait for its disk. */
#define LAST_WRITE_MS 5000
#define SECOND_NS     1000000000u

/* Somebody who waits for what was seen to be written. */
struct waiter {
	struct waiter *next;
	uint64_t ticket;
	void (*written)(void *ctx);
	void *ctx;
};

struct recording {
	struct recorder *recorder;
	struct recorder_kernel *kernel; /* NULL: not needed so far, or not to be had */
	bool no_kernel, no_udp;		/* that has been told */
	struct pale_err *why_no_kernel;
	sd_event_source *told, *full, *look;
	struct waiter *waiters;
};

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

static void tell(void *ctx, int level, const char *text)
{
	(void)ctx;
	daemon_tell(level, "recorder: %s", text);
}

/* Of what @written does nothing is certain: it may ask anew. */
static void release_waiters(struct recording *r, uint64_t done)
{
	struct waiter **at = &r->waiters;

	while (*at) {
		struct waiter *w = *at;

		if (w->ticket > done) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		w->written(w->ctx);
		free(w);
		at = &r->waiters;
	}
}

static int on_told(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct recording *r = ctx;

	(void)source;
	(void)fd;
	(void)events;
	recorder_dispatch(r->recorder);
	release_waiters(r, recorder_done(r->recorder));
	return 0;
}

static int make_folder(const char *path, struct pale_err **err)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *dir =
		slash && slash != path ? strndup(path, (size_t)(slash - path)) : NULL;

	return dir && access(dir, F_OK) < 0 ? file_tree_make(dir, 0700, err) : 0;
}

static int begin(struct daemon *d, struct recording *r, struct pale_err **err)
{
	const struct recorder_options o = {
		.path = d->options.recorder,
		.bounds = d->config.recorder,
		.tell = tell,
	};
	int n = make_folder(o.path, err);

	if (n >= 0)
		n = recorder_new(&o, &r->recorder, err);
	if (n < 0)
		return n;
	n = sd_event_add_io(d->event, &r->told, recorder_fd(r->recorder), EPOLLIN, on_told, r);
	return n < 0 ? pale_err_set(err, -n, "wait for it") : 0;
}

void recording_open(struct daemon *d)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	if (d->config.no_recorder)
		return;
	d->recording = calloc(1, sizeof(*d->recording));
	if (!d->recording)
		abort();
	if (begin(d, d->recording, &err) >= 0)
		return;
	daemon_tell(LOG_ERR, "recorder: nothing is recorded: %s", pale_err_text(err));
	recording_release(d);
}

/* Of one kernel event. */
struct taking {
	struct recorder *recorder;
	uint64_t offset_ns; /* of CLOCK_REALTIME to CLOCK_BOOTTIME */
};

static void fill_exec(struct recorder_entry *to, const struct recorder_exec *x)
{
	to->filename = (struct recorder_bytes){ x->filename, x->filename_len };
	to->executable = (struct recorder_bytes){ x->executable + x->executable_at,
		sizeof(x->executable) - x->executable_at };
	to->arguments = (struct recorder_bytes){ (const char *)(x + 1), x->arguments_kept };
	if (x->filename_len == RECORDER_FILENAME_MAX - 1)
		to->flags |= RECORDER_FILENAME_CUT;
	if (x->arguments_kept < x->arguments_len)
		to->flags |= RECORDER_ARGUMENTS_CUT;
}

static void take(void *ctx, const struct recorder_event *e)
{
	const struct taking *t = ctx;
	struct recorder_entry to = {
		.kind = (enum recorder_kind)e->kind,
		.time_ns = e->time_ns + t->offset_ns,
		.container = e->container,
		.process = e->process,
		.parent = e->parent,
		.uid = e->uid,
		.status = e->status,
		.family = e->family,
		.protocol = e->protocol,
		.port = e->port,
	};

	memcpy(to.address, e->address, sizeof(to.address));
	if (e->kind == RECORDER_EXEC)
		fill_exec(&to, (const struct recorder_exec *)e);
	recorder_put(t->recorder, &to);
}

static int look(struct recording *r, size_t max)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct taking t = { r->recorder, now_ns(CLOCK_REALTIME) - now_ns(CLOCK_BOOTTIME) };
	int n = recorder_kernel_read(r->kernel, max, take, &t, &err);

	if (n < 0)
		daemon_tell(LOG_ERR, "recorder: %s", pale_err_text(err));
	return n;
}

static int on_full(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	(void)source;
	(void)fd;
	(void)events;
	look(ctx, EVENTS_A_ROUND);
	return 0;
}

static int on_look(sd_event_source *source, uint64_t usec, void *ctx)
{
	/* With more there it is back at once, after what else waits. */
	bool more = look(ctx, EVENTS_A_ROUND) >= EVENTS_A_ROUND;

	sd_event_source_set_time(source, more ? usec : usec + LOOK_US);
	return 0;
}

static int add_sources(struct daemon *d, struct recording *r, struct pale_err **err)
{
	int n = sd_event_add_io(
		d->event, &r->full, recorder_kernel_fd(r->kernel), EPOLLIN, on_full, r);

	if (n >= 0)
		n = sd_event_add_time_relative(
			d->event, &r->look, CLOCK_MONOTONIC, LOOK_US, 0, on_look, r);
	/* Requests of runtimes go first: a container waits for the answer. */
	if (n >= 0)
		n = sd_event_source_set_priority(r->full, SD_EVENT_PRIORITY_NORMAL + 10);
	if (n >= 0)
		n = sd_event_source_set_priority(r->look, SD_EVENT_PRIORITY_NORMAL + 10);
	return n < 0 ? pale_err_set(err, -n, "wait for events") : 0;
}

static void stop_looking(struct recording *r)
{
	r->full = sd_event_source_disable_unref(r->full);
	r->look = sd_event_source_disable_unref(r->look);
	recorder_kernel_free(r->kernel);
	r->kernel = NULL;
}

static int look_on(struct daemon *d, struct recording *r, struct pale_err **err)
{
	int n = 0;

	if (!r->kernel) {
		n = recorder_kernel_load(&r->kernel, err);
		if (n >= 0)
			n = add_sources(d, r, err);
	}
	if (n >= 0)
		n = recorder_kernel_attach(r->kernel, err);
	if (n >= 0)
		sd_event_source_set_enabled(r->look, SD_EVENT_ON);
	return n;
}

/* -ESRCH: it has ended. */
static int owns_namespace(const struct container *c, bool *ret, struct pale_err **err)
{
	pid_t inner;

	/* Until it is seen to be alive the number might be another's. */
	if (proc_inner_pid(c->pid, &inner) < 0 || !container_is_alive(c))
		return pale_err_set(err, ESRCH, "look at process %d", c->pid);
	*ret = inner == 1 && inner != c->pid;
	return 0;
}

static int open_cgroup(const struct container *c)
{
	_cleanup_(pale_err_freep) struct pale_err *none = NULL;
	_cleanup_(text_release) struct text path = TEXT_INIT;
	_cleanup_free_ char *mount = NULL;

	if (!c->cgroup_id || strncmp(c->cgroup, "0::", 3) != 0 ||
		cgroup_mount_point(&mount, &none) < 0)
		return -1;
	text_printf(&path, "%s%s", mount, c->cgroup + 3);
	return open(text_str(&path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void tell_no_udp(struct recording *r, const struct container *c, const char *why)
{
	if (!r->no_udp)
		daemon_tell(LOG_NOTICE,
			"recorder: what container %s, and others like it, connect to by UDP is "
			"not recorded: %s",
			c->id, why);
	r->no_udp = true;
}

static int follow_processes(struct recording *r, const struct container *c, struct pale_err **err)
{
	_cleanup_(pale_err_freep) struct pale_err *why_no_udp = NULL;
	_cleanup_close_ int group = open_cgroup(c);
	struct recorder_container k = {
		.number = c->number,
		.pidfd = c->pidfd,
		.cgroup = c->cgroup_id,
		.cgroup_fd = group,
	};
	int n = owns_namespace(c, &k.owns_namespace, err);

	if (n >= 0)
		n = recorder_kernel_add(r->kernel, &k, &why_no_udp, err);
	if (n >= 0 && group < 0)
		tell_no_udp(r, c, "it has no cgroup of its own in the unified hierarchy");
	else if (n >= 0 && why_no_udp)
		tell_no_udp(r, c, pale_err_text(why_no_udp));
	return n;
}

static void define(struct recording *r, struct container *c)
{
	json_t *o = container_names_json(c);
	_cleanup_free_ char *names = json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER);

	json_decref(o);
	if (names)
		recorder_define(r->recorder, c->number, c->id, c->since_ns, names);
	c->is_defined = true;
}

/* Its processes are to be followed from before they run. */
static void take_up(struct daemon *d, struct recording *r, struct container *c)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	int n = 0;

	define(r, c);
	if (r->no_kernel || !container_is_alive(c))
		return;
	n = look_on(d, r, &err);
	if (n < 0) {
		r->no_kernel = true;
		stop_looking(r);
		daemon_tell(LOG_WARNING, "recorder: processes and connections are not recorded: %s",
			pale_err_text(err));
		r->why_no_kernel = TAKE_PTR(err);
		return;
	}
	n = follow_processes(r, c, &err);
	if (n == -ESRCH)
		return;
	if (n < 0) {
		daemon_tell(LOG_ERR, "recorder: container %s: processes are not recorded: %s",
			c->id, pale_err_text(err));
		recorder_put_gap(r->recorder, c->number, 0, "its processes could not be followed");
	}
}

void recording_update(struct daemon *d)
{
	for (size_t i = 0; d->recording && i < d->containers.n; i++) {
		if (!d->containers.v[i]->is_defined)
			take_up(d, d->recording, d->containers.v[i]);
	}
}

static void mark_process(struct daemon *d, pid_t pid)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	const struct container *c = pidfd < 0 ? NULL : containers_by_pid(&d->containers, pid);

	if (c)
		recorder_kernel_mark(d->recording->kernel, c->number, pidfd);
}

void recording_restore(struct daemon *d)
{
	_cleanup_closedir_ DIR *all = NULL;

	recording_update(d);
	if (!d->recording || !d->recording->kernel)
		return;
	all = opendir("/proc");
	for (struct dirent *e; all && (e = readdir(all));) {
		if (isdigit((unsigned char)e->d_name[0]))
			mark_process(d, (pid_t)strtol(e->d_name, NULL, 10));
	}
}

static void tell_lost(struct recording *r, const struct container *c)
{
	uint64_t n = recorder_kernel_take_lost(r->kernel, c->number);

	if (n)
		recorder_put_gap(r->recorder, c->number, n, "the kernel's buffer was full");
}

void recording_forget(struct daemon *d, const struct container *c)
{
	struct recording *r = d->recording;

	if (!r || !c->is_defined)
		return;
	if (r->kernel) {
		look(r, EVENTS_AT_ONCE);
		tell_lost(r, c);
		recorder_kernel_remove(r->kernel, c->number);
	}
	recorder_undefine(r->recorder, c->number);
}

static bool anything_runs(const struct daemon *d)
{
	for (size_t i = 0; i < d->containers.n; i++) {
		if (container_is_alive(d->containers.v[i]))
			return true;
	}
	return false;
}

void recording_sweep(struct daemon *d)
{
	struct recording *r = d->recording;

	if (!r || !r->kernel)
		return;
	for (size_t i = 0; i < d->containers.n; i++)
		tell_lost(r, d->containers.v[i]);
	if (anything_runs(d)) {
		recorder_alive(r->recorder);
		return;
	}
	/* Not with the last container: attaching takes some time, for which the next would wait. */
	if (!recorder_kernel_is_attached(r->kernel))
		return;
	recorder_kernel_detach(r->kernel);
	look(r, EVENTS_AT_ONCE);
	sd_event_source_set_enabled(r->look, SD_EVENT_OFF);
}

/* By id, and of those that had it one after another the last. */
static uint32_t number_of(const struct daemon *d, const json_t *container)
{
	const char *id = json_string_value(json_object_get(container, "id"));
	uint32_t number = 0;

	for (size_t i = 0; id && i < d->containers.n; i++) {
		const struct container *c = d->containers.v[i];

		if (c->is_defined && strcmp(c->id, id) == 0 && c->number > number)
			number = c->number;
	}
	return number;
}

/* As report_time_json() has it. */
static uint64_t time_of(const json_t *event)
{
	const char *s = json_string_value(json_object_get(event, "time"));
	struct tm tm = { 0 };
	const char *end = s ? strptime(s, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

	if (!end || *end != '.' || strlen(end) != strlen(".000000000Z"))
		return now_ns(CLOCK_REALTIME);
	return (uint64_t)timegm(&tm) * SECOND_NS + strtoull(end + 1, NULL, 10);
}

/* What the log tells, by its kind there; all that is not named happened to policies and
 * containers. */
static enum recorder_kind kind_of(const json_t *event)
{
	static const struct {
		const char *name;
		enum recorder_kind kind;
	} kinds[] = {
		{ "violation", RECORDER_VIOLATION },
		{ "unattributed", RECORDER_VIOLATION },
		{ "lost", RECORDER_GAP },
		{ "throttled", RECORDER_GAP },
	};
	const char *kind = json_string_value(json_object_get(event, "kind"));

	for (size_t i = 0; kind && i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(kind, kinds[i].name) == 0)
			return kinds[i].kind;
	}
	return RECORDER_POLICY;
}

/* What the log calls events is told as entries, with why they are missing. */
static json_t *gap_of(const json_t *event)
{
	static const char *const counts[] = { "events", "calls", "audit_records" };
	bool throttled =
		strcmp(json_string_value(json_object_get(event, "kind")), "throttled") == 0;
	json_t *o = json_pack("{s:s}", "reason",
		throttled ? "a container had more violations than it may"
			  : "violations found no room");

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		if (json_object_get(event, counts[i]))
			json_object_set(o, "entries", json_object_get(event, counts[i]));
	}
	return o;
}

void recording_take_event(struct daemon *d, const json_t *event, const char *line, size_t len)
{
	const json_t *process = json_object_get(event, "process");
	struct recorder_entry e = {
		.kind = kind_of(event),
		.event = { line, len },
	};
	_cleanup_free_ char *gap = NULL;

	if (!d->recording)
		return;
	e.time_ns = time_of(event);
	e.container = number_of(d, json_object_get(event, "container"));
	e.process.pid = (uint32_t)json_integer_value(json_object_get(process, "host_pid"));
	if (e.kind == RECORDER_GAP) {
		json_t *o = gap_of(event);

		gap = json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER);
		json_decref(o);
		e.event = (struct recorder_bytes){ gap, gap ? strlen(gap) : 0 };
	}
	recorder_put(d->recording->recorder, &e);
}

void recording_take_profile(void *daemon, const struct store_profile *p, bool gone)
{
	struct daemon *d = daemon;
	json_t *o = json_pack("{s:s, s:s, s:s, s:s}", "kind",
		gone ? "profile-unloaded" : "profile-loaded", "profile", p->name, "digest",
		p->policy->digest, "file", p->file);
	_cleanup_free_ char *s = o ? json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
	const struct recorder_entry e = {
		.kind = RECORDER_POLICY,
		.time_ns = now_ns(CLOCK_REALTIME),
		.event = { s, s ? strlen(s) : 0 },
	};

	json_decref(o);
	if (d->recording)
		recorder_put(d->recording->recorder, &e);
}

bool recording_flush(struct daemon *d, void (*written)(void *ctx), void *ctx)
{
	struct recording *r = d->recording;
	struct waiter *w;

	if (!r)
		return false;
	if (r->kernel)
		look(r, EVENTS_AT_ONCE);
	w = malloc(sizeof(*w));
	if (!w)
		abort();
	*w = (struct waiter){ r->waiters, recorder_flush(r->recorder), written, ctx };
	r->waiters = w;
	return true;
}

void recording_cancel(struct daemon *d, void *ctx)
{
	struct waiter **at = d->recording ? &d->recording->waiters : NULL;

	while (at && *at) {
		struct waiter *w = *at;

		if (w->ctx != ctx) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		free(w);
	}
}

void recording_suspect(struct daemon *d)
{
	if (d->recording)
		recorder_suspect(d->recording->recorder);
}

json_t *recording_json(struct daemon *d)
{
	struct recording *r = d->recording;
	struct recorder_status s;
	json_t *o;

	if (!r)
		return json_pack("{s:b}", "recording", 0);
	recorder_status(r->recorder, &s);
	o = json_pack("{s:b, s:s, s:I, s:I, s:I}", "recording", s.recording, "file",
		d->options.recorder, "bytes", (json_int_t)s.bytes, "written", (json_int_t)s.written,
		"lost", (json_int_t)s.lost);
	if (!s.recording)
		json_object_set_new(o, "why_not", json_string(s.why));
	if (r->why_no_kernel)
		json_object_set_new(
			o, "no_processes", json_string(pale_err_text(r->why_no_kernel)));
	return o;
}

void recording_release(struct daemon *d)
{
	struct recording *r = d->recording;

	if (!r)
		return;
	if (r->kernel) {
		recorder_kernel_detach(r->kernel);
		look(r, EVENTS_AT_ONCE);
		for (size_t i = 0; i < d->containers.n; i++)
			tell_lost(r, d->containers.v[i]);
	}
	stop_looking(r);
	sd_event_source_disable_unref(r->told);
	while (r->waiters)
		recording_cancel(d, r->waiters->ctx);
	recorder_free(r->recorder, LAST_WRITE_MS);
	pale_err_free(r->why_no_kernel);
	free(r);
	d->recording = NULL;
}
