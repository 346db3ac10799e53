/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Starts and ends of the processes of containers, what they execute and whereto they connect:
 * enforcer/recorder/kernel.h. Tracepoints' programs, which load where BPF-LSM does not.
 *
 * A process is a container's when its parent was, or one of its unified cgroups is, or one of its
 * pid namespaces, whose first process the container's is. That one tells which namespace it is:
 * user space may not be allowed to look (ptrace_may_access(), Landlock). What has once been found
 * stays with the process, so that it does not matter where it moves. bpf_task_storage_get() fails
 * at times (state.h); then a process is looked for anew, and its end may be told twice.
 *
 * Nobody interrupts a tracepoint's program to run another one on the same CPU but an interrupt, and
 * none of these runs in one: tracepoints run with preemption disabled (include/linux/tracepoint.h,
 * __DO_TRACE). That is what makes a scratch per CPU safe.
 */
#include "enforcer/bpf/executable.h"
#include "enforcer/bpf/kernel.h"
#include "enforcer/bpf/recorder_event.h"

char _license[] SEC("license") = "GPL";

/* User space's, at any time: whether there is anything in the map of that name. */
bool any_cgroup;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} events SEC(".maps");

/* By inode number. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, RECORDER_CONTAINERS);
	__type(key, __u32);
	__type(value, __u32);
} pid_namespaces SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, RECORDER_CONTAINERS);
	__type(key, __u64);
	__type(value, __u32);
} cgroups SEC(".maps");

/* Of each container, the events that found no room. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, RECORDER_CONTAINERS);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct recorder_mark);
} marks SEC(".maps");

struct scratch {
	struct recorder_exec exec;
	/* Twice, for the verifier. */
	char arguments[2 * RECORDER_ARGUMENTS_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* Namespaces and groups in one another, of a process that is none of a container's. */
#define LEVELS 16

static __always_inline struct upid *innermost(struct task_struct *leader)
{
	struct pid *pid = BPF_CORE_READ(leader, signal, pids[PIDTYPE_TGID]);
	__u32 level = BPF_CORE_READ(pid, level);

	return (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	       (__u64)(level & 31) * bpf_core_type_size(struct upid);
}

static __always_inline __u32 by_namespace(struct task_struct *leader)
{
	struct pid_namespace *ns = BPF_CORE_READ(innermost(leader), ns);
	int i;

	for (i = 0; i < LEVELS; i++) {
		struct pid_namespace *parent = BPF_CORE_READ(ns, parent);
		__u32 inum, *found;

		if (!parent)
			break;
		inum = BPF_CORE_READ(ns, ns.inum);
		found = bpf_map_lookup_elem(&pid_namespaces, &inum);
		if (found)
			return *found;
		ns = parent;
	}
	return 0;
}

static __always_inline __u32 by_cgroup(struct task_struct *task)
{
	struct cgroup *group;
	int i;

	if (!any_cgroup)
		return 0;
	group = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	for (i = 0; group && i < LEVELS; i++) {
		__u64 id = BPF_CORE_READ(group, kn, id);
		__u32 *found = bpf_map_lookup_elem(&cgroups, &id);

		if (found)
			return *found;
		group = BPF_CORE_READ(group, self.parent, cgroup);
	}
	return 0;
}

static __always_inline void mark(struct task_struct *leader, __u32 container)
{
	struct recorder_mark *m =
		bpf_task_storage_get(&marks, leader, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (m)
		m->container = container;
}

static __always_inline void take_namespace(struct task_struct *leader, struct recorder_mark *m)
{
	struct pid_namespace *ns = BPF_CORE_READ(innermost(leader), ns);
	__u32 inum = BPF_CORE_READ(ns, ns.inum), container = m->container;

	bpf_map_update_elem(&pid_namespaces, &inum, &container, BPF_ANY);
	m->owns_namespace = 0;
}

/* 0: it is in none. */
static __always_inline __u32 container_of_task(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	struct recorder_mark *m = bpf_task_storage_get(&marks, leader, NULL, 0);
	__u32 container;

	if (m && m->container) {
		if (m->owns_namespace)
			take_namespace(leader, m);
		return m->container;
	}
	/* Containers of a pod may share a namespace. */
	container = by_cgroup(task);
	if (!container)
		container = by_namespace(leader);
	if (container)
		mark(leader, container);
	return container;
}

static __always_inline void count_lost(__u32 container)
{
	__u64 *count = bpf_map_lookup_elem(&lost, &container);

	if (count)
		__sync_fetch_and_add(count, 1);
}

/* User space looks at times; woken up for each event, it would do little else. */
static __always_inline __u64 wakeup(void)
{
	return bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > (256 << 10) ? BPF_RB_FORCE_WAKEUP
									   : BPF_RB_NO_WAKEUP;
}

static __always_inline void fill_process(struct recorder_process *p, struct task_struct *leader)
{
	p->pid = BPF_CORE_READ(leader, tgid);
	p->start_ns = BPF_CORE_READ(leader, start_boottime);
	p->inner = BPF_CORE_READ(innermost(leader), nr);
}

static __always_inline void fill(
	struct recorder_event *e, struct task_struct *leader, __u32 container, __u32 kind)
{
	__builtin_memset(e, 0, sizeof(*e));
	e->time_ns = bpf_ktime_get_boot_ns();
	e->container = container;
	e->kind = kind;
	e->uid = BPF_CORE_READ(leader, cred, uid.val);
	fill_process(&e->process, leader);
	fill_process(&e->parent, BPF_CORE_READ(leader, real_parent, group_leader));
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_started, struct task_struct *parent, struct task_struct *child)
{
	struct recorder_event *e;
	__u32 container;

	/* A thread is of its process. */
	if (child->pid != child->tgid)
		return 0;
	container = container_of_task(parent);
	/* Into another namespace: of a runtime that enters a container, or starts one in one. */
	if (!container || BPF_CORE_READ(innermost(child), ns) !=
				  BPF_CORE_READ(innermost(parent->group_leader), ns)) {
		__u32 its = by_cgroup(child);

		if (!its)
			its = by_namespace(child);
		if (its)
			container = its;
	}
	if (!container)
		return 0;
	mark(child, container);
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		count_lost(container);
		return 0;
	}
	fill(e, child, container, RECORDER_START);
	bpf_ringbuf_submit(e, wakeup());
	return 0;
}

static __always_inline __u32 take_filename(struct recorder_exec *e, struct linux_binprm *bprm)
{
	long n = bpf_probe_read_kernel_str(
		e->filename, sizeof(e->filename), BPF_CORE_READ(bprm, filename));

	return n > 0 ? n - 1 : 0;
}

/* How many bytes were read. They were written just now, and are in memory. */
static __always_inline __u32 take_arguments(struct scratch *s, struct task_struct *task)
{
	unsigned long start = BPF_CORE_READ(task, mm, arg_start),
		      end = BPF_CORE_READ(task, mm, arg_end);
	__u64 len = end > start ? end - start : 0;

	s->exec.arguments_len = len;
	if (len > RECORDER_ARGUMENTS_MAX)
		len = RECORDER_ARGUMENTS_MAX;
	if (bpf_probe_read_user(
		    s->arguments, masked(len, 2 * RECORDER_ARGUMENTS_MAX), (void *)start) < 0)
		len = 0;
	s->exec.arguments_kept = len;
	return len;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_executed, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	__u32 container = container_of_task(task), zero = 0, len;
	struct scratch *s;

	if (!container)
		return 0;
	s = bpf_map_lookup_elem(&scratches, &zero);
	if (!s)
		return 0;
	fill(&s->exec.event, task, container, RECORDER_EXEC);
	/* Before what it is followed by, which its walk may be seen to write. */
	take_executable(task, s->exec.executable, &s->exec.executable_at);
	s->exec.filename_len = take_filename(&s->exec, bprm);
	len = take_arguments(s, task);
	if (bpf_ringbuf_output(&events, s,
		    sizeof(s->exec) + masked(len, 2 * RECORDER_ARGUMENTS_MAX), wakeup()) < 0)
		count_lost(container);
	return 0;
}

/* false: another thread of the process, which ends just now, has been here. */
static __always_inline bool ends_now(struct task_struct *leader)
{
	struct recorder_mark *m = bpf_task_storage_get(&marks, leader, NULL, 0);

	return !m || !__sync_lock_test_and_set(&m->ended, 1);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_ended, struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	__u32 container = container_of_task(task), flags;
	struct recorder_event *e;

	if (!container || BPF_CORE_READ(task, signal, live.counter) > 0 || !ends_now(leader))
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		count_lost(container);
		return 0;
	}
	fill(e, leader, container, RECORDER_EXIT);
	/* As wait_task_zombie() has it. */
	flags = BPF_CORE_READ(task, signal, flags);
	e->status = flags & SIGNAL_GROUP_EXIT ? BPF_CORE_READ(task, signal, group_exit_code)
					      : BPF_CORE_READ(leader, exit_code);
	bpf_ringbuf_submit(e, wakeup());
	return 0;
}

/* Of TCP, as connect(2) sends its SYN: in the caller's context, with the address in place. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_changed, struct sock *sk, int before, int after)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct recorder_event *e;
	__u32 container;

	if (after != TCP_SYN_SENT || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	container = container_of_task(task);
	if (!container)
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		count_lost(container);
		return 0;
	}
	fill(e, task->group_leader, container, RECORDER_CONNECT);
	e->protocol = IPPROTO_TCP;
	e->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	e->port = bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (e->family == AF_INET6)
		BPF_CORE_READ_INTO((struct in6_addr *)e->address, sk, __sk_common.skc_v6_daddr);
	else
		BPF_CORE_READ_INTO((__u32 *)e->address, sk, __sk_common.skc_daddr);
	bpf_ringbuf_submit(e, wakeup());
	return 0;
}

/*
 * Of UDP, connect(2): it has no state that a tracepoint would tell. Attached to the container's own
 * group, where it has one in the unified hierarchy; allows everything.
 */
static __always_inline struct recorder_event *udp_event(struct bpf_sock_addr *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct recorder_event *e;
	__u32 container;

	if (ctx->protocol != IPPROTO_UDP)
		return NULL;
	container = by_cgroup(task);
	if (!container)
		return NULL;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		count_lost(container);
		return NULL;
	}
	fill(e, BPF_CORE_READ(task, group_leader), container, RECORDER_CONNECT);
	e->protocol = IPPROTO_UDP;
	e->family = ctx->user_family;
	e->port = bswap16((__u16)ctx->user_port);
	return e;
}

SEC("cgroup/connect4")
int connected_udp4(struct bpf_sock_addr *ctx)
{
	struct recorder_event *e = udp_event(ctx);

	if (e) {
		*(__u32 *)e->address = ctx->user_ip4;
		bpf_ringbuf_submit(e, wakeup());
	}
	return 1;
}

SEC("cgroup/connect6")
int connected_udp6(struct bpf_sock_addr *ctx)
{
	struct recorder_event *e = udp_event(ctx);

	if (e) {
		__u32 *address = (__u32 *)e->address;

		address[0] = ctx->user_ip6[0];
		address[1] = ctx->user_ip6[1];
		address[2] = ctx->user_ip6[2];
		address[3] = ctx->user_ip6[3];
		bpf_ringbuf_submit(e, wakeup());
	}
	return 1;
}
