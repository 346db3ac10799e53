/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PALE_BPF_STATE_H
#define PALE_BPF_STATE_H

/*
 * Who is confined, by what. A task is confined from the commit of its first exec inside a bound
 * cgroup until it ends; its children are born so. Nothing takes a label away or changes its
 * instance.
 *
 * bpf_task_storage_get() fails at times on 6.1 under preempt=full, where another task on the same
 * CPU may hold the storage's busy counter; a confined task would then pass as unconfined. On such a
 * kernel labels lie in a hash by task instead, which costs every task a look-up and holds
 * LSM_TASKS_MAX.
 */

#include "enforcer/bpf/kernel.h"
#include "enforcer/bpf/lsm_event.h"
#include "enforcer/bpf/lsm_learning.h"

#include <vocab_tables.h>

/*
 * learn.bpf.c is made of the same programs: what enforcement would judge is what is learned. There
 * no verdict is a refusal, and each act is told once.
 */
#ifndef LEARNING
#define LEARNING 0
#endif

/* What is returned for what cannot be judged. */
#define CANNOT_JUDGE (LEARNING ? 0 : -EACCES)

/* Names are prepended at the end of the first part; the second keeps a whole name's copy inside the
 * array for the verifier, whatever the position. */
#define TEXT_SLACK 256

enum label_state {
	LABEL_NONE,
	LABEL_PENDING, /* an exec was judged and has not been committed: all else passes */
	LABEL_ACTIVE,
};

struct label {
	__u32 state;
	__u32 instance, generation;
	__u16 domain, next_domain;
	__u64 judged;  /* the file that bprm_creds_for_exec judged, until bprm_check_security saw it
			*/
	__u64 mapped;  /* the file of which an exec may map parts that are not code */
	__u64 mount;   /* struct vfsmount that the task last asked to write to */
	__u64 falloc;  /* the file whose fallocate is under way */
	__u64 created; /* the struct dentry of such a decision */
	__u64 waiting; /* a decision about create that waits for the end of the open, hooks_file.h
			*/
	__u64 found;   /* a decision about connect, by the path that was found last */
	__u32 finding; /* between connect or sendmsg of a unix socket and its peer's hook */
	__u32 binding; /* between socket_bind of a unix path and its path_mknod */
	__u64 bind_source; /* hooks_mount.h: the name of what mount(2) is about to bind */
	__u8 follows;	   /* … is being looked up */
	__u8 mounts;	   /* a new mount was allowed, and its file system has yet to be made */
	__u8 gets_tree;	   /* the kernel makes or finds a file system */
	__u8 remounts;	   /* mount(2) has been judged, and the file system has yet to be asked */
	__u64 name[4];	   /* directory.h: of the file that is asked about, beginning with its first
			      byte */
	__u16 executable_len, executable_cut;
	char executable[LSM_EXECUTABLE_BYTES];
#if LEARNING
	struct seen_key executable_hash; /* of @executable; all 0: it is not known */
	__u32 execed;			 /* came into the container from outside, or its parents */
#endif
};

/*
 * A task's working space: paths are too large for the stack, and a buffer per CPU could be
 * overwritten by another task that runs there meanwhile.
 */
#define RAW_DENTRY_WORDS 12

struct scratch {
	/* path.h */
	__u64 leaf, leaf_mount; /* struct dentry, struct vfsmount */
	__u64 dentry, mount;	/* struct dentry, struct mount: how far the walk came */
	__u64 root;		/* struct mount: its namespace's root */
	/* of `mount`: its root, and where and on what it is mounted */
	struct placement {
		__u64 parent, mountpoint, root;
	} placement;
	/* the bytes of `dentry`; before and after it are words that offsets cannot leave */
	__u64 raw[RAW_DENTRY_WORDS];
	__u64 own;   /* struct pid of the caller's process */
	__u32 begin; /* text[begin] … text[LSM_PATH_BYTES - 1] is the path so far */
	__u32 components;
	__u32 why; /* enum lsm_why */
	__u32 done;
	__u32 personal; /* the path leads through a process's part of /proc: who asks decides its
			   name */
	__u32 unlinked; /* the leaf has no place in its directory, and is no mount's root */
	__u32 rename_sequence, mount_sequence; /* as they stood during the walk */
	__u32 name; /* text[name] begins the last component; 0: it has not been told apart */
	/* match.h */
	__u32 state;
	__u32 at, end;
	__u32 directory_state; /* before the last component; of policy `serial`, from its domain */
	__u32 directory_domain;
	__u64 serial; /* 0: there is no such state */
	/* endpoint.h */
	__u32 matched, excepted;
	__u32 transition; /* of the rule for exec that was asked last */
	__u32 rule;
	__u32 protocols, family, port;
	__u32 address[4]; /* host order */
	/* of the exec under way, until it is committed */
	__u32 executable_len, executable_cut;
	char executable[LSM_EXECUTABLE_BYTES];
#if LEARNING
	struct seen_key key; /* of the act that is being told */
#endif
	char text[LSM_PATH_BYTES + TEXT_SLACK];
};

/* Set by the loader. */
const volatile bool labels_by_task = false;

struct cgroup_binding {
	__u32 instance, generation;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct label);
} labels SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* With labels_by_task; otherwise the loader makes them as small as can be. Filled as needed: a
 * task's key is its struct task_struct, and task_free takes it out. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, LSM_TASKS_MAX);
	__type(key, __u64);
	__type(value, struct label);
} task_labels SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, LSM_TASKS_MAX);
	__type(key, __u64);
	__type(value, struct scratch);
} task_scratches SEC(".maps");

static const volatile struct label no_label = {};
static const volatile struct scratch no_scratch = {};

/*
 * When a confined task last opened a file for writing, CLOCK_MONOTONIC. Writing through a shared
 * mapping leaves no trace in the inode's times where the file system is not told of it (tmpfs).
 */
struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} written SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LSM_INSTANCES_MAX);
	__type(key, __u64);
	__type(value, struct cgroup_binding);
} cgroups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LSM_INSTANCES_MAX);
	__type(key, __u32);
	__type(value, struct lsm_instance);
} instances SEC(".maps");

/* An outer map's values must be of one size. */
#define POLICIES(name, bytes)                                                                      \
	struct name##_policy {                                                                     \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(max_entries, 1);                                                            \
		__uint(key_size, sizeof(__u32));                                                   \
		__uint(value_size, bytes);                                                         \
	};                                                                                         \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);                                          \
		__uint(max_entries, LSM_POLICIES_MAX);                                             \
		__type(key, __u32);                                                                \
		__array(values, struct name##_policy);                                             \
	} name##_policies SEC(".maps")

POLICIES(small, LSM_SMALL_BYTES);
POLICIES(medium, LSM_MEDIUM_BYTES);
POLICIES(large, LSM_LARGE_BYTES);

/* By rule. */
struct counts_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct lsm_count));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, LSM_COUNTS_MAX);
	__type(key, __u32);
	__array(values, struct counts_map);
} counts SEC(".maps");

/*
 * What must not be got at by number: this engine's own programs, maps and links. Keys are
 * LSM_OWN_KEY(), values mean nothing.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LSM_OWN_MAX);
	__type(key, __u64);
	__type(value, __u8);
} own SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

/* The loader's own. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lsm_kept);
} kept SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LSM_POLICIES_MAX);
	__type(key, __u32);
	__type(value, struct lsm_slot);
} slots SEC(".maps");

/* What no instance can be charged with. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LSM_WHY_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} failures SEC(".maps");

static __always_inline void count_failure(__u32 why)
{
	__u64 *n = bpf_map_lookup_elem(&failures, &why);

	if (n)
		__sync_fetch_and_add(n, 1);
}

/* NULL: none. The first test costs an unconfined task a load instead of a look-up. */
static __always_inline struct label *label_of(struct task_struct *task)
{
	__u64 key = (__u64)task;

	if (labels_by_task)
		return bpf_map_lookup_elem(&task_labels, &key);
	if (!task->bpf_storage)
		return NULL;
	return bpf_task_storage_get(&labels, task, NULL, 0);
}

/* NULL: no memory. Empty, or as it was. */
static __always_inline struct label *make_label(struct task_struct *task)
{
	__u64 key = (__u64)task;

	if (!labels_by_task)
		return bpf_task_storage_get(&labels, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	bpf_map_update_elem(&task_labels, &key, (const void *)&no_label, BPF_NOEXIST);
	return bpf_map_lookup_elem(&task_labels, &key);
}

/* NULL: not confined. */
static __always_inline struct label *confined(void)
{
	struct label *label = label_of(bpf_get_current_task_btf());

	return label && label->state == LABEL_ACTIVE ? label : NULL;
}

/* Also that of a task whose first exec is under way. */
static __always_inline struct label *any_label(void)
{
	return label_of(bpf_get_current_task_btf());
}

static __always_inline struct scratch *scratch(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 key = (__u64)task;
	struct scratch *s;

	if (!labels_by_task)
		return bpf_task_storage_get(&scratches, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	s = bpf_map_lookup_elem(&task_scratches, &key);
	if (s)
		return s;
	bpf_map_update_elem(&task_scratches, &key, (const void *)&no_scratch, BPF_NOEXIST);
	return bpf_map_lookup_elem(&task_scratches, &key);
}

/* NULL: the instance is gone, and the label's task may do nothing any more. */
static __always_inline struct lsm_instance *instance_of(const struct label *label)
{
	__u32 index = label->instance;
	struct lsm_instance *instance = bpf_map_lookup_elem(&instances, &index);

	if (!instance || !label->generation || instance->generation != label->generation)
		return NULL;
	return instance;
}

static __always_inline void count_unresolved(const struct label *label, __u32 why)
{
	struct lsm_instance *instance = instance_of(label);

	if (instance && why < LSM_WHY_COUNT)
		__sync_fetch_and_add(&instance->unresolved[why], 1);
	else if (!LEARNING) /* where a watch that has ended lacks nothing */
		count_failure(why);
}

/* Refuses what cannot be judged. */
static __always_inline int fail_closed(const struct label *label, __u32 why)
{
	struct lsm_instance *instance = instance_of(label);

	count_unresolved(label, why);
	if (instance)
		__sync_fetch_and_add(&instance->refused, 1);
	return CANNOT_JUDGE;
}

/* LSM programs may return nothing else than an error or 0, and the verifier wants to see that even
 * where the compiler knows. */
static __always_inline int lsm_return(int r)
{
	asm volatile("" : "+r"(r));
	if (r < -4095 || r > 0)
		return -EACCES;
	return r;
}

#endif
