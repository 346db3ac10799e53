/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/running_containers.h"

#include "compiler/base/cleanup.h"
#include "enforcer/daemon/container_policy.h"
#include "enforcer/daemon/event.h"
#include "enforcer/file_tree.h"
#include "enforcer/proc.h"
#include "enforcer/runtime_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define CONFIG_BYTES_MAX ((size_t)16 << 20)

/*
 * It has every capability that this machine's first process can hand down, and no filter: what
 * pale-runtime tells from its configuration, without the masked paths.
 */
static bool is_privileged(pid_t pid)
{
	uint64_t its, all, filtered;

	return proc_status_number(pid, "CapBnd", 16, &its) == 0 &&
	       proc_status_number(1, "CapBnd", 16, &all) == 0 && (its & all) == all &&
	       proc_status_number(pid, "Seccomp", 10, &filtered) == 0 && !filtered;
}

/* The `annotations` of its configuration; a new reference. */
static int read_annotations(const char *bundle, json_t **ret, struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const json_t *annotations, *v;
	const char *key;
	json_error_t e;
	json_t *o;
	int r = file_tree_read(bundle, "config.json", CONFIG_BYTES_MAX, &t, err);

	if (r < 0)
		return r;
	o = json_loadb(text_str(&t), t.len, JSON_REJECT_DUPLICATES, &e);
	if (!o)
		return pale_err_plain(err, EBADMSG, "%s/config.json: %s", bundle, e.text);
	annotations = json_object_get(o, "annotations");
	json_object_foreach ((json_t *)annotations, key, v) {
		if (!json_is_string(v))
			r = pale_err_plain(err, EBADMSG,
				"%s/config.json: annotation '%s' is no text", bundle, key);
		if (r < 0)
			break;
	}
	if (r >= 0)
		*ret = annotations ? json_incref((json_t *)annotations) : json_object();
	json_decref(o);
	return r;
}

/* Its process is the runtime's first one still, and in the group that was found by its id. */
static int check_process(const struct container *c, uint64_t start_time, struct pale_err **err)
{
	if (c->start_time == start_time && strstr(c->cgroup, c->id))
		return 0;
	return pale_err_plain(err, ESRCH, "process %d is not its first one", c->pid);
}

static int look_at(struct container *c, struct pale_err **err)
{
	_cleanup_(runtime_state_release) struct runtime_state state = { 0 };
	int r = runtime_state_find("", c->id, &state, err);

	if (r < 0)
		return r;
	c->runtime = state.runtime;
	c->pid = state.pid;
	c->bundle = TAKE_PTR(state.bundle);
	r = container_look(c, err);
	if (r >= 0)
		r = check_process(c, state.start_time, err);
	if (r >= 0)
		r = container_widen(c, err);
	/* It runs its own program, whatever that was when it was looked at. */
	free(TAKE_PTR(c->initial_executable));
	return r;
}

/* 0: no policy is meant for it; 1: *ret is, a new reference. */
static int find_policy(
	struct daemon *d, struct container *c, struct node_policy **ret, struct pale_err **err)
{
	_cleanup_(pale_err_freep) struct pale_err *unknown = NULL;
	_cleanup_(image_release) struct image image = { 0 };
	_cleanup_(json_decrefp) json_t *said = NULL;
	struct policy_choice choice;
	int r = read_annotations(c->bundle, &said, err);

	if (r < 0)
		return r;
	c->annotations = container_annotations(c->bundle, said, c->id, &image, &unknown);
	r = container_policy_choose(
		d, is_privileged(c->pid), c->id, c->annotations, &image, &unknown, &choice, err);
	if (r < 0 || choice.unconfined)
		return r;
	r = container_policy_find(d, &choice, ret, err);
	return r < 0 ? r : 1;
}

static int confine(struct daemon *d, struct container *c, struct pale_err **err)
{
	int r;

	if (d->config.running == RUNNING_LIST)
		return pale_err_plain(err, EPERM, "paled.conf has 'running: list'");
	if (!d->enforcement.lsm)
		return pale_err_plain(
			err, EOPNOTSUPP, "only BPF-LSM can confine what runs, and it is not used");
	r = node_enforcement_confine(&d->enforcement, c, d->config.events_per_second, err);
	if (r < 0)
		return r;
	r = container_keep(&d->containers, c, err);
	if (r < 0)
		node_enforcement_release(&d->enforcement, c);
	return r;
}

/* 0: no policy is meant for it. 1: *ret is under one, and is among the daemon's containers. */
static int take_up(struct daemon *d, const char *id, struct container **ret, struct pale_err **err)
{
	_cleanup_(container_freep) struct container *c = calloc(1, sizeof(*c));
	struct timespec now;
	int r;

	if (!c)
		abort();
	clock_gettime(CLOCK_REALTIME, &now);
	c->pidfd = -1;
	c->id = strdup(id);
	c->since_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	c->late = true;
	/* Its filter is not the policy's: nobody looks for what that refuses. */
	c->seccomp_log = true;
	r = look_at(c, err);
	if (r >= 0)
		r = find_policy(d, c, &c->policy, err);
	if (r <= 0)
		return r;
	r = confine(d, c, err);
	if (r < 0)
		return r;
	*ret = c;
	containers_add(&d->containers, TAKE_PTR(c));
	return 1;
}

static void tell_unconfined(struct daemon *d, const char *id, pid_t pid, const struct pale_err *why)
{
	json_t *o = event_notice("unconfined", NULL);

	json_object_set_new(o, "container", json_pack("{s:s}", "id", id));
	json_object_set_new(o, "process", json_pack("{s:i}", "host_pid", (int)pid));
	if (why)
		json_object_set_new(o, "error", json_string(pale_err_text(why)));
	event_log_take(&d->log, o);
}

struct found {
	struct {
		char *id;
		pid_t pid;
	} * v;
	size_t n;
};

static void add_found(void *ctx, const char *id, pid_t pid)
{
	struct found *f = ctx;

	f->v = reallocarray(f->v, f->n + 1, sizeof(*f->v));
	if (!f->v)
		abort();
	f->v[f->n].id = strdup(id);
	f->v[f->n++].pid = pid;
}

void running_containers_confine(struct daemon *d)
{
	struct found found = { 0 };
	int listed = containers_each_unregistered(&d->containers, add_found, &found);

	if (listed < 0)
		daemon_tell(LOG_ERR,
			"containers that run already may stay unseen: list processes: %s",
			strerror(-listed));
	for (size_t i = 0; i < found.n; i++) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;
		struct container *c = NULL;
		int r = take_up(d, found.v[i].id, &c, &err);

		if (r == -ENOTUNIQ && found.v[i].pid == getpid())
			/* The daemon's own: nobody means to confine it by itself. */
			r = 0;
		else if (r > 0)
			daemon_log_notice(d, "confined-late", c);
		else
			tell_unconfined(d, found.v[i].id, found.v[i].pid, err);
		if (r < 0)
			daemon_tell(LOG_WARNING, "container '%s' runs unconfined: %s",
				found.v[i].id, pale_err_text(err));
		free(found.v[i].id);
	}
	free(found.v);
}
