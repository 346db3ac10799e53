/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls that end with an errno that seccomp filters refuse with, of tasks that have a filter. A
 * filter without SECCOMP_FILTER_FLAG_LOG tells nobody what it refuses, and the kernel has no other
 * place where it could be seen. Whether it was the filter that refused, and not the kernel, only
 * the policy tells: enforcer/seccomp_exit.h.
 *
 * The registers of the call are still there: SYSCALL, SYSENTER and INT 80 leave their arguments in
 * place, a filter changes ax only, and what changes the others (execve, sigreturn) does not end
 * with an errno. sigreturn's ax is what the interrupted code had there, but it leaves -1 as the
 * call's number (arch/x86/kernel/signal_64.c, restore_sigcontext()).
 */
#include "enforcer/bpf/executable.h"
#include "enforcer/bpf/kernel.h"
#include "enforcer/bpf/seccomp_exit_event.h"

char _license[] SEC("license") = "GPL";

_Static_assert(SECCOMP_EXIT_PATH == EXECUTABLE_BYTES, "one buffer's size");

/* User space's, at any time. */
__u64 errnos[SECCOMP_EXIT_WORDS];
__u64 interval_ns; /* of a token; 0: no limit */
__u64 burst_ns;	   /* what a full bucket's tokens take to come */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

/* Events that found no room. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SECCOMP_EXIT_BUCKETS);
	__type(key, struct seccomp_exit_key);
	__type(value, struct seccomp_exit_bucket);
} buckets SEC(".maps");

static __always_inline void count_lost(__u64 n)
{
	__u32 zero = 0;
	__u64 *count = bpf_map_lookup_elem(&lost, &zero);

	if (count)
		*count += n;
}

static __always_inline struct seccomp_exit_bucket *bucket_of(
	struct task_struct *task, __u32 number, __u32 arch)
{
	static const struct seccomp_exit_bucket full = {};
	struct seccomp_exit_key key = { .filter = (__u64)task->seccomp.filter, .arch = arch };
	struct seccomp_exit_bucket *b;

	key.number = (number & ~X32_BIT) < SECCOMP_EXIT_CALLS ? number : SECCOMP_EXIT_CALLS;
	b = bpf_map_lookup_elem(&buckets, &key);
	if (b)
		return b;
	bpf_map_update_elem(&buckets, &key, &full, BPF_NOEXIST);
	return bpf_map_lookup_elem(&buckets, &key);
}

/* As take_token() of act.h. */
static __always_inline bool take_token(struct seccomp_exit_bucket *b)
{
	__u64 interval = interval_ns, burst = burst_ns, now, old, next;
	int i;

	if (!interval)
		return true;
	for (i = 0; i < 3; i++) {
		now = bpf_ktime_get_ns();
		old = *(volatile __u64 *)&b->full_ns;
		next = (old > now ? old : now) + interval;
		if (next - now > burst)
			return false;
		if (__sync_val_compare_and_swap(&b->full_ns, old, next) == old)
			break;
	}
	return true;
}

static __always_inline void take_arguments(struct pt_regs *regs, bool compat, __u64 *arguments)
{
	arguments[0] = compat ? regs->bx : regs->di;
	arguments[1] = compat ? regs->cx : regs->si;
	arguments[2] = regs->dx;
	arguments[3] = compat ? regs->si : regs->r10;
	arguments[4] = compat ? regs->di : regs->r8;
	arguments[5] = compat ? regs->bp : regs->r9;
}

/* Out of the way of all other calls. */
static __noinline int tell(struct pt_regs *regs, __u32 errnum)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool compat = task->thread_info.status & TS_COMPAT;
	__u32 number = regs->orig_ax, arch = compat ? AUDIT_ARCH_I386 : AUDIT_ARCH_X86_64;
	__u64 pid_tgid = bpf_get_current_pid_tgid(), throttled = 0;
	struct seccomp_exit_bucket *bucket;
	struct seccomp_exit_event *e;

	if (number == (__u32)-1)
		return 0;
	bucket = bucket_of(task, number, arch);
	if (bucket && !take_token(bucket)) {
		bucket->tgid = pid_tgid >> 32;
		bucket->cgroup = bpf_get_current_cgroup_id();
		__sync_fetch_and_add(&bucket->throttled, 1);
		return 0;
	}
	if (bucket && bucket->throttled)
		throttled = __sync_lock_test_and_set(&bucket->throttled, 0);
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		count_lost(throttled + 1);
		return 0;
	}
	e->time_ns = bpf_ktime_get_ns();
	e->cgroup = bpf_get_current_cgroup_id();
	take_arguments(regs, compat, e->arguments);
	e->ip = regs->ip;
	e->throttled = throttled;
	e->number = number;
	e->arch = arch;
	e->errnum = errnum;
	e->tgid = pid_tgid >> 32;
	e->tid = pid_tgid;
	e->ppid = BPF_CORE_READ(task, real_parent, tgid);
	e->uid = BPF_CORE_READ(task, cred, uid.val);
	e->process_start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	e->process_execs = BPF_CORE_READ(task, self_exec_id);
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	take_executable(task, e->executable, &e->executable_at);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(call_ended, struct pt_regs *regs, long ret)
{
	__u64 errnum = -(__u64)ret;

	if (errnum - 1 >= SECCOMP_EXIT_ERRNOS - 1)
		return 0;
	if (bpf_get_current_task_btf()->seccomp.mode != SECCOMP_MODE_FILTER)
		return 0;
	if (!(errnos[masked(errnum / 64, SECCOMP_EXIT_WORDS)] >> (errnum % 64) & 1))
		return 0;
	return tell(regs, errnum);
}
