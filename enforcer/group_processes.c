/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/group_processes.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/cgroup.h"
#include "enforcer/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

/* The kernel has no bound on groups below by default. */
#define DEPTH_MAX 16

static int open_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd >= 0 && (fstatfs(fd, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool is_below(const char *path, const char *group)
{
	size_t n = strlen(group);

	while (n && group[n - 1] == '/')
		n--;
	return strncmp(path, group, n) == 0 && (path[n] == '/' || !path[n]);
}

/* The line "0::/path" of /proc/PID/cgroup. */
static char *unified_path(pid_t pid)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const char *line;

	if (proc_read(pid, "cgroup", &t) < 0)
		return NULL;
	line = strstr(text_str(&t), "0::/");
	if (!line || (line != text_str(&t) && line[-1] != '\n'))
		return NULL;
	return strndup(line + 3, strcspn(line + 3, "\n"));
}

static int check(int fd, const char *path, const char *mount, struct pale_err **err)
{
	_cleanup_free_ char *own = unified_path(getpid());
	char name[32], real[PATH_MAX];
	ssize_t n;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, real, sizeof(real) - 1);
	real[n < 0 ? 0 : n] = 0;
	if (strcmp(real, mount) == 0)
		return pale_err_plain(err, EINVAL,
			"cgroup '%s' is the root of the hierarchy: all of the machine", path);
	if (own && is_below(own, real + strlen(mount)))
		return pale_err_plain(err, EINVAL, "this process is in cgroup '%s' itself", path);
	return 0;
}

int group_open(const char *path, int *ret_fd, uint64_t *ret_id, struct pale_err **err)
{
	_cleanup_(text_release) struct text below = TEXT_INIT;
	_cleanup_free_ char *mount = NULL;
	_cleanup_close_ int fd = -1;
	struct stat st;
	int r = cgroup_mount_point(&mount, err);

	if (r < 0)
		return r;
	text_printf(&below, "%s/%s", mount, path);
	fd = open_folder(path);
	if (fd < 0)
		fd = open_folder(text_str(&below));
	if (fd < 0) {
		r = pale_err_plain(
			err, ENOENT, "no cgroup '%s' in the unified hierarchy, %s", path, mount);
		pale_err_hint(err, "/proc/PID/cgroup names a process's, behind '0::'");
		return r;
	}
	r = check(fd, path, mount, err);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return pale_err_set(err, errno, "look at cgroup '%s'", path);
	*ret_id = st.st_ino;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int group_of_process(pid_t pid, const char *id, char **ret, struct pale_err **err)
{
	char *path = unified_path(pid), *part, *end;
	int r;

	if (!path)
		return pale_err_plain(err, ESRCH, "process %d is gone", pid);
	if (strcmp(path, "/") == 0) {
		free(path);
		r = pale_err_plain(err, ENOTUNIQ,
			"it has no group of its own in the unified cgroup hierarchy");
		pale_err_hint(err, "its calls cannot be told from others': start it where that "
				   "hierarchy is mounted, and runc and crun make one");
		return r;
	}
	part = strstr(path, id);
	end = part ? strchr(part, '/') : NULL;
	if (end)
		*end = 0;
	*ret = path;
	return 0;
}

struct oldest {
	pid_t pid;
	uint64_t start;
	bool hidden;
};

static void look_at(int fd, struct oldest *o, int depth)
{
	int procs = openat(fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	_cleanup_fclose_ FILE *f = procs < 0 ? NULL : fdopen(procs, "r");
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *d = again < 0 ? NULL : fdopendir(again);
	pid_t pid;

	while (f && fscanf(f, "%d", &pid) == 1) {
		uint64_t start;

		/* cgroup-v2.rst has it so. */
		o->hidden |= pid == 0;
		if (pid > 0 && proc_start_time(pid, &start) >= 0 && (!o->pid || start < o->start))
			*o = (struct oldest){ pid, start, o->hidden };
	}
	for (struct dirent *e; d && depth < DEPTH_MAX && (e = readdir(d));) {
		_cleanup_close_ int below = -1;

		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		below = openat(fd, e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (below >= 0)
			look_at(below, o, depth + 1);
	}
}

pid_t group_first_process(int fd)
{
	struct oldest o = { 0 };

	look_at(fd, &o, 0);
	return o.hidden ? -EOPNOTSUPP : o.pid;
}

char *group_process_program(pid_t pid)
{
	static const char deleted[] = " (deleted)";
	_cleanup_free_ char *path = proc_link(pid, "exe"), *root = proc_link(pid, "root");
	size_t n = path ? strlen(path) : 0, len = root ? strlen(root) : 0;

	if (!n || *path != '/')
		return NULL;
	if (n >= sizeof(deleted) && strcmp(path + n - (sizeof(deleted) - 1), deleted) == 0)
		return NULL;
	if (len > 1 && is_below(path, root))
		return strdup(path + len);
	return TAKE_PTR(path);
}

uint64_t group_process_age(pid_t pid)
{
	uint64_t start, hz = (uint64_t)sysconf(_SC_CLK_TCK);
	struct timespec t;

	if (proc_start_time(pid, &start) < 0)
		return 0;
	clock_gettime(CLOCK_BOOTTIME, &t);
	start = start * 1000000000 / hz;
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec - start;
}
