/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/annotations.h"
#include "enforcer/daemon/container_policy.h"
#include "enforcer/daemon/daemon.h"
#include "enforcer/daemon/event.h"
#include "enforcer/daemon/exceptions.h"
#include "enforcer/daemon/recordings.h"
#include "enforcer/daemon/request_members.h"
#include "enforcer/daemon/response.h"

#include "compiler/base/cleanup.h"
#include "compiler/vocab.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 10000

static const char *text_member(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static int need_id(const json_t *body, const char **ret, struct pale_err **err)
{
	int r = request_text(body, "id", ret, err);

	if (r < 0)
		return r;
	if (!*ret)
		return pale_err_plain(err, EINVAL, "the request has no 'id'");
	if (!container_id_is_sound(*ret))
		return pale_err_plain(err, EINVAL, "that is no container's id");
	return 0;
}

static int find_runtime(const json_t *body, enum oci_runtime *ret, struct pale_err **err)
{
	const char *s = text_member(body, "runtime");

	for (int i = 0; s && i < OCI_RUNTIME_COUNT; i++) {
		if (strcmp(s, oci_runtime_names[i]) == 0) {
			*ret = (enum oci_runtime)i;
			return 0;
		}
	}
	return pale_err_plain(err, EINVAL, "'runtime' must be runc or crun");
}

/* Which runtime a request speaks of; @path NULL: it does not say where that is. */
struct oci_asked {
	enum oci_runtime runtime;
	const char *path;
	const char *file, *features; /* runtime_told_seccomp_log(); NULL: not said */
	bool wants_features;	     /* what it printed is to be said */
};

static int need_runtime(const json_t *body, struct oci_asked *ret, struct pale_err **err)
{
	int r;

	*ret = (struct oci_asked){ 0 };
	r = request_text(body, "runtime_path", &ret->path, err);
	if (r >= 0)
		r = request_text(body, "runtime_file", &ret->file, err);
	if (r >= 0)
		r = request_text(body, "runtime_features", &ret->features, err);
	return r < 0 ? r : find_runtime(body, &ret->runtime, err);
}

/* Clients of the version before do not say it but in prepare; they knew runc. */
static int read_runtime(const json_t *body, struct oci_asked *ret, struct pale_err **err)
{
	*ret = (struct oci_asked){ .runtime = OCI_RUNTIME_RUNC };
	return json_object_get(body, "runtime") ? need_runtime(body, ret, err) : 0;
}

static json_t *capabilities_json(uint64_t kept)
{
	json_t *a = json_array();

	for (int i = 0; i < 64; i++) {
		const char *name = kept & ((uint64_t)1 << i) ? vocab_capability_name(i) : NULL;
		_cleanup_(text_release) struct text t = TEXT_INIT;

		if (!name)
			continue;
		text_puts(&t, "CAP_");
		for (; *name; name++)
			text_putc(&t, (char)toupper((unsigned char)*name));
		json_array_append_new(a, json_string(text_str(&t)));
	}
	return a;
}

static json_t *limits_json(const struct limits *l)
{
	json_t *o = json_object();

	for (int i = 0; i < LIMIT_COUNT; i++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;

		if (!l->is_set[i])
			continue;
		for (const char *s = limit_names[i]; *s; s++)
			text_putc(&t, *s == '-' ? '_' : *s);
		json_object_set_new(o, text_str(&t), json_integer((json_int_t)l->value[i]));
	}
	return o;
}

static json_t *mechanisms_json(mechanisms used)
{
	json_t *a = json_array();

	for (int i = 0; i < MECHANISM_COUNT; i++) {
		if (used & (1u << i))
			json_array_append_new(a,
				json_string(mechanism_names[i == MECHANISM_OCI ? MECHANISM_SECCOMP
									       : i]));
	}
	return a;
}

static bool takes_seccomp_log(struct daemon *d, struct oci_asked *asked)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL, *unseen = NULL;
	bool takes_log = false;
	int r;

	if (!asked->path)
		return false;
	r = runtime_takes_seccomp_log(&d->runtimes, asked->runtime, asked->path, &takes_log, &err);
	/* This daemon's files are a container's. */
	if (r == -ENOENT && asked->file) {
		unseen = TAKE_PTR(err);
		r = runtime_told_seccomp_log(&d->runtimes, asked->runtime, asked->path, asked->file,
			asked->features, &takes_log, &err);
		asked->wants_features = r == -ENODATA;
	}
	if (r < 0 && !asked->wants_features)
		daemon_tell(LOG_WARNING, "whether %s takes seccomp flags: %s",
			oci_runtime_names[asked->runtime], pale_err_text(err));
	return takes_log;
}

/* linux.seccomp; what it refuses is logged where the runtime can have that done. */
static json_t *seccomp_json(struct daemon *d, const json_t *oci, struct oci_asked *asked)
{
	json_t *o = json_copy((json_t *)oci);

	if (takes_seccomp_log(d, asked))
		json_object_set_new(o, "flags", json_pack("[s]", "SECCOMP_FILTER_FLAG_LOG"));
	return o;
}

/* What @p asks of a container's configuration, which @asked is about. */
static int confinement_json(struct daemon *d, struct node_policy *p, struct oci_asked *asked,
	json_t **ret, struct pale_err **err)
{
	const enum oci_runtime runtime = asked->runtime;
	_cleanup_free_ char *first = NULL;
	const struct node_filter *filter;
	const char *apparmor;
	uint32_t inexact;
	mechanisms used = node_enforcement_of(&d->enforcement, p, runtime, &inexact, &first);
	int r = node_policy_seccomp(p, runtime, &filter, err);
	json_t *o;

	if (r < 0)
		return r;
	if (inexact && !d->config.allow_partial) {
		pale_err_plain(err, EOPNOTSUPP,
			"profile '%s': %u of its rules cannot be enforced exactly on this node, "
			"first "
			"%s",
			p->profile, inexact, first);
		pale_err_hint(err, "'allow-partial: true' in paled.conf accepts that");
		return -EOPNOTSUPP;
	}
	r = node_enforcement_apparmor(&d->enforcement, p, used, &apparmor, err);
	if (r < 0)
		return r;
	o = json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:o}", "profile", p->profile, "digest",
		p->digest, "file", p->main, "mode", p->audit ? "audit" : "enforce", "sandbox",
		p->sandbox, "mechanisms", mechanisms_json(used), "seccomp",
		seccomp_json(d, filter->oci, asked));
	if (asked->wants_features)
		json_object_set_new(o, "wants_features", json_true());
	if (filter->bytes)
		json_object_set_new(o, "seccomp_bpf", json_string(filter->bytes));
	if (apparmor)
		json_object_set_new(o, "apparmor", json_string(apparmor));
	json_object_set_new(o, "capabilities", capabilities_json(p->capabilities));
	json_object_set_new(
		o, "no_new_privileges", json_boolean(node_policy_implies_no_new_privs(p)));
	json_object_set_new(o, "limits", limits_json(&p->limits));
	json_object_set_new(o, "wait_ms", json_integer(WAIT_MS));
	*ret = o;
	return 0;
}

static int prepare(
	void *ctx, const struct server_request *r, json_t **ret_more, struct pale_err **err)
{
	struct daemon *d = ctx;
	_cleanup_(node_policy_unrefp) struct node_policy *policy = NULL;
	_cleanup_(pale_err_freep) struct pale_err *unknown = NULL;
	_cleanup_(image_release) struct image image = { 0 };
	_cleanup_(json_decrefp) json_t *annotations = NULL;
	struct policy_choice choice;
	struct oci_asked asked;
	const json_t *said;
	const char *id, *bundle;
	json_t *answer;
	bool privileged;
	int n = need_id(r->body, &id, err);

	if (n >= 0)
		n = need_runtime(r->body, &asked, err);
	if (n >= 0)
		n = request_texts(r->body, "annotations", &said, err);
	if (n >= 0)
		n = request_flag(r->body, "privileged", &privileged, err);
	if (n >= 0)
		n = request_text(r->body, "bundle", &bundle, err);
	if (n < 0)
		return n;
	annotations = container_annotations(bundle, said, id, &image, &unknown);
	n = container_policy_choose(d, privileged, id, annotations, &image, &unknown, &choice, err);
	if (n < 0)
		return n;
	if (choice.unconfined) {
		answer = json_pack("{s:b}", "unconfined", 1);
		if (choice.recording)
			json_object_update_new(
				answer, json_pack("{s:s, s:i}", "recording", choice.recording,
						"wait_ms", RECORDING_BEGIN_MS + WAIT_MS));
		server_answer(r->connection, answer);
		return 0;
	}
	n = container_policy_find(d, &choice, &policy, err);
	if (n == -ENOENT && !policy_store_find(&d->store, choice.profile))
		*ret_more = json_pack("{s:s}", "on_missing", on_missing_names[choice.on_missing]);
	if (n >= 0)
		n = confinement_json(d, policy, &asked, &answer, err);
	if (n < 0)
		return n;
	server_answer(r->connection, answer);
	return 0;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void daemon_log_notice(struct daemon *d, const char *kind, const struct container *c)
{
	json_t *o = event_notice(kind, c);

	if (c && c->policy) {
		json_object_set_new(o, "profile", json_string(c->policy->profile));
		json_object_set_new(o, "digest", json_string(c->policy->digest));
		json_object_set_new(o, "mode", json_string(c->policy->audit ? "audit" : "enforce"));
	}
	event_log_take(&d->log, o);
}

/* The policy of this digest and mode, that `prepare` spoke of. */
static int find_by_digest(struct daemon *d, const char *digest, bool audit,
	struct node_policy **ret, struct pale_err **err)
{
	if (strcmp(d->sandbox->digest, digest) == 0) {
		*ret = node_policy_ref(d->sandbox);
		return 0;
	}
	for (size_t i = 0; i < d->store.n; i++) {
		if (strcmp(d->store.v[i]->policy->digest, digest) == 0)
			return policy_store_policy(d->store.v[i], audit, ret, err);
	}
	/* It was replaced just now, and another container has it still. */
	for (size_t i = 0; i < d->containers.n; i++) {
		struct node_policy *p = exceptions_own_policy(d->containers.v[i]);

		if (p && p->audit == audit && strcmp(p->digest, digest) == 0) {
			*ret = node_policy_ref(p);
			return 0;
		}
	}
	return pale_err_plain(
		err, ENOENT, "this node has no policy of digest %.12s any more", digest);
}

static void forget(struct daemon *d, struct container *c)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	c->forgotten_ns = now_ns(CLOCK_MONOTONIC);
	refused_calls_update(d);
	/* A daemon that starts meanwhile would take it up again, and nobody forgets it twice. */
	if (container_keep(&d->containers, c, &err) < 0)
		daemon_tell(LOG_ERR, "container '%s': %s", c->id, pale_err_text(err));
	daemon_log_notice(d, "forgotten", c);
}

static char *copy(const char *s)
{
	return s ? strdup(s) : NULL;
}

/* By the pidfd that came along; else by its number, which means the same only for who shares the
 * daemon's pid namespace. */
static int read_process(struct container *c, const struct server_request *r, struct pale_err **err)
{
	const json_t *pid = json_object_get(r->body, "pid");

	if (r->fd >= 0) {
		c->pidfd = fcntl(r->fd, F_DUPFD_CLOEXEC, 0);
		if (c->pidfd < 0)
			return pale_err_set(err, errno, "keep a descriptor");
		return container_pid_of(c->pidfd, &c->pid, err);
	}
	if (!json_is_integer(pid) || json_integer_value(pid) < 2 ||
		json_integer_value(pid) > INT32_MAX)
		return pale_err_plain(err, EINVAL, "'pid' must be a process's");
	c->pid = (pid_t)json_integer_value(pid);
	return 0;
}

/* What is said of it, but for its process and its policy. */
static int read_container(struct container *c, const json_t *body, struct pale_err **err)
{
	_cleanup_(pale_err_freep) struct pale_err *unknown = NULL;
	_cleanup_(image_release) struct image image = { 0 };
	const json_t *annotations, *own;
	const char *bundle, *rootfs;
	int r = request_texts(body, "annotations", &annotations, err);

	if (r >= 0)
		r = request_object(body, "own", &own, err);
	if (r >= 0)
		r = request_text(body, "bundle", &bundle, err);
	if (r >= 0)
		r = request_text(body, "rootfs", &rootfs, err);
	if (r >= 0)
		r = request_flag(body, "seccomp_log", &c->seccomp_log, err);
	if (r < 0)
		return r;
	c->annotations = container_annotations(bundle, annotations, c->id, &image, &unknown);
	c->own = json_deep_copy(own);
	c->bundle = copy(bundle);
	c->rootfs = copy(rootfs);
	c->since_ns = now_ns(CLOCK_REALTIME);
	return 0;
}

/* NULL in *@ret when there is none. */
static int read_policy(
	struct daemon *d, const json_t *body, struct node_policy **ret, struct pale_err **err)
{
	const char *digest, *mode;
	int r = request_text(body, "digest", &digest, err);

	if (r >= 0)
		r = request_text(body, "mode", &mode, err);
	if (r < 0)
		return r;
	if (mode && strcmp(mode, "audit") != 0 && strcmp(mode, "enforce") != 0)
		return pale_err_plain(err, EINVAL, "'mode' must be enforce or audit");
	return digest ? find_by_digest(d, digest, mode && strcmp(mode, "audit") == 0, ret, err) : 0;
}

static int make_container(struct daemon *d, const struct server_request *request, const char *id,
	struct container **ret, struct pale_err **err)
{
	_cleanup_(container_freep) struct container *c = calloc(1, sizeof(*c));
	struct oci_asked asked;
	int r;

	if (!c)
		abort();
	c->pidfd = -1;
	c->id = strdup(id);
	r = read_process(c, request, err);
	if (r >= 0)
		r = read_container(c, request->body, err);
	if (r >= 0)
		r = read_runtime(request->body, &asked, err);
	if (r >= 0)
		r = read_policy(d, request->body, &c->policy, err);
	if (r < 0)
		return r;
	c->runtime = asked.runtime;
	r = container_look(c, err);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(c);
	return 0;
}

static int put_in_force(struct daemon *d, struct container *c, struct pale_err **err)
{
	int r = 0;

	if (c->policy)
		r = node_enforcement_confine(&d->enforcement, c, d->config.events_per_second, err);
	if (r < 0)
		return r;
	/* From here on it is known to whoever comes after this daemon. */
	r = container_keep(&d->containers, c, err);
	if (r < 0)
		node_enforcement_release(&d->enforcement, c);
	return r;
}

/* Policies that are the same may have been compiled twice: one is of before a restart. */
static bool same_policy(const struct node_policy *a, const struct node_policy *b)
{
	if (!a || !b)
		return a == b;
	return a->audit == b->audit && strcmp(a->digest, b->digest) == 0;
}

static bool same_process(const struct container *a, const struct container *b)
{
	return a->pid == b->pid && a->start_time == b->start_time;
}

/* The answer may not have arrived, and the runtime asks again. */
static int same_again(
	const struct container *before, const struct container *c, struct pale_err **err)
{
	if (same_policy(exceptions_own_policy(before), c->policy) && same_process(before, c))
		return 0;
	return pale_err_plain(err, EEXIST, "container '%s' is registered, and running", before->id);
}

/* It was found running when the daemon started, while its runtime was about to register it: its own
 * program has not been started, so nothing runs unconfined in between. */
static void drop_late(struct daemon *d, struct container *late)
{
	daemon_tell_waiting(d, late);
	response_forget(d, late);
	node_enforcement_release(&d->enforcement, late);
	recording_forget(d, late);
	late->forgotten_ns = now_ns(CLOCK_MONOTONIC);
	containers_remove(&d->containers, late);
}

/* As `prepare` answered: what has a policy, and a pod's sandbox, is not recorded. */
static const char *recording_asked(const struct daemon *d, const struct container *c)
{
	if (c->policy || !d->config.recording || annotations_are_of_sandbox(c->annotations))
		return NULL;
	return annotation(c->annotations, ANNOTATION_RECORDING);
}

static int register_(
	void *ctx, const struct server_request *r, json_t **ret_more, struct pale_err **err)
{
	struct daemon *d = ctx;
	struct container *c = NULL, *before;
	const char *id, *recording;
	int n = need_id(r->body, &id, err);

	(void)ret_more;
	if (n < 0)
		return n;
	n = make_container(d, r, id, &c, err);
	if (n < 0)
		return pale_err_wrap(err, "container '%s'", id);
	before = containers_find(&d->containers, id);
	if (before && before->late && same_process(before, c)) {
		drop_late(d, before);
		before = NULL;
	}
	if (before && container_is_alive(before)) {
		n = same_again(before, c, err);
		container_free(c);
		if (n >= 0 && !recordings_wait_again(d, id, r->connection))
			server_answer(r->connection, json_object());
		return n;
	}
	if (before)
		forget(d, before);
	/* The configuration may be another one since `prepare` was answered. */
	if (!c->policy && !d->config.recording && !annotations_are_of_sandbox(c->annotations) &&
		annotation(c->annotations, ANNOTATION_RECORDING)) {
		container_free(c);
		return pale_err_plain(err, EACCES,
			"container '%s': this node lets no container be recorded any more", id);
	}
	n = put_in_force(d, c, err);
	if (n < 0) {
		container_free(c);
		return pale_err_wrap(err, "container '%s'", id);
	}
	containers_add(&d->containers, c);
	if (d->watch)
		process_watch_add(d->watch, c->pid, c->number);
	refused_calls_update(d);
	recording_update(d);
	daemon_log_notice(d, "registered", c);
	recording = recording_asked(d, c);
	if (recording)
		recordings_begin(d, c, recording, r->connection);
	else
		server_answer(r->connection, json_object());
	return 0;
}

static int lookup(
	void *ctx, const struct server_request *r, json_t **ret_more, struct pale_err **err)
{
	struct daemon *d = ctx;
	struct container *c;
	struct oci_asked asked;
	json_t *answer;
	const char *id;
	int n = need_id(r->body, &id, err);

	(void)ret_more;
	if (n < 0)
		return n;
	c = containers_find(&d->containers, id);
	if (!c)
		return pale_err_plain(err, ENOENT, "container '%s' is not registered", id);
	n = read_runtime(r->body, &asked, err);
	if (n < 0)
		return n;
	if (!c->policy) {
		server_answer(r->connection, json_pack("{s:b}", "unconfined", 1));
		return 0;
	}
	n = confinement_json(d, exceptions_own_policy(c), &asked, &answer, err);
	if (n < 0)
		return n;
	if (c->own)
		json_object_set(answer, "own", c->own);
	server_answer(r->connection, answer);
	return 0;
}

static int on_end(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct daemon *d = ctx;

	(void)fd;
	(void)events;
	for (size_t i = 0; i < d->containers.n; i++) {
		struct container *c = d->containers.v[i];

		if (c->ending != source)
			continue;
		c->ending = sd_event_source_disable_unref(source);
		if (!c->forgotten_ns)
			forget(d, c);
		break;
	}
	return 0;
}

static int forget_at_its_end(struct daemon *d, struct container *c, struct pale_err **err)
{
	int r;

	if (c->ending)
		return 0;
	r = sd_event_add_io(d->event, &c->ending, c->pidfd, EPOLLIN, on_end, d);
	return r < 0 ? pale_err_set(err, -r, "wait for the end of container '%s'", c->id) : 0;
}

static int forget_(
	void *ctx, const struct server_request *r, json_t **ret_more, struct pale_err **err)
{
	struct daemon *d = ctx;
	struct container *c;
	const char *id;
	bool ended;
	int n = need_id(r->body, &id, err);

	(void)ret_more;
	if (n >= 0)
		n = request_flag(r->body, "ended", &ended, err);
	if (n < 0)
		return n;
	c = containers_find(&d->containers, id);
	if (c && ended && container_is_alive(c))
		n = forget_at_its_end(d, c, err);
	else if (c)
		forget(d, c);
	if (n < 0)
		return n;
	server_answer(r->connection, json_object());
	return 0;
}

const struct server_method registration_methods[] = {
	{ "prepare", prepare },
	{ "register", register_ },
	{ "lookup", lookup },
	{ "forget", forget_ },
	{ NULL, NULL },
};

static int restore_policy(
	struct daemon *d, const json_t *kept, struct node_policy **ret, struct pale_err **err)
{
	const json_t *p = json_object_get(kept, "policy");
	const char *folder = text_member(p, "folder"), *main = text_member(p, "main"),
		   *profile = text_member(p, "profile");
	bool audit = json_is_true(json_object_get(p, "audit"));

	if (!p)
		return 0;
	if (json_is_true(json_object_get(p, "sandbox"))) {
		*ret = node_policy_ref(d->sandbox);
		return 0;
	}
	if (!folder || !main || !profile)
		return pale_err_plain(err, EBADMSG, "its policy is not told");
	/* Many containers share one. */
	for (size_t i = 0; i < d->containers.n; i++) {
		struct node_policy *there = exceptions_own_policy(d->containers.v[i]);

		if (there && !there->sandbox && there->audit == audit &&
			strcmp(policy_store_folder(there), folder) == 0 &&
			strcmp(there->main, main) == 0 && strcmp(there->profile, profile) == 0) {
			*ret = node_policy_ref(there);
			return 0;
		}
	}
	return policy_store_restore(&d->store, folder, main, profile, audit, ret, err);
}

/* The process of that number may be another by now. */
static void find_again(struct container *c, uint64_t start_time, char **cgroup)
{
	_cleanup_(pale_err_freep) struct pale_err *gone = NULL;
	char *executable = c->initial_executable;

	c->initial_executable = NULL;
	if (container_look(c, &gone) < 0 || c->start_time != start_time) {
		if (c->pidfd >= 0)
			close(TAKE_FD(c->pidfd));
		c->start_time = start_time;
	}
	free(c->initial_executable);
	c->initial_executable = executable;
	free(c->cgroup);
	c->cgroup = TAKE_PTR(*cgroup);
}

int registration_restore(void *daemon, const char *id, const json_t *kept, struct pale_err **err)
{
	struct daemon *d = daemon;
	_cleanup_(container_freep) struct container *c = calloc(1, sizeof(*c));
	_cleanup_free_ char *cgroup = copy(text_member(kept, "cgroup"));
	uint64_t cgroup_id = (uint64_t)json_integer_value(json_object_get(kept, "cgroup_id"));
	int r;

	if (!c)
		abort();
	c->pidfd = -1;
	c->id = strdup(id);
	r = restore_policy(d, kept, &c->policy, err);
	if (r >= 0)
		r = exceptions_restore(c, kept, err);
	if (r < 0)
		return r;
	c->annotations = json_incref(json_object_get(kept, "annotations"));
	c->own = json_incref(json_object_get(kept, "own"));
	c->bundle = copy(text_member(kept, "bundle"));
	c->rootfs = copy(text_member(kept, "rootfs"));
	c->owner = copy(text_member(kept, "owner"));
	c->initial_executable = copy(text_member(kept, "initial_executable"));
	c->pid = (pid_t)json_integer_value(json_object_get(kept, "pid"));
	c->since_ns = (uint64_t)json_integer_value(json_object_get(kept, "since_ns"));
	/* Those that the version before kept say neither, and had no such flag. */
	if (json_object_get(kept, "runtime") && find_runtime(kept, &c->runtime, err) < 0)
		return -pale_err_errno(*err);
	c->seccomp_log = json_is_true(json_object_get(kept, "seccomp_log"));
	c->late = json_is_true(json_object_get(kept, "late"));
	c->frozen = json_is_true(json_object_get(kept, "frozen"));
	c->has_instance = json_is_true(json_object_get(kept, "has_instance"));
	c->instance = (uint32_t)json_integer_value(json_object_get(kept, "instance"));
	c->generation = (uint64_t)json_integer_value(json_object_get(kept, "generation"));
	find_again(c, (uint64_t)json_integer_value(json_object_get(kept, "start_time")), &cgroup);
	c->cgroup_id = cgroup_id;
	if (json_is_true(json_object_get(kept, "forgotten")))
		c->forgotten_ns = now_ns(CLOCK_MONOTONIC);
	r = node_enforcement_adopt(&d->enforcement, c, err);
	if (r < 0)
		return r;
	containers_add(&d->containers, TAKE_PTR(c));
	return 0;
}

/* Its end was not told, as when an engine was killed: its bundle is no more. */
static bool is_abandoned(const struct container *c)
{
	return !c->forgotten_ns && !container_is_alive(c) && c->bundle &&
	       access(c->bundle, F_OK) < 0 && errno == ENOENT;
}

void registration_sweep(struct daemon *d)
{
	uint64_t now = now_ns(CLOCK_MONOTONIC);

	for (size_t i = 0; i < d->containers.n; i++) {
		if (is_abandoned(d->containers.v[i]))
			forget(d, d->containers.v[i]);
	}

	for (size_t i = 0; i < d->containers.n;) {
		struct container *c = d->containers.v[i];

		if (!c->forgotten_ns || now - c->forgotten_ns < CONTAINER_LINGERS_NS ||
			container_is_alive(c)) {
			i++;
			continue;
		}
		daemon_tell_waiting(d, c);
		refused_calls_tell_throttled(d, c);
		response_forget(d, c);
		node_enforcement_release(&d->enforcement, c);
		recording_forget(d, c);
		containers_remove(&d->containers, c);
	}
}
