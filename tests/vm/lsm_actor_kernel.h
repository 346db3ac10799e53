/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_LSM_ACTOR_KERNEL_H
#define PALE_TESTS_LSM_ACTOR_KERNEL_H

/* Reaching for what enforces, and a filter that enforces beside it. */

#include "tests/vm/lsm_actor.h"

#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

static int by_number(int next, int get)
{
	union bpf_attr attr = { 0 };

	while (syscall(SYS_bpf, next, &attr, sizeof(attr)) == 0) {
		union bpf_attr what = { .prog_id = attr.next_id };

		if (syscall(SYS_bpf, get, &what, sizeof(what)) < 0)
			return errno;
		attr = (union bpf_attr){ .start_id = attr.next_id };
	}
	return errno == ENOENT ? 0 : errno;
}

/* program | map | link: a descriptor of each that there is. */
static int act_own_by_number(void)
{
	if (!strcmp(args[0], "program"))
		return by_number(BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID);
	if (!strcmp(args[0], "map"))
		return by_number(BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID);
	return by_number(BPF_LINK_GET_NEXT_ID, BPF_LINK_GET_FD_BY_ID);
}

/* getsid(11, 12, …) under a filter that refuses it with EPERM and has that logged, as container
 * engines do. */
static int act_filtered_call(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, &program));
	return syscall(SYS_getsid, 11, 12, 13, 14, 15, 16) < 0 && errno == EPERM ? 0 : 254;
}

#endif
