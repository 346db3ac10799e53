/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_LSM_ACTOR_MOUNTS_H
#define PALE_TESTS_LSM_ACTOR_MOUNTS_H

/* Mounts, each in a namespace of its own that ends with the process. */

#include "tests/vm/lsm_actor_files.h"

static void own_namespace(void)
{
	must(unshare(CLONE_NEWNS));
}

static void mount_tmpfs(const char *place)
{
	own_namespace();
	must(mount("none", place, "tmpfs", 0, NULL));
}

/* TYPE SOURCE PLACE FLAGS */
static int act_mount_at(void)
{
	own_namespace();
	return result(mount(args[1], args[2], args[0], (unsigned long)atoi(args[3]), NULL));
}

/* SOURCE PLACE, 1: recursively */
static int act_mount_bind(void)
{
	own_namespace();
	return result(mount(
		args[0], args[1], NULL, MS_BIND | (atoi(args[2]) ? MS_REC : 0) | MS_SILENT, NULL));
}

/* DIRECTORY SOURCE PLACE [ROOT] */
static int act_mount_bind_in(void)
{
	own_namespace();
	must(chdir(args[0]));
	if (args[3])
		must(chroot(args[3]));
	return result(mount(args[1], args[2], NULL, MS_BIND, NULL));
}

static void *wait_for_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

/* DIRECTORY SOURCE PLACE, beside a thread that could change the directory */
static int act_mount_bind_shared(void)
{
	pthread_t t;

	own_namespace();
	must(chdir(args[0]));
	must(-pthread_create(&t, NULL, wait_for_ever, NULL));
	return result(mount(args[1], args[2], NULL, MS_BIND, NULL));
}

/* SOURCE PLACE FILE, which is opened afterwards */
static int act_mount_then_bind(void)
{
	own_namespace();
	must(mount(args[0], args[1], NULL, MS_BIND, NULL));
	return result(open(args[2], O_RDONLY));
}

static int act_mount_move(void)
{
	mount_tmpfs(args[0]);
	return result(mount(args[0], args[1], NULL, MS_MOVE, NULL));
}

static int act_mount_remount(void)
{
	mount_tmpfs(args[0]);
	return result(mount(NULL, args[0], NULL, MS_REMOUNT | MS_RDONLY, NULL));
}

static int act_mount_propagation(void)
{
	mount_tmpfs(args[0]);
	return result(mount(NULL, args[0], NULL, MS_SHARED, NULL));
}

static int act_mount_umount(void)
{
	mount_tmpfs(args[0]);
	return result(umount2(args[0], atoi(args[1])));
}

static int act_mount_pivot(void)
{
	char old[256];

	mount_tmpfs(args[0]);
	snprintf(old, sizeof(old), "%s/old", args[0]);
	must(mkdir(old, 0755));
	return result(syscall(SYS_pivot_root, args[0], old));
}

static int act_mount_reconfigure(void)
{
	int fd;

	mount_tmpfs(args[0]);
	fd = must(syscall(SYS_fspick, AT_FDCWD, args[0], 0));
	must(syscall(SYS_fsconfig, fd, FSCONFIG_SET_FLAG, "ro", NULL, 0));
	return result(syscall(SYS_fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0));
}

static int act_mount_setattr(void)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	mount_tmpfs(args[0]);
	return result(syscall(SYS_mount_setattr, AT_FDCWD, args[0], 0, &attr, sizeof(attr)));
}

static int make_fs(const char *type, int *ret)
{
	*ret = must(syscall(SYS_fsopen, type, 0));
	return result(syscall(SYS_fsconfig, *ret, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
}

static int act_fs_make(void)
{
	int fd;

	return make_fs(args[0], &fd);
}

static int show(int fd, const char *place)
{
	return result(syscall(SYS_move_mount, fd, "", AT_FDCWD, place, MOVE_MOUNT_F_EMPTY_PATH));
}

/* TYPE PLACE ATTRIBUTES */
static int act_fs_mount(void)
{
	int fs, r;

	own_namespace();
	r = make_fs(args[0], &fs);
	if (r)
		return r;
	return show(must(syscall(SYS_fsmount, fs, 0, atoi(args[2]))), args[1]);
}

static int clone_tree(const char *path, bool recursive)
{
	return must(syscall(
		SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | (recursive ? AT_RECURSIVE : 0)));
}

/* SOURCE PLACE, 1: recursively */
static int act_tree_bind(void)
{
	own_namespace();
	return show(clone_tree(args[0], atoi(args[2])), args[1]);
}

static int act_tree_of_made(void)
{
	mount_tmpfs(args[0]);
	return show(clone_tree(args[0], false), args[1]);
}

static int act_tree_move(void)
{
	mount_tmpfs(args[0]);
	return show(must(syscall(SYS_open_tree, AT_FDCWD, args[0], 0)), args[1]);
}

/* Which mounts an mqueue, in the kernel alone. */
static int act_ipc_namespace(void)
{
	return result(unshare(CLONE_NEWIPC));
}

/* A tmpfs in one's own part of /proc, of which one has opened a file; and a child that opens it, to
 * whom it lies in another's. */
static int act_mount_in_proc(void)
{
	char path[64];
	int status, fd;
	pid_t pid;

	must(mount("none", "/proc/self/fdinfo", "tmpfs", 0, NULL));
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/a", getpid());
	for (int i = 0; i < 2; i++) {
		fd = must(open(path, O_RDWR | O_CREAT, 0644));
		close(fd);
	}
	pid = must(fork());
	if (pid == 0) {
		fd = open(path, O_RDONLY);
		_exit(fd < 0 ? errno : 0);
	}
	must(waitpid(pid, &status, 0));
	return WEXITSTATUS(status);
}

#endif
