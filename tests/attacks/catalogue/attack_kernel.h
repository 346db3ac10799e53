/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_ATTACK_KERNEL_H
#define PALE_TESTS_ATTACK_KERNEL_H

/* System calls that reach far into the kernel. */
#include "tests/attacks/catalogue/attack_proof.h"

#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/reboot.h>
#include <linux/userfaultfd.h>
#include <sys/timex.h>
#include <sys/utsname.h>

static int act_bpf_map(void)
{
	union bpf_attr a = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1
	};

	return say_if(result(syscall(SYS_bpf, BPF_MAP_CREATE, &a, sizeof(a))), "map");
}

/* The first link of the machine: who holds it can detach it. */
static int act_bpf_link(void)
{
	union bpf_attr a = { 0 };

	if (syscall(SYS_bpf, BPF_LINK_GET_NEXT_ID, &a, sizeof(a)) < 0)
		return errno;
	a.link_id = a.next_id;
	a.next_id = 0;
	return say_if(result(syscall(SYS_bpf, BPF_LINK_GET_FD_BY_ID, &a, sizeof(a))), "link");
}

/* bpf_pinned PATH: who holds a map of the enforcer's can write to it. */
static int act_bpf_pinned(void)
{
	union bpf_attr a = { .pathname = (uintptr_t)args[0] };

	return say_if(result(syscall(SYS_bpf, BPF_OBJ_GET, &a, sizeof(a))), "map");
}

/* Among all maps of the machine that in which a policy's refusals are counted. */
static int act_bpf_counts(void)
{
	union bpf_attr a;
	int r = ENOENT;

	for (uint32_t id = 0;;) {
		struct bpf_map_info info = { 0 };
		int fd;

		a = (union bpf_attr){ .start_id = id };
		if (syscall(SYS_bpf, BPF_MAP_GET_NEXT_ID, &a, sizeof(a)) < 0)
			return r;
		id = a.next_id;
		a = (union bpf_attr){ .map_id = id };
		fd = (int)syscall(SYS_bpf, BPF_MAP_GET_FD_BY_ID, &a, sizeof(a));
		if (fd < 0) {
			r = errno;
			continue;
		}
		a = (union bpf_attr){ .info = { .bpf_fd = (uint32_t)fd,
					      .info_len = sizeof(info),
					      .info = (uintptr_t)&info } };
		must(syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &a, sizeof(a)));
		close(fd);
		if (!strcmp(info.name, "pale_counts"))
			return say_if(0, "counts");
	}
}

static int act_perf_event(void)
{
	struct perf_event_attr a = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(a), .config = PERF_COUNT_SW_CPU_CLOCK
	};

	return say_if(result(syscall(SYS_perf_event_open, &a, 0, -1, -1, 0)), "event");
}

static int act_userfaultfd(void)
{
	return say_if(result(syscall(SYS_userfaultfd, O_CLOEXEC)), "userfaultfd");
}

static int act_keyctl(void)
{
	return say_if(
		result(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "pale-attack")), "keyring");
}

static int act_add_key(void)
{
	return say_if(result(syscall(SYS_add_key, "user", "pale-attack", "x", 1,
			      KEY_SPEC_PROCESS_KEYRING)),
		"key");
}

/* load_module PATH: below the folder of the kernel that runs. */
static int act_load_module(void)
{
	char path[512];
	struct utsname u;
	const char *const ends[] = { ".ko", ".ko.xz" };
	int fd = -1;

	must(uname(&u));
	for (int i = 0; i < 2 && fd < 0; i++) {
		snprintf(path, sizeof(path), "/lib/modules/%s/kernel/%s%s", u.release, args[0],
			ends[i]);
		fd = open(path, O_RDONLY);
		if (fd >= 0)
			/* MODULE_INIT_COMPRESSED_FILE */
			return result(syscall(SYS_finit_module, fd, "", i ? 4 : 0));
	}
	return 254;
}

static int act_cad(void)
{
	return result(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		LINUX_REBOOT_CMD_CAD_OFF, NULL));
}

/* Unloads what was loaded; nothing was. */
static int act_kexec(void)
{
	return say_if(result(syscall(SYS_kexec_load, 0, 0, NULL, 0)), "kexec");
}

/* A file's pages in a pipe, as in CVE-2022-0847. */
static int act_splice(void)
{
	int pipes[2];
	off_t at = 0;

	must(pipe(pipes));
	return say_if(result(splice(must(open(args[0], O_RDONLY)), &at, pipes[1], NULL, 1, 0)),
		"spliced");
}

static int act_clock(void)
{
	struct timespec t;

	must(clock_gettime(CLOCK_REALTIME, &t));
	return say_if(result(clock_settime(CLOCK_REALTIME, &t)), "set");
}

static int act_unshare_user(void)
{
	return say_if(result(unshare(CLONE_NEWUSER)), "unshared");
}

static int act_getpid(void)
{
	say("called");
	return getpid() > 0 ? 0 : 1;
}

#endif
