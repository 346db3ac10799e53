/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
#ifndef PALE_RECORDER_EVENT_H
#define PALE_RECORDER_EVENT_H

/* What the programs of recorder.bpf.c and user space share. All numbers are of the host's byte
 * order. */

#include <linux/types.h>

/* All that is recorded; the kernel tells the first four. The numbers stand in databases. */
enum recorder_kind {
	RECORDER_START = 1,
	RECORDER_EXEC,
	RECORDER_EXIT,
	RECORDER_CONNECT,
	RECORDER_VIOLATION,
	RECORDER_POLICY,
	RECORDER_GAP,
	RECORDER_KINDS,
};

/* A power of two. */
#define RECORDER_ARGUMENTS_MAX 4096
#define RECORDER_FILENAME_MAX  256

/* Containers at once; what is registered beyond that is not recorded, which is told. */
#define RECORDER_CONTAINERS 8192

/* @start_ns, CLOCK_BOOTTIME, tells a process from another one of its number. */
struct recorder_process {
	__u64 start_ns;
	__u32 pid;   /* of the initial pid namespace */
	__u32 inner; /* of the innermost one that the process is in */
};

struct recorder_event {
	__u64 time_ns;	 /* CLOCK_BOOTTIME */
	__u32 container; /* as user space numbers it */
	__u32 kind;
	struct recorder_process process, parent;
	__u32 uid; /* of the initial user namespace */
	/* RECORDER_EXIT: as wait(2) has it. */
	__s32 status;
	/* RECORDER_CONNECT: whereto; AF_…, IPPROTO_…, host byte order. */
	__u16 family, protocol, port;
	__u16 unused;
	__u8 address[16];
};

/* An event of RECORDER_EXEC; the arguments follow it. */
struct recorder_exec {
	struct recorder_event event;
	/* From executable[executable_at]: what is executed, as its mounts name it; empty when it
	 * cannot be told. Of a longer path the end. */
	__u32 executable_at;
	__u32 filename_len; /* without a NUL; RECORDER_FILENAME_MAX - 1: it may be longer */
	/* How many bytes the arguments have, each with its NUL, and how many of them are here. */
	__u32 arguments_len, arguments_kept;
	char executable[256];
	char filename[RECORDER_FILENAME_MAX]; /* what was asked to be executed */
};

/* A process of a container, kept with its first task. */
struct recorder_mark {
	__u32 container;
	__u32 ended;
	/* It is the first of its pid namespace, which is the container's own; until the program
	 * has seen which that is. */
	__u32 owns_namespace;
};

#endif
