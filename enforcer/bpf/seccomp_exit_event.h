/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
#ifndef PALE_SECCOMP_EXIT_EVENT_H
#define PALE_SECCOMP_EXIT_EVENT_H

/* What the program of seccomp_exit.bpf.c and user space share. All numbers are of the host's byte
 * order. */

#include <linux/types.h>

/* A power of two. Names have at most 255 bytes. */
#define SECCOMP_EXIT_PATH 256

/* Errnos that are looked for, a bit each. The kernel's own end at 133, seccomp's at 4095. */
#define SECCOMP_EXIT_ERRNOS 4096
#define SECCOMP_EXIT_WORDS  (SECCOMP_EXIT_ERRNOS / 64)

struct seccomp_exit_event {
	__u64 time_ns;	       /* CLOCK_MONOTONIC */
	__u64 cgroup;	       /* its id in the unified hierarchy, of the task at that moment */
	__u64 arguments[6];    /* as seccomp saw them */
	__u64 ip;	       /* of the instruction after the call's */
	__u64 throttled;       /* of the same call and filter since the event before, not told */
	__u32 number;	       /* x32's bit included */
	__u32 arch;	       /* AUDIT_ARCH_… */
	__u32 errnum;	       /* positive */
	__u32 tgid, tid, ppid; /* of the initial pid namespace */
	__u32 uid;	       /* of the initial user namespace */
	/* With tgid these tell a process, and what it runs, from all others since the machine
	 * started: CLOCK_BOOTTIME, and a number that is another after each exec. */
	__u64 process_start_ns, process_execs;
	char comm[16];
	/* What the task executes, as its mounts name it: from executable[executable_at] to
	 * executable[SECCOMP_EXIT_PATH - 1]. Of a longer path the end. */
	__u32 executable_at;
	char executable[SECCOMP_EXIT_PATH + 256];
};

/* Calls of numbers from here on share one bucket: no kernel has them, and a program may make up as
 * many as it likes. x32's count from 2^30. */
#define SECCOMP_EXIT_CALLS 1024

/* Whose calls are counted together: who shares a filter (the address of a struct seccomp_filter,
 * which means nothing to user space), and which call. */
struct seccomp_exit_key {
	__u64 filter;
	__u32 number;
	__u32 arch;
};

struct seccomp_exit_bucket {
	__u64 full_ns;	 /* CLOCK_MONOTONIC: when it will be full again */
	__u64 throttled; /* not told of yet */
	__u64 cgroup;	 /* of the last whose call was throttled */
	__u32 tgid;	 /* likewise */
	__u32 unused;
};

#define SECCOMP_EXIT_BUCKETS 4096

#endif
