/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/watched_calls.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/call_table.h"
#include "enforcer/watched_sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#define INTERPRETERS_MAX 5   /* fs/exec.c, exec_binprm() */
#define SHEBANG_BYTES	 256 /* linux/binfmts.h, BINPRM_BUF_SIZE */

static int dirfd_of(const struct call *c, int place)
{
	return place == NO_ARGUMENT ? AT_FDCWD : (int)(uint32_t)c->arguments[place];
}

static uint64_t pointer_of(const struct call *c, int place)
{
	return watched_pointer(c->abi, c->arguments[place]);
}

static uint64_t flags_of(const struct call *c)
{
	return c->row->kind == NO_ARGUMENT ? 0 : (uint32_t)c->arguments[c->row->kind];
}

struct access *accesses_add(struct accesses *out)
{
	struct access *a;

	if (out->n == ACCESSES_MAX) {
		out->cut = true;
		return NULL;
	}
	a = &out->v[out->n++];
	*a = (struct access){ .fd = -1 };
	return a;
}

void access_set_path(struct access *a, const struct resolved_path *r)
{
	struct text path = TEXT_INIT;

	if (!r->has_path) {
		text_puts(&path, "(without a path)");
	} else {
		text_add(&path, r->path.s, r->path.len);
	}
	a->object_len = path.len;
	a->object = text_take(&path);
	a->request.path = r->has_path ? a->object : NULL;
	a->request.path_len = r->has_path ? (uint32_t)a->object_len : 0;
}

enum object_class watched_class(const struct resolved_path *r, uint64_t start_ns)
{
	if (!r->has_path)
		return CLASS_ANONYMOUS;
	/* ctime is no program's to set. */
	if (r->exists &&
		(uint64_t)r->st.st_ctim.tv_sec * 1000000000 + (uint64_t)r->st.st_ctim.tv_nsec >=
			start_ns)
		return CLASS_DRIFT;
	return CLASS_PLAIN;
}

static bool gives_privilege(const struct call *c, const struct resolved_path *r)
{
	char link[64];
	struct statvfs s;

	if (fstatvfs(r->fd, &s) == 0 && (s.f_flag & ST_NOSUID))
		return false;
	if ((r->st.st_mode & S_ISUID) && r->st.st_uid != c->process->fsuid)
		return true;
	/* Without the x it means something else (inode(7)). */
	if ((r->st.st_mode & S_ISGID) && (r->st.st_mode & S_IXGRP))
		return true;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", r->fd);
	return getxattr(link, "security.capability", NULL, 0) > 0;
}

/* Takes the descriptor of what is executed. */
static void add(struct call *c, enum operation op, struct resolved_path *r)
{
	struct access *a;

	/* Pipes and sockets reached through /proc/PID/fd are not files. */
	if (r->exists && !r->has_path && (S_ISFIFO(r->st.st_mode) || S_ISSOCK(r->st.st_mode)))
		return;
	a = accesses_add(c->out);
	if (!a)
		return;
	a->request.operation = op;
	if (op == OP_EXEC) { /* map is not among the calls watched */
		a->request.object_class = watched_class(r, c->start_ns);
		a->gives_privilege = gives_privilege(c, r);
		a->fd = TAKE_FD(r->fd);
	}
	a->request.owner = r->exists && r->st.st_uid == c->process->fsuid;
	access_set_path(a, r);
}

/* What the kernel refuses before it asks any security module. */
static bool is_no_access(int r)
{
	switch (-r) {
	case ENOENT:
	case ENOTDIR:
	case ELOOP:
	case ENAMETOOLONG:
	case EINVAL:
	case EBADF:
	case EBUSY:
	case EEXIST:
	case EFAULT:
		return true;
	default:
		return false;
	}
}

static int resolve(struct call *c, int dirfd, int path_place, enum resolve_how how, bool in_root,
	struct resolved_path *ret)
{
	char path[PATH_MAX];
	ssize_t n = process_read_string(c->process, pointer_of(c, path_place), path, sizeof(path));

	if (n < 0)
		return (int)n;
	if (n == 0)
		return -ENOENT;
	return resolve_path(c->process, dirfd, path, how, in_root, ret);
}

static int open_with(struct call *c, uint64_t flags, uint64_t resolve_flags)
{
	RESOLVED(r);
	unsigned mode = flags & O_ACCMODE;
	enum resolve_how how = RESOLVE_PATH_FOLLOW;
	bool create = flags & O_CREAT;
	bool whole = mode == O_WRONLY || mode == O_RDWR || mode == 3;
	int n;

	if (flags & O_PATH)
		return 0;
	if (create && (flags & O_EXCL))
		how = RESOLVE_PATH_ENTRY;
	else if (flags & O_NOFOLLOW)
		how = create ? RESOLVE_PATH_ENTRY : RESOLVE_PATH_NOFOLLOW;
	else if (create)
		how = RESOLVE_PATH_CREATE;
	n = resolve(c, dirfd_of(c, c->row->what), c->row->path, how,
		resolve_flags & RESOLVE_IN_ROOT, &r);
	if (n < 0)
		return n;
	if (r.exists) {
		bool directory = S_ISDIR(r.st.st_mode);

		if ((create && (flags & O_EXCL)) || S_ISLNK(r.st.st_mode) ||
			(S_ISSOCK(r.st.st_mode) && r.has_path))
			return 0;
		if ((flags & O_TMPFILE) == O_TMPFILE && directory) {
			r.has_path = false; /* the file in it will have none */
			add(c, OP_WRITE, &r);
			return 0;
		}
		if (directory && (whole || create))
			return 0; /* EISDIR */
		if (!directory && (flags & O_DIRECTORY))
			return 0; /* ENOTDIR */
	} else {
		add(c, OP_CREATE, &r);
		r.st.st_uid = c->process->fsuid;
	}
	if (mode == O_RDONLY || mode == O_RDWR || mode == 3)
		add(c, OP_READ, &r);
	if (whole && (flags & O_APPEND) && !(flags & O_TRUNC))
		add(c, OP_APPEND, &r);
	else if (whole || ((flags & O_TRUNC) && r.exists))
		add(c, OP_WRITE, &r);
	return 0;
}

static int examine_open(struct call *c)
{
	return open_with(c, flags_of(c), 0);
}

static int examine_creat(struct call *c)
{
	return open_with(c, O_CREAT | O_WRONLY | O_TRUNC, 0);
}

static int examine_openat2(struct call *c)
{
	struct open_how how;
	int r = process_read(c->process, pointer_of(c, c->row->kind), &how, sizeof(how));

	return r < 0 ? r : open_with(c, how.flags, how.resolve);
}

/* One path, one operation. The flags' AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH count. */
static int examine_path(struct call *c)
{
	RESOLVED(r);
	const struct call_row *row = c->row;
	uint64_t flags = flags_of(c);
	enum resolve_how how = row->how;
	int n;

	if (flags & AT_SYMLINK_NOFOLLOW)
		how = RESOLVE_PATH_NOFOLLOW;
	n = resolve(c, dirfd_of(c, row->what), row->path, how, false, &r);
	if (n == -ENOENT && (flags & AT_EMPTY_PATH))
		n = resolve_path(
			c->process, dirfd_of(c, row->what), "", RESOLVE_PATH_FOLLOW, false, &r);
	/* utimensat(fd, NULL, …) */
	if (n == -EFAULT && row->what != NO_ARGUMENT && !pointer_of(c, row->path))
		n = resolve_path(
			c->process, dirfd_of(c, row->what), "", RESOLVE_PATH_FOLLOW, false, &r);
	if (n < 0)
		return n;
	if (row->operation == OP_CREATE && r.exists)
		return 0; /* EEXIST */
	if (row->operation != OP_CREATE && !r.exists)
		return 0;
	add(c, row->operation, &r);
	return 0;
}

static int examine_descriptor(struct call *c)
{
	RESOLVED(r);
	int n = resolve_path(
		c->process, dirfd_of(c, c->row->what), "", RESOLVE_PATH_FOLLOW, false, &r);

	if (n < 0)
		return n;
	add(c, c->row->operation, &r);
	return 0;
}

static int examine_mkdir(struct call *c)
{
	RESOLVED(r);
	int n = resolve(c, dirfd_of(c, c->row->what), c->row->path, RESOLVE_PATH_ENTRY, false, &r);

	if (n < 0)
		return n;
	if (r.exists)
		return 0;
	if (r.has_path && r.path.s[r.path.len - 1] != '/')
		text_putc(&r.path, '/');
	add(c, OP_CREATE, &r);
	return 0;
}

/* Two paths: @dirfd and @path, and the next two; without descriptors the second is the next one. */
static int examine_two_paths(struct call *c)
{
	RESOLVED(from);
	RESOLVED(to);
	const struct call_row *row = c->row;
	bool at = row->what != NO_ARGUMENT;
	int to_dirfd = at ? row->path + 1 : NO_ARGUMENT;
	int to_path = at ? row->path + 2 : row->path + 1;
	uint64_t flags = row->operation == OP_LINK ? flags_of(c) : 0;
	enum resolve_how how = row->operation == OP_RENAME   ? RESOLVE_PATH_ENTRY
			       : (flags & AT_SYMLINK_FOLLOW) ? RESOLVE_PATH_FOLLOW
							     : RESOLVE_PATH_NOFOLLOW;
	int n;

	n = resolve(c, dirfd_of(c, row->what), row->path, how, false, &from);
	if (n == -ENOENT && (flags & AT_EMPTY_PATH))
		n = resolve_path(
			c->process, dirfd_of(c, row->what), "", RESOLVE_PATH_FOLLOW, false, &from);
	if (n < 0)
		return n;
	n = resolve(c, dirfd_of(c, to_dirfd), to_path, RESOLVE_PATH_ENTRY, false, &to);
	if (n < 0)
		return n;
	if (!from.exists || (row->operation == OP_LINK && to.exists))
		return 0;
	if (!to.exists && S_ISDIR(from.st.st_mode) && to.has_path &&
		to.path.s[to.path.len - 1] != '/')
		text_putc(&to.path, '/');
	add(c, row->operation, &from);
	add(c, row->operation, &to);
	return 0;
}

/* The interpreter that a script's first line names, as fs/binfmt_script.c reads it. */
static bool read_shebang(int fd, char ret[SHEBANG_BYTES])
{
	char link[64], line[SHEBANG_BYTES + 1];
	_cleanup_close_ int file = -1;
	const char *s;
	size_t len;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	file = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	n = file < 0 ? -1 : pread(file, line, SHEBANG_BYTES, 0);
	if (n < 2 || line[0] != '#' || line[1] != '!')
		return false;
	line[n] = '\0';
	s = line + 2 + strspn(line + 2, " \t");
	len = strcspn(s, " \t\n");
	memcpy(ret, s, len);
	ret[len] = '\0';
	return len > 0;
}

static int examine_exec(struct call *c)
{
	char interpreter[SHEBANG_BYTES];
	uint64_t flags = flags_of(c);
	enum resolve_how how =
		flags & AT_SYMLINK_NOFOLLOW ? RESOLVE_PATH_NOFOLLOW : RESOLVE_PATH_FOLLOW;
	int dirfd = dirfd_of(c, c->row->what);
	bool more = true;

	for (int i = 0; more && i <= INTERPRETERS_MAX; i++) {
		RESOLVED(r);
		int n;

		if (i > 0)
			n = resolve_path(
				c->process, AT_FDCWD, interpreter, RESOLVE_PATH_FOLLOW, false, &r);
		else
			n = resolve(c, dirfd, c->row->path, how, false, &r);
		if (n == -ENOENT && i == 0 && (flags & AT_EMPTY_PATH))
			n = resolve_path(c->process, dirfd, "", RESOLVE_PATH_FOLLOW, false, &r);
		if (n < 0)
			return n;
		if (!S_ISREG(r.st.st_mode))
			return 0; /* EACCES from may_open() */
		more = read_shebang(r.fd, interpreter);
		add(c, OP_EXEC, &r);
	}
	return 0;
}

static int examine_socket(struct call *c)
{
	return watched_socket_accesses(c->process, c->abi, c->row->name, c->arguments, c->out);
}

/* clang-format off */
#define NONE NO_ARGUMENT
#define AT(call, dirfd, path, flags, op, how) { call, examine_path, dirfd, path, flags, op, RESOLVE_PATH_##how }
#define CALL(call, fn, d, p, f) { .name = call, .examine = fn, .what = d, .path = p, .kind = f }
#define OF(call, fn, d, p, f, op) { .name = call, .examine = fn, .what = d, .path = p, .kind = f, .operation = op }
static const struct call_row table[] = {
	CALL("open", examine_open, NONE, 0, 1),
	CALL("openat", examine_open, 0, 1, 2),
	CALL("openat2", examine_openat2, 0, 1, 2),
	CALL("creat", examine_creat, NONE, 0, NONE),
	CALL("execve", examine_exec, NONE, 0, NONE),
	CALL("execveat", examine_exec, 0, 1, 4),
	CALL("mkdir", examine_mkdir, NONE, 0, NONE),
	CALL("mkdirat", examine_mkdir, 0, 1, NONE),
	AT("mknod", NONE, 0, NONE, OP_CREATE, ENTRY),
	AT("mknodat", 0, 1, NONE, OP_CREATE, ENTRY),
	AT("symlink", NONE, 1, NONE, OP_CREATE, ENTRY),
	AT("symlinkat", 1, 2, NONE, OP_CREATE, ENTRY),
	AT("unlink", NONE, 0, NONE, OP_DELETE, ENTRY),
	AT("unlinkat", 0, 1, NONE, OP_DELETE, ENTRY),
	AT("rmdir", NONE, 0, NONE, OP_DELETE, ENTRY),
	OF("rename", examine_two_paths, NONE, 0, NONE, OP_RENAME),
	OF("renameat", examine_two_paths, 0, 1, NONE, OP_RENAME),
	OF("renameat2", examine_two_paths, 0, 1, NONE, OP_RENAME),
	OF("link", examine_two_paths, NONE, 0, NONE, OP_LINK),
	OF("linkat", examine_two_paths, 0, 1, 4, OP_LINK),
	AT("truncate", NONE, 0, NONE, OP_WRITE, FOLLOW),
	AT("truncate64", NONE, 0, NONE, OP_WRITE, FOLLOW),
	AT("chmod", NONE, 0, NONE, OP_SETATTR, FOLLOW),
	AT("fchmodat", 0, 1, NONE, OP_SETATTR, FOLLOW),
	AT("fchmodat2", 0, 1, 3, OP_SETATTR, FOLLOW),
	AT("chown", NONE, 0, NONE, OP_SETATTR, FOLLOW),
	AT("chown32", NONE, 0, NONE, OP_SETATTR, FOLLOW),
	AT("lchown", NONE, 0, NONE, OP_SETATTR, NOFOLLOW),
	AT("lchown32", NONE, 0, NONE, OP_SETATTR, NOFOLLOW),
	AT("fchownat", 0, 1, 4, OP_SETATTR, FOLLOW),
	AT("utime", NONE, 0, NONE, OP_SETATTR, FOLLOW),
	AT("utimes", NONE, 0, NONE, OP_SETATTR, FOLLOW),
	AT("futimesat", 0, 1, NONE, OP_SETATTR, FOLLOW),
	AT("utimensat", 0, 1, 3, OP_SETATTR, FOLLOW),
	AT("utimensat_time64", 0, 1, 3, OP_SETATTR, FOLLOW),
	AT("setxattr", NONE, 0, NONE, OP_SETATTR, FOLLOW),
	AT("lsetxattr", NONE, 0, NONE, OP_SETATTR, NOFOLLOW),
	AT("setxattrat", 0, 1, 2, OP_SETATTR, FOLLOW),
	AT("file_setattr", 0, 1, 4, OP_SETATTR, FOLLOW),
	AT("removexattr", NONE, 0, NONE, OP_SETATTR, FOLLOW),
	AT("lremovexattr", NONE, 0, NONE, OP_SETATTR, NOFOLLOW),
	AT("removexattrat", 0, 1, 2, OP_SETATTR, FOLLOW),
	OF("fchmod", examine_descriptor, 0, NONE, NONE, OP_SETATTR),
	OF("fchown", examine_descriptor, 0, NONE, NONE, OP_SETATTR),
	OF("fchown32", examine_descriptor, 0, NONE, NONE, OP_SETATTR),
	OF("fsetxattr", examine_descriptor, 0, NONE, NONE, OP_SETATTR),
	OF("fremovexattr", examine_descriptor, 0, NONE, NONE, OP_SETATTR),
	CALL("connect", examine_socket, NONE, NONE, NONE),
	CALL("bind", examine_socket, NONE, NONE, NONE),
	CALL("sendto", examine_socket, NONE, NONE, NONE),
	CALL("sendmsg", examine_socket, NONE, NONE, NONE),
	CALL("sendmmsg", examine_socket, NONE, NONE, NONE),
};
#undef CALL
#undef OF
#undef NONE
#undef AT
/* clang-format on */

#define N_TABLE (sizeof(table) / sizeof(*table))

bool watched_call(int syscall)
{
	return call_table_find(table, N_TABLE, syscall) != NULL;
}

int watched_call_accesses(const struct process *p, enum abi abi, int syscall,
	const uint64_t arguments[6], uint64_t start_ns, struct accesses *ret)
{
	const struct call_row *row = call_table_find(table, N_TABLE, syscall);
	int r = call_row_examine(row, p, abi, arguments, start_ns, ret);

	return is_no_access(r) ? 0 : r;
}

void access_release(struct access *a)
{
	free(a->object);
	if (a->fd >= 0)
		close(a->fd);
}

void accesses_release(struct accesses *a)
{
	for (unsigned i = 0; i < a->n; i++)
		access_release(&a->v[i]);
	a->n = 0;
}
