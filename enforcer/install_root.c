/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/install_root.h"

#include "compiler/base/cleanup.h"
#include "compiler/file_set.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

int install_root_open(struct install_root *root, const char *dir, struct pale_err **err)
{
	root->dir = realpath(dir, NULL);
	if (root->dir)
		root->fd = open(root->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root->fd < 0)
		return pale_err_set(err, errno, "cannot open the root '%s'", dir);
	if (!strcmp(root->dir, "/"))
		root->dir[0] = '\0';
	return 0;
}

void install_root_release(struct install_root *root)
{
	closep(&root->fd);
	free(root->dir);
	*root = (struct install_root)INSTALL_ROOT_INIT;
}

static int open_in(const struct install_root *root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT,
	};

	return (int)syscall(SYS_openat2, root->fd, path, &how, sizeof(how));
}

static int failed(
	const struct install_root *root, const char *what, const char *path, struct pale_err **err)
{
	return pale_err_set(err, errno, "cannot %s '%s%s'", what, root->dir, path);
}

/* Nothing of this name: neither a file nor a link to nothing. */
static bool is_absent(const struct install_root *root, const char *path)
{
	_cleanup_close_ int fd = open_in(root, path, O_PATH | O_NOFOLLOW);

	return fd < 0;
}

static int read_whole(int fd, struct text *to)
{
	char buffer[4096];
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text_add(to, buffer, (size_t)n);
		if (to->len > ROOT_FILE_BYTES_MAX) {
			errno = EFBIG;
			return -1;
		}
	}
	return 0;
}

int root_file_read(const struct install_root *root, const char *path, struct root_file *ret,
	struct pale_err **err)
{
	/* Not to wait for a FIFO's other end. */
	_cleanup_close_ int fd = open_in(root, path, O_RDONLY | O_NONBLOCK);
	struct stat st;

	text_clear(&ret->bytes);
	ret->exists = fd >= 0;
	if (fd < 0) {
		if (errno == ENOENT && is_absent(root, path))
			return 0;
		return failed(root, "read", path, err);
	}
	if (fstat(fd, &st) < 0)
		return failed(root, "read", path, err);
	if (!S_ISREG(st.st_mode))
		return pale_err_plain(err, EINVAL, "'%s%s' is no regular file", root->dir, path);
	return read_whole(fd, &ret->bytes) < 0 ? failed(root, "read", path, err) : 0;
}

void root_file_release(struct root_file *f)
{
	text_release(&f->bytes);
	f->exists = false;
}

/* What the host calls the file behind @fd. */
static char *name_of(int fd)
{
	char link[64], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return NULL;
	path[n] = '\0';
	return strdup(path);
}

/* The folder above @path, and the last component. */
static int open_parent(const struct install_root *root, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *parent = strndup(path, (size_t)(slash - path));

	*name = slash + 1;
	return open_in(root, *parent ? parent : "/", O_PATH | O_DIRECTORY);
}

int root_file_write(const struct install_root *root, const char *path, const struct text *bytes,
	struct pale_err **err)
{
	_cleanup_(file_set_release) struct file_set files = FILE_SET_INIT;
	_cleanup_close_ int fd = open_in(root, path, O_PATH), parent = -1;
	_cleanup_free_ char *folder = NULL, *real = NULL;
	const char *name;
	int r;

	if (fd >= 0) {
		real = name_of(fd);
		if (!real)
			return failed(root, "write", path, err);
		name = strrchr(real, '/') + 1;
		folder = strndup(real, (size_t)(name - real));
	} else {
		if (errno != ENOENT || !is_absent(root, path))
			return failed(root, "write", path, err);
		parent = open_parent(root, path, &name);
		folder = parent < 0 ? NULL : name_of(parent);
	}
	if (!folder)
		return failed(root, "write", path, err);
	r = file_set_open(&files, folder, err);
	if (r >= 0)
		r = (fd >= 0 ? file_set_replace : file_set_add)(
			&files, name, text_str(bytes), bytes->len, err);
	return r < 0 ? r : file_set_commit(&files, err);
}

int root_file_remove(const struct install_root *root, const char *path, struct pale_err **err)
{
	const char *name;
	_cleanup_close_ int parent = open_parent(root, path, &name);

	if ((parent < 0 || unlinkat(parent, name, 0) < 0) && errno != ENOENT)
		return failed(root, "remove", path, err);
	return 0;
}

static int make_folder(
	const struct install_root *root, const char *path, json_t *made, struct pale_err **err)
{
	_cleanup_close_ int there = open_in(root, path, O_PATH | O_DIRECTORY), parent = -1;
	const char *name;

	if (there >= 0)
		return 0;
	if (errno != ENOENT)
		return failed(root, "open", path, err);
	parent = open_parent(root, path, &name);
	if (parent < 0 || mkdirat(parent, name, 0755) < 0)
		return failed(root, "make", path, err);
	json_array_append_new(made, json_string(path));
	return 0;
}

int root_make_folders(
	const struct install_root *root, const char *path, json_t *made, struct pale_err **err)
{
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		_cleanup_free_ char *folder = strndup(path, (size_t)(slash - path));
		int r = make_folder(root, folder, made, err);

		if (r < 0)
			return r;
	}
	return 0;
}

void root_remove_folders(const struct install_root *root, const json_t *made)
{
	for (size_t i = json_array_size(made); i-- > 0;) {
		const char *name;
		_cleanup_close_ int parent =
			open_parent(root, json_string_value(json_array_get(made, i)), &name);

		if (parent >= 0)
			unlinkat(parent, name, AT_REMOVEDIR);
	}
}

bool root_has_program(const struct install_root *root, const char *path)
{
	_cleanup_close_ int fd = open_in(root, path, O_PATH);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);
}
