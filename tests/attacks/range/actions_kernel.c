/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the kernel that exploits begin with, and what changes the machine. */
#include "tests/attacks/range/action.h"

#include <linux/bpf.h>
#include <linux/if_alg.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/reboot.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <sys/ioctl.h>

static int fsconfig_attack(char **args)
{
	int fd;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return errno;
	fd = (int)syscall(SYS_fsopen, "tmpfs", 0);
	if (fd < 0)
		return errno;
	if (syscall(SYS_fsconfig, fd, 1 /* FSCONFIG_SET_STRING */, "mode", "0700", 0) < 0)
		return errno;
	say("configured");
	return 0;
}

/* CVE-2022-0847 as far as it goes: a page of a file that may only be read, in a filled pipe. */
static int dirty_pipe(char **args)
{
	static char page[4096];
	int fds[2], file = open("/etc/passwd", O_RDONLY);
	off_t at = 0;
	ssize_t n;

	if (file < 0 || pipe(fds) < 0)
		return errno;
	for (int i = 0; i < 16; i++)
		if (write(fds[1], page, sizeof(page)) < 0 || read(fds[0], page, sizeof(page)) < 0)
			return errno;
	n = splice(file, &at, fds[1], NULL, 1, 0);
	if (n < 0)
		return errno;
	if (n == 1)
		say("spliced");
	return 0;
}

static int read_passwd(char **args)
{
	return show_file("/etc/passwd");
}

static int alg(char **args)
{
	struct sockaddr_alg a = {
		.salg_family = AF_ALG, .salg_type = "hash", .salg_name = "sha256"
	};
	int fd = socket(AF_ALG, SOCK_SEQPACKET, 0), op, fds[2], file;
	off_t at = 0;
	char digest[32];

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return errno;
	op = accept(fd, NULL, NULL);
	file = open("/etc/passwd", O_RDONLY);
	if (op < 0 || file < 0 || pipe(fds) < 0)
		return errno;
	if (splice(file, &at, fds[1], NULL, 16, 0) < 0 || splice(fds[0], NULL, op, NULL, 16, 0) < 0)
		return errno;
	if (read(op, digest, sizeof(digest)) == sizeof(digest))
		say("digest");
	return 0;
}

static int bpf(char **args)
{
	union bpf_attr map = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1
	};
	uint64_t value = 42;
	uint32_t key = 0;
	union bpf_attr element = { .key = (uintptr_t)&key, .value = (uintptr_t)&value };
	int fd = (int)syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map));

	if (fd < 0)
		return errno;
	element.map_fd = (uint32_t)fd;
	if (syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &element, sizeof(element)) < 0)
		return errno;
	value = 0;
	if (syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &element, sizeof(element)) < 0)
		return errno;
	if (value == 42)
		say("map");
	return 0;
}

static int perf_event(char **args)
{
	struct perf_event_attr a = { .type = PERF_TYPE_SOFTWARE,
		.size = sizeof(a),
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.exclude_kernel = 1 };
	int fd = (int)syscall(SYS_perf_event_open, &a, 0, -1, -1, 0);
	uint64_t value;

	if (fd < 0)
		return errno;
	if (read(fd, &value, sizeof(value)) == sizeof(value))
		say("counter");
	return 0;
}

static int userfaultfd(char **args)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = (int)syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0)
		return errno;
	say("faults");
	return 0;
}

static int keys(char **args)
{
	char buf[16] = "";
	long key = syscall(SYS_add_key, "user", "range", "kept", 4, KEY_SPEC_PROCESS_KEYRING);

	if (key < 0)
		return errno;
	if (syscall(SYS_keyctl, KEYCTL_READ, key, buf, sizeof(buf)) < 0)
		return errno;
	if (!strcmp(buf, "kept"))
		say("key");
	return 0;
}

static int module(char **args)
{
	int fd = open(DATA "/module.ko", O_RDONLY);

	if (fd < 0)
		return errno;
	return result(syscall(SYS_finit_module, fd, "", 0));
}

/* What Ctrl-Alt-Del does: the only thing of reboot(2) that a test outlives. */
static int reboot(char **args)
{
	return result(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		LINUX_REBOOT_CMD_CAD_OFF, NULL));
}

static int kexec(char **args)
{
	/* No segments: what is loaded is taken away, if anything is. */
	if (syscall(SYS_kexec_load, 0, 0, NULL, 0) < 0)
		return errno;
	say("kexec");
	return 0;
}

const struct action kernel_actions[] = {
	{ "fsconfig", fsconfig_attack, read_own },
	{ "dirty-pipe", dirty_pipe, read_passwd },
	{ "alg-socket", alg, read_passwd },
	{ "bpf", bpf, read_own },
	{ "perf-event", perf_event, read_own },
	{ "userfaultfd", userfaultfd, read_own },
	{ "keys", keys, read_own },
	{ "module", module, read_own },
	{ "reboot", reboot, read_own },
	{ "kexec", kexec, read_own },
	{ 0 },
};
