/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/file_tree.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/write_all.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_beneath(int dir, const char *name, uint64_t flags, uint64_t mode)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.mode = mode,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));
}

int file_tree_write(int dir, const char *name, const void *bytes, size_t len, struct pale_err **err)
{
	_cleanup_close_ int at = open_beneath(dir, ".", O_PATH | O_DIRECTORY, 0);
	_cleanup_close_ int fd = -1;
	const char *s = name, *slash;
	int r;

	if (at < 0)
		return pale_err_set(err, errno, "open the folder of %s", name);
	for (; (slash = strchr(s, '/')); s = slash + 1) {
		_cleanup_free_ char *part = strndup(s, (size_t)(slash - s));
		int next;

		if (mkdirat(at, part, 0700) < 0 && errno != EEXIST)
			return pale_err_set(err, errno, "make the folder of %s", name);
		next = open_beneath(at, part, O_PATH | O_DIRECTORY, 0);
		if (next < 0)
			return pale_err_set(err, errno, "open the folder of %s", name);
		close(at);
		at = next;
	}
	fd = open_beneath(at, s, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		return pale_err_set(err, errno, "make %s", name);
	r = write_all(fd, bytes, len);
	return r < 0 ? pale_err_set(err, -r, "write %s", name) : 0;
}

int file_tree_replace(
	const char *dir, const char *name, const void *bytes, size_t len, struct pale_err **err)
{
	_cleanup_close_ int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(text_release) struct text next = TEXT_INIT;
	_cleanup_close_ int fd = -1;
	int r;

	if (at < 0)
		return pale_err_set(err, errno, "open %s", dir);
	text_printf(&next, ".%s.new", name);
	if (unlinkat(at, text_str(&next), 0) < 0 && errno != ENOENT)
		return pale_err_set(err, errno, "remove %s/%s", dir, text_str(&next));
	fd = open_beneath(at, text_str(&next), O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		return pale_err_set(err, errno, "make %s/%s", dir, text_str(&next));
	r = write_all(fd, bytes, len);
	if (r < 0)
		return pale_err_set(err, -r, "write %s/%s", dir, text_str(&next));
	if (renameat(at, text_str(&next), at, name) < 0)
		return pale_err_set(err, errno, "rename %s/%s", dir, text_str(&next));
	return 0;
}

int file_tree_read(
	const char *dir, const char *name, size_t max, struct text *ret, struct pale_err **err)
{
	_cleanup_close_ int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = at < 0 ? -1 : open_beneath(at, name, O_RDONLY | O_NONBLOCK, 0);
	struct stat st;
	char buffer[8192];
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return pale_err_set(err, errno, "open %s/%s", dir, name);
	if (!S_ISREG(st.st_mode))
		return pale_err_plain(err, EINVAL, "%s/%s is no regular file", dir, name);
	while ((n = read(fd, buffer, sizeof(buffer))) != 0) {
		if (n < 0)
			return pale_err_set(err, errno, "read %s/%s", dir, name);
		text_add(ret, buffer, (size_t)n);
		if (ret->len > max)
			return pale_err_plain(
				err, EFBIG, "%s/%s has more than %zu bytes", dir, name, max);
	}
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	remove(path);
	return 0;
}

void file_tree_remove(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

int file_tree_make(const char *path, unsigned mode, struct pale_err **err)
{
	_cleanup_free_ char *copy = strdup(path);
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (!*path)
		return pale_err_set(err, ENOENT, "make a folder without a name");
	for (char *s = strchr(copy + 1, '/'); s; s = strchr(s + 1, '/')) {
		*s = 0;
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return pale_err_set(err, errno, "make %s", copy);
		*s = '/';
	}
	if (mkdir(path, mode) < 0 && errno != EEXIST)
		return pale_err_set(err, errno, "make %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return pale_err_set(err, errno, "open %s", path);
	if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return pale_err_plain(err, EPERM,
			"%s must belong to this user, and nobody else write to it", path);
	if (fchmod(fd, mode) < 0)
		return pale_err_set(err, errno, "set the mode of %s", path);
	return 0;
}
