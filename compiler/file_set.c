/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/file_set.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/base/write_all.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE   0644
#define FOLDER_MODE 0755

static int cannot_write(struct pale_err **err, const char *path)
{
	return pale_err_set(err, errno, "cannot write '%s'", path);
}

int file_set_open(struct file_set *set, const char *dir, struct pale_err **err)
{
	set->dir = strdup(dir);
	if (!set->dir)
		abort();
	set->made_dir = mkdir(dir, FOLDER_MODE) == 0;
	if (!set->made_dir && errno != EEXIST)
		return pale_err_set(err, errno, "cannot make '%s'", dir);
	return 0;
}

/* Gives @fd what @like has; the owner first, since that takes the set-id bits away. */
static int take_after(int fd, const struct stat *like)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	if ((st.st_uid != like->st_uid || st.st_gid != like->st_gid) &&
		fchown(fd, like->st_uid, like->st_gid) < 0)
		return -1;
	return fchmod(fd, like->st_mode & 07777);
}

/* @like: NULL, or the file that is there. */
static int add(struct file_set *set, const char *name, const void *bytes, size_t len,
	const struct stat *like, struct pale_err **err)
{
	_cleanup_(text_release) struct text path = TEXT_INIT, temporary = TEXT_INIT;
	_cleanup_close_ int fd = -1;
	struct pending_file *f;
	struct stat st;
	int r;

	text_printf(&path, "%s/%s", set->dir, name);
	text_printf(&temporary, "%s/.%s.XXXXXX", set->dir, name);
	/* What rename(2) would refuse is refused before anything was renamed. */
	if (lstat(text_str(&path), &st) == 0 && S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return cannot_write(err, text_str(&path));
	}
	fd = mkostemp(temporary.s, O_CLOEXEC);
	if (fd < 0)
		return cannot_write(err, text_str(&path));
	set->v = reallocarray(set->v, set->n + 1, sizeof(*set->v));
	if (!set->v)
		abort();
	f = &set->v[set->n++];
	f->path = text_take(&path);
	f->temporary = text_take(&temporary);
	r = write_all(fd, bytes, len);
	if (r < 0)
		return pale_err_set(err, -r, "cannot write '%s'", f->path);
	if ((like ? take_after(fd, like) : fchmod(fd, FILE_MODE)) < 0 || fsync(fd) < 0)
		return cannot_write(err, f->path);
	return 0;
}

int file_set_add(struct file_set *set, const char *name, const void *bytes, size_t len,
	struct pale_err **err)
{
	return add(set, name, bytes, len, NULL, err);
}

int file_set_replace(struct file_set *set, const char *name, const void *bytes, size_t len,
	struct pale_err **err)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	struct stat st;

	text_printf(&path, "%s/%s", set->dir, name);
	if (lstat(text_str(&path), &st) < 0)
		return cannot_write(err, text_str(&path));
	/* Everybody may write through a link, as its own mode has it. */
	if (S_ISLNK(st.st_mode) && stat(text_str(&path), &st) < 0)
		return cannot_write(err, text_str(&path));
	return add(set, name, bytes, len, &st, err);
}

static void forget(struct pending_file *f)
{
	free(f->path);
	free(f->temporary);
	*f = (struct pending_file){ 0 };
}

int file_set_open_of(struct file_set *set, const char *path, struct pale_err **err)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *dir =
		slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");

	if (!dir)
		abort();
	return file_set_open(set, dir, err);
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int file_set_put(struct file_set *set, const char *path, const void *bytes, size_t len,
	struct pale_err **err)
{
	return access(path, F_OK) == 0 ? file_set_replace(set, name_of(path), bytes, len, err)
				       : file_set_add(set, name_of(path), bytes, len, err);
}

int file_set_write(const char *path, const void *bytes, size_t len, struct pale_err **err)
{
	_cleanup_(file_set_release) struct file_set set = FILE_SET_INIT;
	int r = file_set_open_of(&set, path, err);

	if (r >= 0)
		r = file_set_put(&set, path, bytes, len, err);
	return r < 0 ? r : file_set_commit(&set, err);
}

int file_set_commit(struct file_set *set, struct pale_err **err)
{
	for (size_t i = 0; i < set->n; i++) {
		if (rename(set->v[i].temporary, set->v[i].path) < 0)
			return cannot_write(err, set->v[i].path);
		set->made_dir = false;
		forget(&set->v[i]);
	}
	return 0;
}

void file_set_release(struct file_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		if (set->v[i].temporary)
			unlink(set->v[i].temporary);
		forget(&set->v[i]);
	}
	if (set->made_dir)
		rmdir(set->dir);
	free(set->v);
	free(set->dir);
	*set = (struct file_set)FILE_SET_INIT;
}
