/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/container.h"

#include "compiler/base/cleanup.h"
#include "enforcer/cgroup.h"
#include "enforcer/annotations.h"
#include "enforcer/cgroup_containers.h"
#include "enforcer/daemon/exceptions.h"
#include "enforcer/file_tree.h"
#include "enforcer/daemon/policy_store.h"
#include "enforcer/proc.h"
#include "enforcer/daemon/response.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ID_BYTES_MAX 255
/* A request has at most 1 MiB, and its file little else. */
#define KEPT_BYTES_MAX (2u << 20)
#define NAME_BYTES_MAX 1024

int containers_init(struct containers *c, const char *run, struct pale_err **err)
{
	struct text t = TEXT_INIT;

	text_printf(&t, "%s/containers", run);
	*c = (struct containers){ .dir = text_take(&t) };
	return file_tree_make(c->dir, 0700, err);
}

void container_free(struct container *c)
{
	if (!c)
		return;
	node_policy_unref(c->policy);
	node_policy_unref(c->previous);
	sd_event_source_disable_unref(c->ending);
	response_counts_free(c->responses);
	exceptions_free(c->exceptions);
	json_decref(c->annotations);
	json_decref(c->own);
	if (c->pidfd >= 0)
		close(c->pidfd);
	free(c->id);
	free(c->owner);
	free(c->bundle);
	free(c->rootfs);
	free(c->initial_executable);
	free(c->cgroup);
	free(c);
}

void container_freep(struct container **c)
{
	container_free(*c);
}

void containers_release(struct containers *c)
{
	for (size_t i = 0; i < c->n; i++)
		container_free(c->v[i]);
	free(c->v);
	free(c->dir);
}

bool container_id_is_sound(const char *id)
{
	if (!isalnum((unsigned char)id[0]) || strlen(id) > ID_BYTES_MAX)
		return false;
	for (const char *s = id; *s; s++) {
		if (!isalnum((unsigned char)*s) && !strchr("_.-+", *s))
			return false;
	}
	return true;
}

struct container *containers_find(const struct containers *c, const char *id)
{
	for (size_t i = 0; i < c->n; i++) {
		if (!c->v[i]->forgotten_ns && strcmp(c->v[i]->id, id) == 0)
			return c->v[i];
	}
	return NULL;
}

static bool is_registered(const void *ctx, const char *id)
{
	return containers_find(ctx, id) != NULL;
}

int containers_each_unregistered(const struct containers *registered,
	void (*take)(void *ctx, const char *id, pid_t pid), void *ctx)
{
	return cgroup_containers_each(is_registered, registered, take, ctx);
}

struct container *containers_find_like(const struct containers *c, const char *word)
{
	struct container *found = containers_find(c, word);

	if (found)
		return found;
	for (size_t i = 0; i < c->n; i++) {
		const char *name = annotation(c->v[i]->annotations, ANNOTATION_NAME);

		if (strncmp(c->v[i]->id, word, strlen(word)) != 0 &&
			!(name && strcmp(name, word) == 0))
			continue;
		if (found)
			return NULL;
		found = c->v[i];
	}
	return found;
}

struct container *containers_by_instance(
	const struct containers *c, uint32_t instance, uint64_t generation)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i]->has_instance && c->v[i]->instance == instance &&
			(uint32_t)c->v[i]->generation == (uint32_t)generation)
			return c->v[i];
	}
	return NULL;
}

struct container *containers_by_cgroup(const struct containers *c, uint64_t cgroup_id)
{
	struct container *last = NULL;

	for (size_t i = 0; cgroup_id && i < c->n; i++) {
		if (c->v[i]->cgroup_id == cgroup_id && (!last || c->v[i]->number > last->number))
			last = c->v[i];
	}
	return last;
}

struct container *containers_by_number(const struct containers *c, uint32_t number)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i]->number == number)
			return c->v[i];
	}
	return NULL;
}

/* @line is "0::/a/b"; the same group or one below, of the same hierarchy. */
static bool is_within(const char *line, const char *of)
{
	size_t n = strlen(of);

	return strncmp(line, of, n) == 0 && (line[n] == 0 || line[n] == '\n' || line[n] == '/');
}

static const char *next_line(const char *s)
{
	s = strchr(s, '\n');
	return s && s[1] ? s + 1 : NULL;
}

struct container *containers_by_pid(const struct containers *c, pid_t pid)
{
	_cleanup_(text_release) struct text groups = TEXT_INIT;
	struct container *best = NULL;

	if (proc_read(pid, "cgroup", &groups) < 0)
		return NULL;
	for (const char *line = text_str(&groups); line; line = next_line(line)) {
		for (size_t i = 0; i < c->n; i++) {
			if (!c->v[i]->cgroup || !is_within(line, c->v[i]->cgroup))
				continue;
			/* The innermost, and of those that had it one after another the last. */
			if (!best || strlen(c->v[i]->cgroup) >= strlen(best->cgroup))
				best = c->v[i];
		}
		if (best)
			return best;
	}
	return NULL;
}

void containers_add(struct containers *c, struct container *add)
{
	c->v = reallocarray(c->v, c->n + 1, sizeof(*c->v));
	if (!c->v)
		abort();
	add->number = ++c->last_number;
	c->v[c->n++] = add;
}

static void unlink_kept(const struct containers *all, const struct container *c)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;

	text_printf(&path, "%s/%s.json", all->dir, c->id);
	unlink(text_str(&path));
}

void containers_remove(struct containers *c, struct container *gone)
{
	/* Another may have come under its id. */
	if (!containers_find(c, gone->id) || !gone->forgotten_ns)
		unlink_kept(c, gone);
	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i] == gone) {
			c->v[i] = c->v[--c->n];
			break;
		}
	}
	container_free(gone);
}

/*
 * The line of /proc/PID/cgroup that tells the container's processes from others: of the unified
 * hierarchy if the container has a group of its own there, otherwise of an old one (hybrid set-ups,
 * where runc leaves the unified one alone).
 */
static char *choose_line(const char *theirs, const char *ours)
{
	char *chosen = NULL;

	for (const char *line = theirs; line; line = next_line(line)) {
		size_t n = strcspn(line, "\n");
		const char *path = strchr(line, ':');

		path = path ? strchr(path + 1, ':') : NULL;
		if (!path || path - line > (ptrdiff_t)n || path[1] != '/' || path[2] == '\n' ||
			!path[2])
			continue;
		/* A group that the daemon is in is nobody's own. */
		if (ours) {
			_cleanup_free_ char *copy = strndup(line, n);
			bool shared = false;

			for (const char *o = ours; o && !shared; o = next_line(o))
				shared = is_within(o, copy);
			if (shared)
				continue;
		}
		if (!chosen || strncmp(line, "0::", 3) == 0) {
			free(chosen);
			chosen = strndup(line, n);
		}
	}
	return chosen;
}

static int find_cgroup_id(struct container *c, struct pale_err **err)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	_cleanup_free_ char *mount = NULL;
	_cleanup_close_ int fd = -1;
	int r;

	if (strncmp(c->cgroup, "0::", 3) != 0)
		return 0;
	r = cgroup_mount_point(&mount, err);
	if (r < 0)
		return r;
	text_printf(&path, "%s%s", mount, c->cgroup + 3);
	fd = open(text_str(&path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return pale_err_set(err, errno, "open %s", text_str(&path));
	return lsm_cgroup_id(fd, &c->cgroup_id, err);
}

int container_look(struct container *c, struct pale_err **err)
{
	_cleanup_(text_release) struct text theirs = TEXT_INIT, ours = TEXT_INIT;
	int r;

	if (c->pidfd < 0)
		c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pidfd < 0)
		return pale_err_set(err, errno, "open process %d", c->pid);
	if (proc_start_time(c->pid, &c->start_time) < 0 || proc_read(c->pid, "cgroup", &theirs) < 0)
		return pale_err_set(err, ESRCH, "look at process %d", c->pid);
	free(c->initial_executable);
	c->initial_executable = proc_link(c->pid, "exe");
	proc_read(getpid(), "cgroup", &ours);
	free(c->cgroup);
	c->cgroup = choose_line(text_str(&theirs), text_str(&ours));
	if (!c->cgroup)
		return pale_err_plain(err, ENOTUNIQ,
			"process %d has no cgroup of its own, so its container cannot be told from "
			"others",
			c->pid);
	r = find_cgroup_id(c, err);
	/* Until now the number might have been another's. */
	if (r >= 0 && !container_is_alive(c))
		return pale_err_set(err, ESRCH, "look at process %d", c->pid);
	return r;
}

int container_widen(struct container *c, struct pale_err **err)
{
	struct containers one = { .v = &c, .n = 1 };
	/* As container_look() has it: "4:pids:/a/b", and the path may have colons. */
	char *path = strchr(strchr(c->cgroup, ':') + 1, ':'), *id = strstr(path, c->id),
	     *below = id ? strchr(id, '/') : NULL;

	if (!below)
		return 0;
	*below = 0;
	if (containers_by_pid(&one, getpid()))
		return pale_err_plain(
			err, ENOTUNIQ, "paled is in the cgroup of container '%s'", c->id);
	return find_cgroup_id(c, err);
}

int container_pid_of(int pidfd, pid_t *ret, struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	char name[32];
	const char *s;

	snprintf(name, sizeof(name), "fdinfo/%d", pidfd);
	if (proc_read(getpid(), name, &t) < 0 || !(s = strstr(text_str(&t), "\nPid:")))
		return pale_err_plain(err, EBADF, "what came with the request is no pidfd");
	*ret = (pid_t)strtol(s + strlen("\nPid:"), NULL, 10);
	if (*ret <= 0)
		return pale_err_plain(
			err, ESRCH, "the process has ended, or cannot be seen from here");
	return 0;
}

bool container_is_alive(const struct container *c)
{
	struct pollfd p = { .fd = c->pidfd, .events = POLLIN };

	return c->pidfd >= 0 && poll(&p, 1, 0) == 0;
}

const char *container_state(const struct container *c)
{
	_cleanup_free_ char *executable = NULL;

	if (!container_is_alive(c))
		return "stopped";
	if (!c->policy)
		return "unconfined";
	if (c->frozen)
		return "frozen";
	executable = proc_link(c->pid, "exe");
	return executable && c->initial_executable && strcmp(executable, c->initial_executable) == 0
		       ? "created"
		       : "running";
}

static json_t *text_or_null(const char *s)
{
	return s ? json_string(s) : json_null();
}

int container_keep(const struct containers *all, const struct container *c, struct pale_err **err)
{
	_cleanup_(text_release) struct text name = TEXT_INIT;
	_cleanup_free_ char *s = NULL;
	json_t *o = json_pack("{s:i, s:s, s:O*, s:O*, s:o, s:o, s:o, s:i, s:I, s:o, s:I, s:I, s:b, "
			      "s:i, s:I, s:s, s:b, s:b, s:b}",
		"version", 1, "id", c->id, "annotations", c->annotations, "own", c->own, "bundle",
		text_or_null(c->bundle), "rootfs", text_or_null(c->rootfs), "initial_executable",
		text_or_null(c->initial_executable), "pid", (int)c->pid, "start_time",
		(json_int_t)c->start_time, "cgroup", text_or_null(c->cgroup), "cgroup_id",
		(json_int_t)c->cgroup_id, "since_ns", (json_int_t)c->since_ns, "has_instance",
		c->has_instance, "instance", (int)c->instance, "generation",
		(json_int_t)c->generation, "runtime", oci_runtime_names[c->runtime], "seccomp_log",
		c->seccomp_log, "late", c->late, "forgotten", c->forgotten_ns != 0);
	int r;

	/* The file is that of another by now, which has its id. */
	if (o && c->forgotten_ns && containers_find(all, c->id)) {
		json_decref(o);
		return 0;
	}
	if (!o)
		return pale_err_plain(
			err, EINVAL, "container '%s' has a name that is no text", c->id);
	if (c->frozen)
		json_object_set_new(o, "frozen", json_true());
	if (c->owner)
		json_object_set_new(o, "owner", json_string(c->owner));
	exceptions_keep(c, o);
	if (c->policy)
		json_object_set_new(o, "policy",
			json_pack("{s:s, s:s, s:s, s:b, s:b}", "folder",
				c->policy->sandbox ? "" : policy_store_folder(c->policy), "main",
				c->policy->main, "profile", c->policy->profile, "audit",
				c->policy->audit, "sandbox", c->policy->sandbox));
	s = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(o);
	text_printf(&name, "%s.json", c->id);
	r = file_tree_replace(all->dir, text_str(&name), s, strlen(s), err);
	return r;
}

static bool is_file_of(const char *file, const char *id)
{
	size_t n = strlen(id);

	return strncmp(file, id, n) == 0 && strcmp(file + n, ".json") == 0;
}

static int restore_one(struct containers *c, const char *file,
	int (*take)(void *ctx, const char *id, const json_t *kept, struct pale_err **err),
	void *ctx, struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	json_error_t e;
	json_t *o;
	const char *id;
	int r = file_tree_read(c->dir, file, KEPT_BYTES_MAX, &t, err);

	if (r < 0)
		return r;
	o = json_loadb(text_str(&t), t.len, JSON_REJECT_DUPLICATES, &e);
	if (!o)
		return pale_err_plain(err, EBADMSG, "%s", e.text);
	id = json_string_value(json_object_get(o, "id"));
	if (!id || !container_id_is_sound(id) || !is_file_of(file, id) ||
		json_integer_value(json_object_get(o, "version")) != 1)
		r = pale_err_plain(err, EBADMSG, "not written by this version or the one before");
	else
		r = take(ctx, id, o, err);
	json_decref(o);
	return r;
}

int containers_restore(struct containers *c,
	int (*take)(void *ctx, const char *id, const json_t *kept, struct pale_err **err),
	void *ctx, void (*failed)(void *ctx, const char *id, const char *why),
	struct pale_err **err)
{
	_cleanup_closedir_ DIR *d = opendir(c->dir);

	if (!d)
		return pale_err_set(err, errno, "read %s", c->dir);
	for (struct dirent *e; (e = readdir(d));) {
		_cleanup_(pale_err_freep) struct pale_err *why = NULL;

		if (e->d_name[0] != '.' && restore_one(c, e->d_name, take, ctx, &why) < 0)
			failed(ctx, e->d_name, pale_err_text(why));
	}
	return 0;
}

/* Whoever writes the annotations of a container does not thereby fill the log. */
static json_t *name_json(const char *s)
{
	_cleanup_free_ char *cut = NULL;
	size_t n = strnlen(s, NAME_BYTES_MAX + 1);

	if (n <= NAME_BYTES_MAX)
		return json_string(s);
	/* Not within a character. */
	for (n = NAME_BYTES_MAX; ((unsigned char)s[n] & 0xc0) == 0x80; n--)
		;
	cut = strndup(s, n);
	return json_sprintf("%s…", cut);
}

json_t *container_names_json(const struct container *c)
{
	static const struct {
		const char *member;
		enum annotation what;
	} members[] = {
		{ "name", ANNOTATION_NAME },
		{ "image", ANNOTATION_IMAGE },
		{ "pod", ANNOTATION_POD },
		{ "namespace", ANNOTATION_NAMESPACE },
		{ "pod_uid", ANNOTATION_POD_UID },
	};
	json_t *o = json_pack("{s:s}", "id", c->id);

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		const char *s = annotation(c->annotations, members[i].what);

		if (s)
			json_object_set_new(o, members[i].member, name_json(s));
	}
	if (c->owner)
		json_object_set_new(o, "owner", name_json(c->owner));
	return o;
}
