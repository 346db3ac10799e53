/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/container_group.h"

#include "compiler/base/cleanup.h"
#include "enforcer/cgroup.h"
#include "enforcer/proc.h"
#include "enforcer/load_lsm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The container may make groups of its own, below; the kernel has no bound on that by default. */
#define DEPTH_MAX  16
#define GROUPS_MAX 4096

/* Where the old hierarchy with this controller, or of this name ("name=systemd"), is mounted. */
static int find_hierarchy(const char *controllers, char **ret, struct pale_err **err)
{
	_cleanup_free_ char *first = strndup(controllers, strcspn(controllers, ","));
	FILE *f = setmntent("/proc/self/mounts", "re");
	struct mntent *m;

	*ret = NULL;
	if (!f)
		return pale_err_set(err, errno, "read /proc/self/mounts");
	while (!*ret && (m = getmntent(f)))
		if (strcmp(m->mnt_type, "cgroup") == 0 && hasmntopt(m, first))
			*ret = strdup(m->mnt_dir);
	endmntent(f);
	if (*ret)
		return 0;
	return pale_err_plain(err, ENOENT, "the cgroup hierarchy of '%s' is not mounted", first);
}

static int open_folder(const char *mount, const char *path, int *ret, struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_printf(&t, "%s%s", mount, path);
	*ret = open(text_str(&t), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return *ret < 0 ? pale_err_set(err, errno, "open %s", text_str(&t)) : 0;
}

/* Version 1: the group of the same path where the freezer is, made together with the others by the
 * runtime. One of another path may be other containers', too. */
static int find_freezer(const char *path)
{
	_cleanup_(pale_err_freep) struct pale_err *none = NULL;
	_cleanup_free_ char *mount = NULL;
	int fd = -1;

	if (find_hierarchy("freezer", &mount, &none) >= 0)
		open_folder(mount, path, &fd, &none);
	return fd;
}

/* The path may be another container's by now, as when one of the same id came after it. */
static int check_id(const struct container *c, int fd, struct pale_err **err)
{
	uint64_t id;
	int r = lsm_cgroup_id(fd, &id, err);

	if (r < 0 || id == c->cgroup_id)
		return r;
	return pale_err_plain(err, ENOENT,
		"the cgroup of container '%s' is gone, and another has its name", c->id);
}

int container_group_open(
	const struct container *c, struct container_group *ret, struct pale_err **err)
{
	const char *controllers = c->cgroup ? strchr(c->cgroup, ':') : NULL, *path;
	_cleanup_free_ char *mount = NULL, *names = NULL;
	int r;

	*ret = (struct container_group){ -1, false, -1 };
	path = controllers ? strchr(++controllers, ':') : NULL;
	if (!path)
		return pale_err_plain(
			err, ENOENT, "container '%s' has no cgroup of its own", c->id);
	names = strndup(controllers, (size_t)(path - controllers));
	path++;
	ret->unified = !*names;
	r = ret->unified ? cgroup_mount_point(&mount, err) : find_hierarchy(names, &mount, err);
	if (r >= 0)
		r = open_folder(mount, path, &ret->fd, err);
	if (r >= 0 && ret->unified)
		r = check_id(c, ret->fd, err);
	if (r < 0)
		return r;
	ret->freezer = ret->unified ? ret->fd : find_freezer(path);
	return 0;
}

void container_group_close(struct container_group *g)
{
	if (g->freezer >= 0 && g->freezer != g->fd)
		close(g->freezer);
	if (g->fd >= 0)
		close(g->fd);
	*g = (struct container_group){ -1, false, -1 };
}

static int write_value(int folder, const char *file, const char *value, struct pale_err **err)
{
	_cleanup_close_ int fd = openat(folder, file, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(value);

	if (fd < 0 && errno == ENOENT)
		return pale_err_plain(err, EOPNOTSUPP, "this kernel has no %s", file);
	if (fd < 0)
		return pale_err_set(err, errno, "open %s", file);
	return write(fd, value, len) == (ssize_t)len
		       ? 0
		       : pale_err_set(err, errno, "write '%s' to %s", value, file);
}

int container_group_freeze(const struct container_group *g, bool frozen, struct pale_err **err)
{
	if (g->freezer < 0)
		return pale_err_plain(err, EOPNOTSUPP,
			"the container has no cgroup of its own that can be frozen");
	if (g->unified)
		return write_value(g->freezer, "cgroup.freeze", frozen ? "1" : "0", err);
	return write_value(g->freezer, "freezer.state", frozen ? "FROZEN" : "THAWED", err);
}

static int read_value(int folder, const char *file, char *buffer, size_t size)
{
	_cleanup_close_ int fd = openat(folder, file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buffer, size - 1);
	int error = errno;

	buffer[n < 0 ? 0 : n] = 0;
	return n < 0 ? -error : 0;
}

bool container_group_is_frozen(const struct container_group *g)
{
	char state[256];

	if (g->freezer < 0)
		return false;
	if (!g->unified) {
		read_value(g->freezer, "freezer.state", state, sizeof(state));
		return strcmp(state, "FROZEN\n") == 0;
	}
	read_value(g->freezer, "cgroup.events", state, sizeof(state));
	return strstr(state, "frozen 1") != NULL;
}

/* Of a group that is gone: there is none to read. */
static bool is_gone(int error)
{
	return error == ENOENT || error == ENODEV;
}

static int each_of(int folder, int (*take)(void *ctx, pid_t pid), void *ctx)
{
	int fd = openat(folder, "cgroup.procs", O_RDONLY | O_CLOEXEC), r = 0;
	_cleanup_fclose_ FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	int pid, error = errno;

	if (!f && fd >= 0)
		close(fd);
	if (!f)
		return is_gone(error) ? 0 : -error;
	/* 0: of a namespace that cannot be seen from here. */
	while (!r && fscanf(f, "%d", &pid) == 1)
		r = take(ctx, pid);
	error = errno;
	return !r && ferror(f) && !is_gone(error) ? -error : r;
}

struct walk {
	int (*take)(void *ctx, pid_t pid);
	void *ctx;
	unsigned groups;
};

static int walk_folder(struct walk *w, int folder, int depth);

static int walk_below(struct walk *w, int folder, const char *name, int depth)
{
	_cleanup_close_ int below =
		openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int r;

	if (below < 0)
		return is_gone(errno) ? 0 : -errno;
	if (depth > DEPTH_MAX || ++w->groups > GROUPS_MAX)
		return -E2BIG;
	r = walk_folder(w, below, depth);
	/* A threaded group: its processes are told above it (cgroup-v2.rst, "Threads"). */
	return r == -EOPNOTSUPP ? 0 : r;
}

/* What cannot be looked at does not keep it from the others. */
static int walk_folder(struct walk *w, int folder, int depth)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	int failed = -errno, r;

	if (!d && fd >= 0)
		close(fd);
	if (!d)
		return is_gone(-failed) ? 0 : failed;
	failed = r = each_of(folder, w->take, w->ctx);
	for (struct dirent *e; r <= 0 && (errno = 0, e = readdir(d));) {
		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		r = walk_below(w, fd, e->d_name, depth + 1);
		failed = r < 0 ? r : failed;
	}
	if (r > 0)
		return r;
	return failed || is_gone(errno) ? failed : -errno;
}

int container_group_each(
	const struct container_group *g, int (*take)(void *ctx, pid_t pid), void *ctx)
{
	struct walk w = { take, ctx, 0 };

	return walk_folder(&w, g->fd, 0);
}

static int stop_at_first(void *ctx, pid_t pid)
{
	(void)ctx;
	(void)pid;
	return 1;
}

bool container_group_is_empty(const struct container_group *g)
{
	char state[256];
	int r;

	if (!g->unified)
		return container_group_each(g, stop_at_first, NULL) == 0;
	r = read_value(g->fd, "cgroup.events", state, sizeof(state));
	return r < 0 ? is_gone(-r) : strstr(state, "populated 0") != NULL;
}

int container_group_kill(const struct container_group *g, struct pale_err **err)
{
	if (!g->unified)
		return pale_err_plain(
			err, EOPNOTSUPP, "a cgroup of version 1 cannot be killed at once");
	return write_value(g->fd, "cgroup.kill", "1", err);
}
