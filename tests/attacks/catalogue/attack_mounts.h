/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_ATTACK_MOUNTS_H
#define PALE_TESTS_ATTACK_MOUNTS_H

/* Mounts and namespaces. What is mounted goes with the attack's own mount namespace. */
#include "tests/attacks/catalogue/attack_proof.h"

#include <linux/mount.h>

/* bind_then_read FROM ON FILE */
static int act_bind_then_read(void)
{
	return mount(args[0], args[1], NULL, MS_BIND, NULL) < 0 ? errno : show_file(args[2]);
}

/* overlay_then_read LOWER ON FILE */
static int act_overlay_then_read(void)
{
	char options[256];

	snprintf(options, sizeof(options), "lowerdir=%s:/usr", args[0]);
	return mount("overlay", args[1], "overlay", MS_RDONLY, options) < 0 ? errno
									    : show_file(args[2]);
}

static int act_mount_tmpfs(void)
{
	return say_if(result(mount("none", args[0], "tmpfs", 0, NULL)), "mounted");
}

static int act_remount(void)
{
	return say_if(result(mount(NULL, args[0], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL)),
		"remounted");
}

static int act_move_mount_old(void)
{
	return mount(args[0], args[1], NULL, MS_MOVE, NULL) < 0 ? errno : show_file(args[2]);
}

static int act_umount_then_read(void)
{
	return umount2(args[0], MNT_DETACH) < 0 ? errno : show_file(args[1]);
}

/* A cgroup hierarchy whose release agent the kernel would run. */
static int act_release_agent(void)
{
	char path[256];
	int fd;

	if (mount("cgroup", args[0], "cgroup", 0, "none,name=attack") < 0)
		return errno;
	snprintf(path, sizeof(path), "%s/release_agent", args[0]);
	fd = open(path, O_WRONLY);
	return fd < 0 ? errno : say_if(result(write(fd, "/tmp/t/prog", 11)), "agent");
}

static int new_filesystem(const char *type)
{
	int fs = (int)syscall(SYS_fsopen, type, 0);

	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return (int)syscall(SYS_fsmount, fs, 0, 0);
}

/* A proc of one's own, read without ever being attached. */
static int act_fresh_proc(void)
{
	int fd = new_filesystem("proc");

	if (fd < 0)
		return errno;
	fd = openat(fd, "version", O_RDONLY);
	return fd < 0 ? errno : say_if(0, "proc");
}

static int act_fresh_tmpfs_attached(void)
{
	int fd = new_filesystem("tmpfs");

	if (fd < 0 ||
		syscall(SYS_move_mount, fd, "", AT_FDCWD, args[0], MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return errno;
	say("mounted");
	return 0;
}

/* open_tree and move_mount: bind without mount(2). */
static int act_tree_then_read(void)
{
	int fd = must(syscall(SYS_open_tree, AT_FDCWD, args[0], OPEN_TREE_CLONE));

	if (syscall(SYS_move_mount, fd, "", AT_FDCWD, args[1], MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return errno;
	return show_file(args[2]);
}

static int act_pivot_then_read(void)
{
	must(chdir(args[0]));
	if (syscall(SYS_pivot_root, ".", args[1]) < 0)
		return errno;
	must(chdir("/"));
	return show_file(args[2]);
}

/* userns_mount FOLDER: a namespace in which one is root, and may mount. */
static int act_userns_mount(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return errno;
	return say_if(result(mount("none", args[0], "tmpfs", 0, NULL)), "mounted");
}

static int act_userns_read(void)
{
	must(unshare(CLONE_NEWUSER | CLONE_NEWNS));
	return show_file(args[0]);
}

/* fsopen(2) as in CVE-2022-0185: the parameters of a filesystem, in a user namespace. */
static int act_userns_fsopen(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return errno;
	return say_if(result(syscall(SYS_fsopen, "tmpfs", 0)), "opened");
}

/* enter_mounts PID FILE; 0 is the caller's own. */
static int act_enter_mounts(void)
{
	pid_t pid = atoi(args[0]);
	int fd = must(syscall(SYS_pidfd_open, pid ? pid : getpid(), 0));

	return setns(fd, CLONE_NEWNS) < 0 ? errno : show_file(args[1]);
}

static int act_new_namespace(void)
{
	return say_if(result(unshare(CLONE_NEWNS)), "unshared");
}

#endif
