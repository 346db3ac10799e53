/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/resolve_path.h"

#include "compiler/base/cleanup.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

/* path_resolution(7) */
#define LINKS_MAX     40
#define PROC_ROOT_INO 1 /* linux/proc_ns.h */

struct walk {
	const struct process *process;
	enum resolve_how how;
	int root, at;	  /* O_PATH descriptors */
	struct text rest; /* of the path, still to be walked */
	unsigned links;
};

void resolved_path_release(struct resolved_path *r)
{
	text_release(&r->path);
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

static void walk_release(struct walk *w)
{
	if (w->root >= 0)
		close(w->root);
	if (w->at >= 0)
		close(w->at);
	text_release(&w->rest);
}

static void move_to(struct walk *w, int fd)
{
	close(w->at);
	w->at = fd;
}

/* The same place: one folder may be mounted twice. */
static bool same_place(int a, int b)
{
	struct statx s, t;

	if (statx(a, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &s) < 0 ||
		statx(b, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &t) < 0)
		return false;
	return s.stx_ino == t.stx_ino && s.stx_mnt_id == t.stx_mnt_id &&
	       s.stx_dev_major == t.stx_dev_major && s.stx_dev_minor == t.stx_dev_minor;
}

static bool on_proc(int fd)
{
	struct statfs s;

	return fstatfs(fd, &s) == 0 && s.f_type == PROC_SUPER_MAGIC;
}

/* How the process is called in the procfs instance of @fd: ours, or else that of its own pid
 * namespace. */
static void proc_numbers(const struct process *p, int fd, pid_t *ret_pid, pid_t *ret_tid)
{
	struct stat here, ours;
	bool same =
		fstat(fd, &here) == 0 && stat("/proc", &ours) == 0 && here.st_dev == ours.st_dev;

	*ret_pid = same ? p->pid : p->inner_pid;
	*ret_tid = same ? p->tid : p->inner_tid;
}

/* d_path() marks a name that is gone; a file may also be called so. */
static bool name_is_gone(const char *name, const struct stat *st)
{
	static const char mark[] = " (deleted)";
	size_t len = strlen(name);
	struct stat now;

	if (len < sizeof(mark) || strcmp(name + len - (sizeof(mark) - 1), mark))
		return false;
	return lstat(name, &now) < 0 || now.st_dev != st->st_dev || now.st_ino != st->st_ino;
}

/* The path of @fd: 1, or 0 when it has none. -EOVERFLOW when it is longer than the kernel tells. */
static int name_of(const struct process *p, int fd, const struct stat *st, struct text *ret)
{
	char link[64], name[PATH_MAX + 1], own[32];
	pid_t pid, tid;
	ssize_t n;
	int len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, name, sizeof(name));
	if (n < 0)
		return errno == ENAMETOOLONG ? -EOVERFLOW : -errno;
	if (n == sizeof(name))
		return -EOVERFLOW;
	name[n] = '\0';
	if (name[0] != '/' || st->st_nlink == 0 || name_is_gone(name, st))
		return 0;
	proc_numbers(p, fd, &pid, &tid);
	len = snprintf(own, sizeof(own), "/proc/%d", pid);
	if (!strncmp(name, own, (size_t)len) && (name[len] == '/' || !name[len]) && on_proc(fd)) {
		text_puts(ret, "/proc/self");
		text_puts(ret, name + len);
	} else {
		text_puts(ret, name);
	}
	return 1;
}

static int finish(struct walk *w, struct resolved_path *ret)
{
	int r;

	if (fstat(w->at, &ret->st) < 0)
		return -errno;
	r = name_of(w->process, w->at, &ret->st, &ret->path);
	if (r < 0)
		return r;
	ret->has_path = r;
	ret->exists = true;
	if (ret->has_path && S_ISDIR(ret->st.st_mode) && ret->path.s[ret->path.len - 1] != '/')
		text_putc(&ret->path, '/');
	ret->fd = TAKE_FD(w->at);
	return 0;
}

/* @name in the folder w->at, whether it exists or not. */
static int finish_entry(struct walk *w, const char *name, bool directory, struct resolved_path *ret)
{
	_cleanup_close_ int fd = openat(w->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat parent;
	int r;

	if (fd < 0 && errno != ENOENT)
		return -errno;
	if (fstat(w->at, &parent) < 0 || (fd >= 0 && fstat(fd, &ret->st) < 0))
		return -errno;
	r = name_of(w->process, w->at, &parent, &ret->path);
	if (r < 0)
		return r;
	ret->has_path = r;
	ret->exists = fd >= 0;
	if (ret->has_path) {
		if (ret->path.s[ret->path.len - 1] != '/')
			text_putc(&ret->path, '/');
		text_puts(&ret->path, name);
		if (directory || (ret->exists && S_ISDIR(ret->st.st_mode)))
			text_putc(&ret->path, '/');
	}
	ret->fd = TAKE_FD(fd);
	return 0;
}

/* A link of procfs that leads to an object, whatever text readlink(2) gives for it. */
static bool is_magic(int at, const char *name)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS };
	_cleanup_close_ int fd = (int)syscall(SYS_openat2, at, name, &how, sizeof(how));

	return fd < 0 && errno == ELOOP;
}

static int follow(struct walk *w, int link, const char *name, const char *after)
{
	_cleanup_(text_release) struct text rest = TEXT_INIT;
	char target[PATH_MAX + 1];
	pid_t pid, tid;
	struct stat folder;
	ssize_t n;
	int fd;

	if (++w->links > LINKS_MAX)
		return -ELOOP;
	if (on_proc(link)) {
		if (fstat(w->at, &folder) < 0)
			return -errno;
		proc_numbers(w->process, link, &pid, &tid);
		if (folder.st_ino == PROC_ROOT_INO && !strcmp(name, "self")) {
			text_printf(&rest, "%d", pid);
		} else if (folder.st_ino == PROC_ROOT_INO && !strcmp(name, "thread-self")) {
			text_printf(&rest, "%d/task/%d", pid, tid);
		} else if (is_magic(w->at, name)) {
			fd = openat(w->at, name, O_PATH | O_CLOEXEC);
			if (fd < 0)
				return -errno;
			move_to(w, fd);
			text_puts(&rest, after);
			goto out;
		}
	}
	if (!rest.len) {
		n = readlinkat(link, "", target, sizeof(target));
		if (n <= 0 || n == sizeof(target))
			return n < 0 ? -errno : -ENAMETOOLONG;
		text_add(&rest, target, (size_t)n);
	}
	if (rest.s[0] == '/') {
		fd = fcntl(w->root, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			return -errno;
		move_to(w, fd);
	}
	text_puts(&rest, after);
out:
	/* No longer than LINKS_MAX targets; a path that long is the kernel's to refuse. */
	text_release(&w->rest);
	w->rest = rest;
	rest = (struct text)TEXT_INIT;
	return 0;
}

static int up(struct walk *w)
{
	int fd;

	if (same_place(w->at, w->root))
		return 0;
	fd = openat(w->at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	move_to(w, fd);
	return 0;
}

/* The first component of w->rest; false at its end. @ret_after points into w->rest, at a '/' or its
 * end. */
static bool next_component(
	struct walk *w, const char **position, char name[NAME_MAX + 2], const char **ret_after)
{
	const char *s = *position + strspn(*position, "/");
	size_t len = strcspn(s, "/"), kept = len < NAME_MAX + 1 ? len : NAME_MAX + 1;

	if (!len)
		return false;
	memcpy(name, s, kept); /* one byte above NAME_MAX is kept: the kernel refuses it */
	name[kept] = '\0';
	*ret_after = s + len;
	return true;
}

static int walk(struct walk *w, struct resolved_path *ret)
{
	const char *position = text_str(&w->rest), *after;
	char name[NAME_MAX + 2];

	while (next_component(w, &position, name, &after)) {
		bool last = !after[strspn(after, "/")];
		bool directory = *after;
		bool dots = !strcmp(name, ".") || !strcmp(name, "..");
		_cleanup_close_ int fd = -1;
		struct stat st;
		int r;

		position = after;
		if (w->how == RESOLVE_PATH_ENTRY && last)
			return dots ? -EINVAL : finish_entry(w, name, directory, ret);
		if (dots) {
			r = name[1] ? up(w) : 0;
			if (r < 0)
				return r;
			continue;
		}
		fd = openat(w->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT && last && !directory &&
			w->how == RESOLVE_PATH_CREATE)
			return finish_entry(w, name, false, ret);
		if (fd < 0 || fstat(fd, &st) < 0)
			return -errno;
		if (S_ISLNK(st.st_mode) &&
			(!last || directory || w->how != RESOLVE_PATH_NOFOLLOW)) {
			r = follow(w, fd, name, after);
			if (r < 0)
				return r;
			position = text_str(&w->rest);
			continue;
		}
		if ((!last || directory) && !S_ISDIR(st.st_mode))
			return -ENOTDIR;
		move_to(w, TAKE_FD(fd));
	}
	return w->how == RESOLVE_PATH_ENTRY ? -EBUSY : finish(w, ret);
}

/*
 * Nearly every path: the kernel resolves it for us as it would for the process, which has our root.
 * Not so through /proc/self or a link of procfs that leads to an object, which would be our own.
 */
static bool walk_fast(struct walk *w, struct resolved_path *ret)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS };
	_cleanup_close_ int our_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct walk found = *w;
	char ours[32];
	int fd;

	if (w->how != RESOLVE_PATH_FOLLOW && w->how != RESOLVE_PATH_NOFOLLOW)
		return false;
	if (our_root < 0 || !same_place(our_root, w->root))
		return false;
	if (w->how == RESOLVE_PATH_NOFOLLOW)
		how.flags |= O_NOFOLLOW;
	fd = (int)syscall(SYS_openat2, w->at, text_str(&w->rest), &how, sizeof(how));
	if (fd < 0)
		return false;
	snprintf(ours, sizeof(ours), "/proc/%d", getpid());
	if (on_proc(fd)) {
		char link[64], name[PATH_MAX + 1];
		ssize_t n;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, name, sizeof(name) - 1);
		name[n < 0 ? 0 : n] = '\0';
		if (n < 0 || !strncmp(name, ours, strlen(ours))) {
			close(fd);
			return false;
		}
	}
	found.at = fd;
	fd = finish(&found, ret);
	if (found.at >= 0)
		close(found.at);
	return fd == 0;
}

static int open_base(const struct process *p, int dirfd, bool absolute)
{
	char what[32];

	if (absolute)
		return process_open_path(p, "root");
	if (dirfd == AT_FDCWD)
		return process_open_path(p, "cwd");
	if (dirfd < 0)
		return -EBADF;
	snprintf(what, sizeof(what), "fd/%d", dirfd);
	return process_open_path(p, what);
}

int resolve_path(const struct process *p, int dirfd, const char *path, enum resolve_how how,
	bool in_root, struct resolved_path *ret)
{
	_cleanup_(walk_release) struct walk w = { .process = p, .how = how, .root = -1, .at = -1 };
	int r;

	assert(ret->fd < 0 && !ret->path.len);
	w.at = open_base(p, dirfd, *path == '/' && !in_root);
	if (w.at < 0)
		return w.at == -ENOENT && *path != '/' ? -EBADF : w.at;
	w.root = in_root ? fcntl(w.at, F_DUPFD_CLOEXEC, 0) : process_open_path(p, "root");
	if (w.root < 0)
		return in_root ? -errno : w.root;
	text_puts(&w.rest, path);
	if (*path && !in_root && walk_fast(&w, ret))
		return 0;
	if (ret->fd >= 0 || ret->path.len) {
		resolved_path_release(ret);
		*ret = (struct resolved_path)RESOLVED_PATH_INIT;
	}
	r = walk(&w, ret);
	if (r < 0) {
		resolved_path_release(ret);
		*ret = (struct resolved_path)RESOLVED_PATH_INIT;
	}
	return r;
}

int resolve_descriptor(const struct process *p, int fd, struct resolved_path *ret)
{
	_cleanup_(walk_release) struct walk w = { .process = p, .root = -1, .at = fd };
	int r;

	assert(ret->fd < 0 && !ret->path.len);
	r = finish(&w, ret);
	if (r < 0) {
		resolved_path_release(ret);
		*ret = (struct resolved_path)RESOLVED_PATH_INIT;
	}
	return r;
}
