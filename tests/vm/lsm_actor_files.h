/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_LSM_ACTOR_FILES_H
#define PALE_TESTS_LSM_ACTOR_FILES_H

/* Opening, changing and naming files. */
#include "tests/vm/lsm_actor.h"

static int act_nothing(void)
{
	return 0;
}

static int act_read(void)
{
	char c;
	int fd = open(args[0], O_RDONLY);

	return fd < 0 ? errno : result(read(fd, &c, 1) < 0 && errno != EISDIR ? -1 : 0);
}

static int act_open_often(void)
{
	for (int i = 0; i < atoi(args[1]); i++) {
		int fd = open(args[0], O_RDONLY);

		if (fd < 0)
			return errno;
		close(fd);
	}
	return 0;
}

/* Bare it is let; then each attempt must be refused alike. */
static int act_refused_often(void)
{
	for (int i = 0; i < atoi(args[1]); i++) {
		int fd = open(args[0], O_RDONLY);

		if (fd >= 0)
			return 0;
		if (errno != EACCES)
			return 254;
	}
	return EACCES;
}

/* PATH N TASKS: so many at once, so that they get in each other's way. */
static int act_refused_by_many(void)
{
	int status, r = EACCES;

	for (int i = 0; i < atoi(args[2]); i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 254;
		if (pid == 0)
			_exit(act_refused_often());
	}
	while (wait(&status) > 0)
		if (!WIFEXITED(status) || WEXITSTATUS(status) != EACCES)
			r = WIFEXITED(status) ? WEXITSTATUS(status) : 253;
	return r;
}

static int act_list(void)
{
	return result(open(args[0], O_RDONLY | O_DIRECTORY));
}

static int act_write(void)
{
	return result(open(args[0], O_WRONLY));
}

static int act_write_both(void)
{
	return result(open(args[0], O_RDWR));
}

static int act_empty(void)
{
	return result(open(args[0], O_WRONLY | O_TRUNC));
}

/* On Linux this empties the file too. */
static int act_empty_reading(void)
{
	return result(open(args[0], O_RDONLY | O_TRUNC));
}

static int act_append(void)
{
	int fd = open(args[0], O_WRONLY | O_APPEND);

	return fd < 0 ? errno : result(write(fd, "x", 1));
}

/* As a shell's >> does, on a file that may be there. */
static int act_append_create(void)
{
	int fd = open(args[0], O_WRONLY | O_APPEND | O_CREAT, 0644);

	return fd < 0 ? errno : result(write(fd, "x", 1));
}

static int act_create(void)
{
	return result(open(args[0], O_WRONLY | O_CREAT | O_EXCL, 0644));
}

static int act_create_relative(void)
{
	must(chdir(args[0]));
	return result(open(args[1], O_WRONLY | O_CREAT | O_EXCL, 0644));
}

static int act_tmpfile(void)
{
	return result(open(args[0], O_RDWR | O_TMPFILE, 0600));
}

/* Appends, and then tries what an appender must not do. */
static int appended(void)
{
	return must(open(args[0], O_RDWR | O_APPEND));
}

static int appended_only(void)
{
	return must(open(args[0], O_WRONLY | O_APPEND));
}

static int act_append_then_setfl(void)
{
	return result(fcntl(appended_only(), F_SETFL, 0));
}

static int act_append_then_setfl_keeping(void)
{
	return result(fcntl(appended_only(), F_SETFL, O_APPEND | O_NONBLOCK));
}

static int act_append_then_map(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, appended(), 0);

	return p == MAP_FAILED ? errno : 0;
}

static int act_append_then_mprotect(void)
{
	void *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, appended(), 0);

	must(p == MAP_FAILED ? -1 : 0);
	return result(mprotect(p, 4096, PROT_READ | PROT_WRITE));
}

static int act_append_then_truncate(void)
{
	return result(ftruncate(appended_only(), 0));
}

static int act_append_then_punch(void)
{
	return result(
		fallocate(appended_only(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
}

/* The refusal is of the one call. */
static int act_punch_then_append(void)
{
	int fd = appended_only();

	fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096);
	return result(write(fd, "x", 1));
}

static int act_append_then_reopen(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", appended_only());
	return result(open(path, O_WRONLY));
}

static int act_delete(void)
{
	return result(unlink(args[0]));
}

static int act_rmdir(void)
{
	return result(rmdir(args[0]));
}

static int act_mkdir(void)
{
	return result(mkdir(args[0], 0755));
}

static int act_mkfifo(void)
{
	return result(mkfifo(args[0], 0644));
}

static int act_mknod_socket(void)
{
	return result(mknod(args[0], S_IFSOCK | 0644, 0));
}

static int act_symlink(void)
{
	return result(symlink("/etc/passwd", args[0]));
}

static int act_rename(void)
{
	return result(rename(args[0], args[1]));
}

static int act_exchange(void)
{
	return result(renameat2(AT_FDCWD, args[0], AT_FDCWD, args[1], RENAME_EXCHANGE));
}

static int act_link(void)
{
	return result(link(args[0], args[1]));
}

static int act_truncate(void)
{
	return result(truncate(args[0], 0));
}

static int act_chmod(void)
{
	return result(chmod(args[0], 0600));
}

static int act_chown(void)
{
	return result(chown(args[0], 1, 1));
}

static int act_utimes(void)
{
	return result(utimensat(AT_FDCWD, args[0], NULL, 0));
}

static int act_futimes(void)
{
	return result(futimens(must(open(args[0], O_RDONLY)), NULL));
}

static int act_setxattr(void)
{
	return result(setxattr(args[0], "trusted.pale", "x", 1, 0));
}

static int act_removexattr(void)
{
	return result(removexattr(args[0], "trusted.pale"));
}

/* Another user may do all. The layout is that of linux/posix_acl_xattr.h. */
static int act_set_acl(void)
{
	const struct {
		uint32_t version;
		struct {
			uint16_t tag, perm;
			uint32_t id;
		} entries[5];
	} acl = { 2, { { 0x01, 6, UINT32_MAX }, { 0x02, 7, 1000 }, { 0x04, 4, UINT32_MAX },
			     { 0x10, 7, UINT32_MAX }, { 0x20, 4, UINT32_MAX } } };

	return result(setxattr(args[0], "system.posix_acl_access", &acl, sizeof(acl), 0));
}

static int act_remove_acl(void)
{
	return result(removexattr(args[0], "system.posix_acl_access"));
}

/* As isatty() and many readers do with what they opened. */
static int act_ask(void)
{
	struct termios modes;
	int fd = must(open(args[0], O_RDONLY)), n;

	if (ioctl(fd, TCGETS, &modes) < 0 && errno != ENOTTY)
		return result(-1);
	return result(ioctl(fd, FIONREAD, &n));
}

/* The filesystem cannot share blocks, and says so once it is asked. */
static int act_clone(void)
{
	int from = must(open(args[0], O_RDONLY)), to = must(open(args[1], O_WRONLY));

	return ioctl(to, FICLONE, from) < 0 && errno != EOPNOTSUPP ? errno : 0;
}

static int act_ioctl(void)
{
	int n;

	return result(ioctl(must(open(args[0], O_RDONLY)), FS_IOC_GETFLAGS, &n));
}

static int act_chattr(void)
{
	int flags = 0, fd = must(open(args[0], O_RDONLY));

	must(ioctl(fd, FS_IOC_GETFLAGS, &flags));
	return result(ioctl(fd, FS_IOC_SETFLAGS, &flags));
}

static int act_lock(void)
{
	return result(flock(must(open(args[0], O_RDONLY)), LOCK_SH));
}

/* O_PATH itself opens nothing. */
static int act_reopen(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", must(open(args[0], O_PATH)));
	return result(open(path, O_RDONLY));
}

static int act_stat(void)
{
	struct stat st;

	return result(stat(args[0], &st));
}

/* The path of an unlinked file that is still open. */
static int act_reopen_deleted(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", must(open(args[0], O_RDWR)));
	must(unlink(args[0]));
	return result(open(path, O_RDONLY));
}

static int act_truncate_deleted(void)
{
	int fd = must(open(args[0], O_RDWR));

	must(unlink(args[0]));
	return result(ftruncate(fd, 10));
}

/* A detached mount shows the same file under a path that looks absolute. */
static int act_detached(void)
{
	int fd = must(syscall(SYS_open_tree, AT_FDCWD, args[0], OPEN_TREE_CLONE));

	return result(openat(fd, args[1], O_RDONLY));
}

/* Below a new root, the path is still that of the mount namespace. */
static int act_chroot(void)
{
	must(chroot(args[0]));
	must(chdir("/"));
	return result(open(args[1], O_RDONLY));
}

static int act_deep(void)
{
	int n = atoi(args[1]);

	must(chdir(args[0]));
	for (int i = 0; i < n; i++) {
		if (mkdir("d", 0755) < 0 || chdir("d") < 0)
			return errno;
	}
	return result(open("file", O_WRONLY | O_CREAT, 0644));
}

/* A path of some 4,090 bytes or a little more than 4,096. */
static int act_long(void)
{
	char name[256];
	int left = atoi(args[1]) - (int)strlen(args[0]) - 2;

	must(chdir(args[0]));
	while (left > 251) {
		memset(name, 'n', 250);
		name[250] = 0;
		if (mkdir(name, 0755) < 0 || chdir(name) < 0)
			return errno;
		left -= 251;
	}
	memset(name, 'f', (size_t)left + 1);
	name[left + 1] = 0;
	return result(open(name, O_WRONLY | O_CREAT, 0644));
}

static int act_open_own_proc(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", getpid(), args[0]);
	return result(open(path, O_RDONLY));
}

static void *thread_opens(void *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/%s", gettid(), args[0]);
	*(int *)ret = result(open(path, O_RDONLY));
	return NULL;
}

static int act_open_thread_proc(void)
{
	pthread_t t;
	int ret = 0;

	errno = pthread_create(&t, NULL, thread_opens, &ret);
	must(errno ? -1 : 0);
	pthread_join(t, NULL);
	return ret;
}

#endif
