/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
#ifndef PALE_LSM_EVENT_H
#define PALE_LSM_EVENT_H

/*
 * What the BPF-LSM programs and user space share beside the policy blob (compiler/lsm_wire.h):
 * instances, their counters, and the events of the ring buffer. Like that header it includes
 * nothing; all numbers are of the host's byte order.
 */

#include "compiler/lsm_wire.h"

/* Distinct policies. */
#define LSM_POLICIES_MAX  256
#define LSM_INSTANCES_MAX 1024
/* Confined tasks at once, where labels cannot be kept with the tasks (enforcer/bpf/state.h). */
#define LSM_TASKS_MAX 32768

/* Keys of the map of the engine's own objects. */
enum lsm_own { LSM_OWN_PROGRAM, LSM_OWN_MAP, LSM_OWN_LINK };
#define LSM_OWN_KEY(kind, id) ((lsm_u64)(kind) << 32 | (id))
#define LSM_OWN_MAX	      4096

/* Of an executable's path the last so many bytes are kept. */
#define LSM_EXECUTABLE_BYTES 256
/* A longer path is denied: LSM_WHY_TOO_LONG. */
#define LSM_PATH_BYTES 4096
/* Likewise. Mounts on the way to the root count too, from 129 on. */
#define LSM_COMPONENTS_MAX 128

/* Why an object has no path, or why no rule could be asked. Such a thing is denied by default. */
enum lsm_why {
	LSM_WHY_NONE,
	LSM_WHY_ANONYMOUS, /* of a mount that only the kernel has: memfd, nsfs */
	LSM_WHY_UNLINKED,
	LSM_WHY_DETACHED,     /* its topmost mount is not the caller's namespace's root */
	LSM_WHY_DISCONNECTED, /* its topmost dentry is not the root of its mount */
	LSM_WHY_TOO_LONG,     /* more than LSM_PATH_BYTES or LSM_COMPONENTS_MAX */
	LSM_WHY_RACED,	      /* renames or mounts changed it each time we looked */
	LSM_WHY_NO_MOUNT,     /* the hook names an inode and no mount was seen to be written to */
	LSM_WHY_STORAGE,      /* no memory for the task's label or buffer */
	LSM_WHY_ROUTED,	      /* packets that go elsewhere first than to their address */
	LSM_WHY_POLICY,	      /* the label's instance or its policy is gone, or out of its bounds */
	LSM_WHY_OWN,	      /* a program, map or link of this engine */
	LSM_WHY_COUNT,
};

/*
 * Pinned maps outlive the programs that made them. To be raised whenever programs or loaders would
 * no longer understand what older ones left in a map; a map of another shape is found out anyway.
 */
#define LSM_SCHEMA 1

/* What user space keeps beside the maps that programs read, so that the next loader finds it. */
struct lsm_kept {
	lsm_u64 generation; /* of the last instance */
	lsm_u64 serial;	    /* of the last policy */
};

/* A policy's slot. */
struct lsm_slot {
	lsm_u64 serial; /* never used twice; 0: the slot is free */
	lsm_u32 size;	/* enum lsm_size */
	lsm_u32 n_rules, n_domains;
	lsm_u32 unused;
	lsm_u8 digest[32]; /* SHA-256 of the blob as it was given */
};

/*
 * Which policy an instance is under, in one word, so that programs see either the old or the new:
 * the policy's slot, which outer map it is in, and where its rules' counts are.
 */
#define LSM_BINDING(slot, size, counts)                                                            \
	((lsm_u64)(slot) | (lsm_u64)(size) << 16 | (lsm_u64)(counts) << 32)
#define LSM_BINDING_SLOT(b)   ((lsm_u32)((b)&0xffff))
#define LSM_BINDING_SIZE(b)   ((lsm_u32)((b) >> 16 & 0xff))
#define LSM_BINDING_COUNTS(b) ((lsm_u32)((b) >> 32))

/* Each instance has two: a policy that takes another's place counts in the one that is free. */
#define LSM_COUNTS_MAX (2 * LSM_INSTANCES_MAX)

/* How often a rule decided, of its policy's counts: exact, whatever became of the events. What an
 * allowing rule lets pass without a report is not counted. */
struct lsm_count {
	lsm_u64 passed; /* `audit` rules; what `mode audit` let pass */
	lsm_u64 refused;
};

/* Of a container: whatever is not in its image's lower layers is drift, whenever it came. */
#define LSM_START_OF_IMAGE 0

/*
 * One container's enforcement. The map is mapped into the loader's memory: the first part is
 * written there, a word at a time, the rest counted in by the programs.
 */
struct lsm_instance {
	lsm_u64 cgroup;		    /* its id in the unified hierarchy; 0 until bound */
	lsm_u64 start_ns;	    /* CLOCK_REALTIME_COARSE; a file changed since then is drift, or
				       LSM_START_OF_IMAGE */
	lsm_u64 start_monotonic_ns; /* the same moment */
	lsm_u64 binding;	    /* LSM_BINDING() */
	lsm_u64 generation;	    /* differs each time the instance is used anew; 0: unused */
	lsm_u64 event_interval_ns;  /* the token bucket: one more each; 0: no limit */
	lsm_u64 event_burst_ns;	    /* and no more than so many intervals' worth */

	lsm_u64 sequence;  /* events so far, those below included */
	lsm_u64 lost;	   /* events that the ring buffer had no room for */
	lsm_u64 throttled; /* events that had no token */
	lsm_u64 refused;   /* reported or not */
	lsm_u64 uncounted; /* decisions whose policy had been replaced when they took effect */
	lsm_u64 unresolved[LSM_WHY_COUNT]; /* times that an object had no path, or worse */
	lsm_u64 event_time;		   /* the bucket's state */
};

enum lsm_outcome { LSM_OUTCOME_REFUSED, LSM_OUTCOME_KILLED, LSM_OUTCOME_AUDITED };

enum lsm_object {
	LSM_OBJECT_NONE,
	LSM_OBJECT_PATH,     /* text; when `why` is set, as far as it could be told */
	LSM_OBJECT_ABSTRACT, /* text: a unix socket's name without the leading NUL */
	LSM_OBJECT_ENDPOINT, /* protocol, family, address, port */
	LSM_OBJECT_NUMBER, /* number: capability, or socket family with detail: netlink protocol */
	LSM_OBJECT_TASK,   /* number: signal, or ptrace's mode; target, target_tgid */
	LSM_OBJECT_CALL,   /* a system call that a seccomp filter refused: number, detail:
			      AUDIT_ARCH_…,   arguments; rule: none, the filter does not say */
	LSM_OBJECT_MOUNT, /* text: the type, NUL, the source, NUL, the place, of which `why` speaks;
			     number: options, MOUNT_…; detail: enum lsm_mount_kind */
};

enum lsm_mount_kind {
	LSM_MOUNT_NEW,
	LSM_MOUNT_BIND,
	LSM_MOUNT_MOVE,
	LSM_MOUNT_REMOUNT,
	LSM_MOUNT_PROPAGATION,
};

/* Of a longer source the end. */
#define LSM_SOURCE_SHOWN 255

struct lsm_event {
	lsm_u64 sequence; /* of its instance, from 1, without a gap unless events were lost */
	lsm_u64 time_ns;  /* CLOCK_MONOTONIC */
	lsm_u64 cgroup;
	lsm_u32 instance, generation;
	lsm_u32 slot; /* of the policy that decided */
	lsm_u16 domain;
	lsm_u16 rule;		 /* index into the policy's rules */
	lsm_u8 operation;	 /* enum operation of the compiler's vocabulary */
	lsm_u8 outcome;		 /* enum lsm_outcome */
	lsm_u8 object;		 /* enum lsm_object */
	lsm_u8 why;		 /* enum lsm_why */
	lsm_u16 errnum;		 /* of a refusal; 0 when audited, and of LSM_OBJECT_CALL */
	lsm_u8 drift;		 /* exec, map: the file was made or changed since the start */
	lsm_u8 in_creation;	 /* of an object that did not exist yet */
	lsm_u32 tgid, tid, ppid; /* of the initial pid namespace */
	lsm_u32 uid;		 /* of the initial user namespace */
	/* With tgid these tell a process, and what it runs, from all others since the machine
	 * started: CLOCK_BOOTTIME, and a number that is another after each exec. Programs that a
	 * version before had pinned tell the task's comm in their place. */
	lsm_u64 process_start_ns, process_execs;

	lsm_u8 protocol; /* bit number as in struct lsm_endpoint; 0xff: none that a rule can name */
	lsm_u8 family;	 /* 4 or 6 */
	lsm_u16 port;
	lsm_u32 target; /* LSM_TARGET_… */
	lsm_u32 target_tgid;
	lsm_u32 number, detail;
	lsm_u8 address[16]; /* network order; IPv4 in the first four bytes */
	lsm_u64 arguments[6];

	lsm_u16 executable_len;
	lsm_u16 executable_cut; /* 1: only the end of the path is here */
	lsm_u32 text_len;
	char executable[LSM_EXECUTABLE_BYTES]; /* what the task's last exec ran */
	char text[];
};

#endif
