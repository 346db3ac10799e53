/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PALE_BPF_LEARNED_TASKS_H
#define PALE_BPF_LEARNED_TASKS_H

/*
 * Which tasks are of a group that is learned, and since when it runs its own program.
 *
 * A process is of the group that it is in, or below of which. A mark at its first task says so, for
 * who asks at each call: nothing is cheaper for the tasks that have none. The iterator marks what
 * is there when learning begins, by when the other programs are attached already; after that marks
 * come with fork and with who writes cgroup.procs (cgroup_attach_task, under cgroup_mutex, after
 * the move), which the kernel tells of a process's first task alone. Each task has one, since any
 * may become its process's first by execve(2): then it is looked at anew.
 *
 * A mark that could not be made is counted: what such a process does is not.
 */
#include "enforcer/bpf/count_calls_map.h"
#include "enforcer/bpf/kernel.h"
#include "enforcer/bpf/reexec.h"

#define NO_GROUP COUNT_GROUPS

/* enum learn_phase */
enum { PHASE_RUNTIME, PHASE_INIT, PHASE_STEADY, PHASE_SHUTDOWN };

struct learned_mark {
	__u32 group; /* or NO_GROUP, when it left */
	__u32 class;
	/* What it executes, as it was marked: a runtime executes itself anew. */
	__u64 inode;
	__u32 device;
	__u32 unused;
};

struct count_group groups[COUNT_GROUPS];
/* User space's: what has no mark is in no group. */
bool all_are_marked;

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct learned_mark);
} marks SEC(".maps");

/* User space's: of first processes, whose they are, by a pidfd. mark_all() finds their numbers,
 * which stay when another thread than the first executes a program. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} inits SEC(".maps");

/* By its id in the unified hierarchy. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, COUNT_GROUPS);
	__type(key, __u64);
	__type(value, __u32);
} group_ids SEC(".maps");

/* cgroup(7) has no bound; containers make few levels of their own. */
#define LEVELS 32

static __always_inline struct count_group *group_of(__u32 group)
{
	return &groups[masked(group, COUNT_GROUPS)];
}

static __always_inline __u32 find_group(struct task_struct *task)
{
	struct cgroup *group = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	int i;

	for (i = 0; group && i < LEVELS; i++) {
		__u64 id = BPF_CORE_READ(group, kn, id);
		__u32 *found = bpf_map_lookup_elem(&group_ids, &id);

		if (found)
			return *found;
		group = BPF_CORE_READ(group, self.parent, cgroup);
	}
	return NO_GROUP;
}

/* NULL: it is in none; or is_missed(). */
static __always_inline struct learned_mark *mark_of(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	struct learned_mark *m;

	if (!leader || !leader->bpf_storage)
		return NULL;
	m = bpf_task_storage_get(&marks, leader, NULL, 0);
	return m && m->group < NO_GROUP ? m : NULL;
}

/* Before Linux 6.2 a storage cannot be looked into while another task holds that of any on this
 * CPU, which it does when it is preempted: on fully preemptible kernels. */
static __always_inline __u32 is_missed(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;

	if (LINUX_KERNEL_VERSION >= KERNEL_VERSION(6, 2, 0) || !all_are_marked || !leader ||
		!leader->bpf_storage)
		return NO_GROUP;
	return find_group(task);
}

static __always_inline void note_executable(struct task_struct *task, struct learned_mark *m)
{
	struct inode *inode = BPF_CORE_READ(task, mm, exe_file, f_inode);

	m->inode = BPF_CORE_READ(inode, i_ino);
	m->device = BPF_CORE_READ(inode, i_sb, s_dev);
}

static __always_inline bool executes_itself(struct task_struct *task,
	const struct learned_mark *before, const struct linux_binprm *bprm)
{
	return is_reexec(
		bprm, BPF_CORE_READ(task, mm, exe_file, f_inode), before->inode, before->device);
}

static __always_inline struct learned_mark *mark(struct task_struct *task, __u32 group, __u32 class)
{
	struct learned_mark *m =
		bpf_task_storage_get(&marks, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!m) {
		__sync_fetch_and_add(&group_of(group)->processes, 1);
		return NULL;
	}
	m->class = class;
	m->group = group;
	return m;
}

/* From outside. Before its first program began it is the runtime's, and that is phase enough. */
static __always_inline __u32 class_of_newcomer(__u32 group)
{
	return group_of(group)->phase == PHASE_RUNTIME || !all_are_marked ? COUNT_OWN
									  : COUNT_ENTERING;
}

SEC("iter/task")
int mark_all(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct learned_mark *m;
	__u32 group, *its;

	if (!task)
		return 0;
	its = bpf_task_storage_get(&inits, task, NULL, 0);
	if (its)
		group_of(*its)->init = task->tgid;
	group = find_group(task);
	if (group >= NO_GROUP)
		return 0;
	m = bpf_task_storage_get(&marks, task, NULL, 0);
	/* One that entered meanwhile is known. */
	if (m && m->group == group)
		return 0;
	m = mark(task, group, COUNT_OWN);
	if (m)
		note_executable(task, m);
	return 0;
}

static __always_inline void count_fork(__u32 group, __u32 class);

/* Its calls are counted no longer. Before its program began it was the runtime's. */
static __always_inline void note_left(const struct learned_mark *m)
{
	struct count_group *g = group_of(m->group);

	if (m->class < COUNT_CLASSES && g->phase != PHASE_RUNTIME)
		__sync_fetch_and_add(&g->left, 1);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(task_started, struct task_struct *parent, struct task_struct *child)
{
	struct learned_mark *of_parent = mark_of(parent), *m;
	__u32 group;

	/* CLONE_INTO_CGROUP, and who has not been marked yet, take a look. */
	if (all_are_marked && parent->cgroups == child->cgroups)
		group = of_parent ? of_parent->group : NO_GROUP;
	else
		group = find_group(child);
	if (of_parent && of_parent->group != group)
		note_left(of_parent);
	if (group >= NO_GROUP)
		return 0;
	if (of_parent && of_parent->group == group) {
		m = mark(child, group, of_parent->class);
		if (m) {
			m->inode = of_parent->inode;
			m->device = of_parent->device;
		}
		if (child->pid == child->tgid)
			count_fork(group, of_parent->class);
		return 0;
	}
	m = mark(child, group, class_of_newcomer(group));
	if (m)
		note_executable(child, m);
	return 0;
}

/* To where it is by now. */
static __always_inline void follow(struct task_struct *task, struct learned_mark *m, __u32 group)
{
	if (group < NO_GROUP)
		m = mark(task, group, class_of_newcomer(group));
	else if (m)
		m->group = NO_GROUP;
	if (m && group < NO_GROUP)
		note_executable(task, m);
}

/* Of any hierarchy, whose ids are each its own: the task says where it is in the unified one. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(task_moved, struct cgroup *to, const char *path, struct task_struct *task)
{
	struct learned_mark *m = bpf_task_storage_get(&marks, task, NULL, 0);
	__u32 group = find_group(task);

	if (m && m->group == group)
		return 0;
	if (m && m->group < NO_GROUP)
		note_left(m);
	follow(task, m, group);
	return 0;
}

/* It was not its process's first, and may have been moved with that one. */
static __always_inline void follow_first(struct task_struct *task)
{
	struct learned_mark *m = bpf_task_storage_get(&marks, task, NULL, 0);
	__u32 group = find_group(task);

	if (!m || m->group != group)
		follow(task, m, group);
}

static __always_inline void begin(
	struct task_struct *task, const struct learned_mark *m, const struct linux_binprm *bprm)
{
	struct count_group *g = group_of(m->group);

	if (g->has_init ? g->init != task->tgid : !g->any_begins && executes_itself(task, m, bprm))
		return;
	if (!__sync_bool_compare_and_swap(&g->phase, PHASE_RUNTIME, PHASE_INIT))
		return;
	g->began_ns = bpf_ktime_get_ns();
	g->init = task->tgid;
}

/* Of who came from outside. */
static __always_inline void settle(
	struct task_struct *task, struct learned_mark *m, const struct linux_binprm *bprm)
{
	struct count_group *g = group_of(m->group);

	if (m->class == COUNT_INTERACTIVE ||
		(m->class == COUNT_ENTERING && executes_itself(task, m, bprm)))
		return;
	if (BPF_CORE_READ(task, signal, tty)) {
		m->class = COUNT_INTERACTIVE;
		__sync_fetch_and_add(&g->interactive, 1);
	} else if (m->class == COUNT_ENTERING) {
		m->class = COUNT_EXECED;
		__sync_fetch_and_add(&g->execed, 1);
	}
}

/* What its first process is told to end with. */
SEC("tp_btf/signal_generate")
int BPF_PROG(signal_sent, int sig, struct kernel_siginfo *info, struct task_struct *task, int group,
	int result)
{
	struct learned_mark *m;
	struct count_group *g;

	if ((sig != SIGTERM && sig != SIGINT && sig != SIGQUIT) || result != TRACE_SIGNAL_DELIVERED)
		return 0;
	m = mark_of(task);
	if (!m)
		return 0;
	g = group_of(m->group);
	if (g->init != task->tgid)
		return 0;
	if (!__sync_bool_compare_and_swap(&g->phase, PHASE_INIT, PHASE_SHUTDOWN))
		__sync_bool_compare_and_swap(&g->phase, PHASE_STEADY, PHASE_SHUTDOWN);
	return 0;
}

#endif
