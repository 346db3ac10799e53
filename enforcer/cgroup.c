/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/cgroup.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

const char *const cgroup_controller_names[CGROUP_CONTROLLER_COUNT] = {
	[CGROUP_CPU] = "cpu",
	[CGROUP_MEMORY] = "memory",
	[CGROUP_PIDS] = "pids",
};

int cgroup_mount_point(char **ret, struct pale_err **err)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	struct mntent *m;

	*ret = NULL;
	if (!f)
		return pale_err_set(err, errno, "read /proc/self/mounts");
	while (!*ret && (m = getmntent(f)))
		if (!strcmp(m->mnt_type, "cgroup2"))
			*ret = strdup(m->mnt_dir);
	endmntent(f);
	if (*ret)
		return 0;
	pale_err_set(err, 0, "the unified cgroup hierarchy is not mounted");
	pale_err_hint(err, "mount -t cgroup2 none /sys/fs/cgroup");
	return -ENOENT;
}

/* The group that this process is in, from the hierarchy's root: the line "0::/path". */
static int own_group(struct text *ret, struct pale_err **err)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/cgroup", "re");
	char line[4096];

	if (!f)
		return pale_err_set(err, errno, "read /proc/self/cgroup");
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "0::/", 4))
			continue;
		line[strcspn(line, "\n")] = '\0';
		/* Outside what a cgroup namespace shows, there is "/..". */
		text_puts(ret, strstr(line, "/..") ? "/" : line + 3);
		return 0;
	}
	return pale_err_set(err, ENOENT, "find this process in the unified cgroup hierarchy");
}

static cgroup_controllers read_controllers(const char *folder, const char *file)
{
	_cleanup_(text_release) struct text name = TEXT_INIT;
	_cleanup_fclose_ FILE *f = NULL;
	cgroup_controllers set = 0;
	char word[32];

	text_printf(&name, "%s/%s", folder, file);
	f = fopen(text_str(&name), "re");
	if (!f)
		return 0;
	while (fscanf(f, "%31s", word) == 1)
		for (int i = 0; i < CGROUP_CONTROLLER_COUNT; i++)
			if (!strcmp(word, cgroup_controller_names[i]))
				set |= 1u << i;
	return set;
}

int cgroup_available(cgroup_controllers *ret, struct pale_err **err)
{
	_cleanup_free_ char *mount = NULL;
	int r = cgroup_mount_point(&mount, err);

	if (r < 0)
		return r;
	*ret = read_controllers(mount, "cgroup.controllers");
	return 0;
}

static int write_file(int folder, const char *file, const char *value)
{
	_cleanup_close_ int fd = openat(folder, file, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(value);

	if (fd < 0)
		return -errno;
	return write(fd, value, len) == (ssize_t)len ? 0 : -errno;
}

/* Whether groups in @folder have the controllers of @wanted, handing them down if need be. */
static bool hands_down(const char *folder, cgroup_controllers wanted)
{
	_cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cgroup_controllers missing = wanted & ~read_controllers(folder, "cgroup.subtree_control");

	for (int i = 0; i < CGROUP_CONTROLLER_COUNT; i++) {
		char word[32];

		if (!(missing & (1u << i)))
			continue;
		snprintf(word, sizeof(word), "+%s", cgroup_controller_names[i]);
		if (fd < 0 || write_file(fd, "cgroup.subtree_control", word) < 0)
			return false;
	}
	return true;
}

static int make(const char *parent, const char *name, struct cgroup *c, struct pale_err **err)
{
	struct text path = TEXT_INIT;
	struct stat st;

	text_printf(&path, "%s/%s", parent, name);
	if (mkdir(text_str(&path), 0755) < 0) {
		int r = pale_err_set(err, errno, "make cgroup %s", text_str(&path));

		text_release(&path);
		return r;
	}
	c->path = text_take(&path);
	c->fd = open(c->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->fd < 0 || fstat(c->fd, &st) < 0)
		return pale_err_set(err, errno, "open cgroup %s", c->path);
	c->procs_fd = openat(c->fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (c->procs_fd < 0)
		return pale_err_set(err, errno, "open %s/cgroup.procs", c->path);
	c->id = st.st_ino;
	c->controllers = read_controllers(c->path, "cgroup.controllers");
	return 0;
}

int cgroup_new(
	const char *name, cgroup_controllers wanted, struct cgroup **ret, struct pale_err **err)
{
	_cleanup_(cgroup_freep) struct cgroup *c = calloc(1, sizeof(*c));
	_cleanup_(text_release) struct text group = TEXT_INIT, folder = TEXT_INIT;
	_cleanup_free_ char *mount = NULL, *own = NULL;
	int r;

	if (!c)
		abort();
	c->fd = c->procs_fd = -1;
	r = cgroup_mount_point(&mount, err);
	if (r < 0)
		return r;
	r = own_group(&group, err);
	if (r < 0)
		return r;
	text_printf(&folder, "%s%s", mount, text_str(&group));
	own = strdup(text_str(&folder));
	if (!own)
		abort();
	while (!hands_down(text_str(&folder), wanted)) {
		char *slash = strrchr(folder.s + strlen(mount), '/');

		if (!slash) {
			text_clear(&folder);
			text_puts(&folder, own);
			break;
		}
		*slash = '\0';
		folder.len = (size_t)(slash - folder.s);
	}
	r = make(text_str(&folder), name, c, err);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(c);
	return 0;
}

void cgroup_free(struct cgroup *c)
{
	if (!c)
		return;
	if (c->procs_fd >= 0)
		close(c->procs_fd);
	if (c->fd >= 0)
		close(c->fd);
	if (c->path)
		rmdir(c->path);
	free(c->path);
	free(c);
}

void cgroup_freep(struct cgroup **c)
{
	cgroup_free(*c);
}

int cgroup_write(const struct cgroup *c, const char *file, const char *value, struct pale_err **err)
{
	int r = write_file(c->fd, file, value);

	return r < 0 ? pale_err_set(err, -r, "write \"%s\" to %s/%s", value, c->path, file) : 0;
}
