/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How often each call is made by the tasks of one cgroup: an array, so that nothing is ever lost.
 * A call that a seccomp filter refuses does not come here (kernel/entry/common.c,
 * syscall_trace_enter()); one that a supervisor lets go on does.
 */
#include "enforcer/bpf/kernel.h"
#include "enforcer/bpf/count_calls_map.h"

char _license[] SEC("license") = "GPL";

/* User space's, at any time. */
__u64 cgroup;
__u32 phase;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, COUNT_ENTRIES);
	__type(key, __u32);
	__type(value, __u64);
} calls SEC(".maps");

SEC("tp_btf/sys_enter")
int BPF_PROG(call_begins, struct pt_regs *regs, long id)
{
	__u32 number = id, abi = COUNT_X86_64, index;
	__u64 *count;

	if (bpf_get_current_cgroup_id() != cgroup)
		return 0;
	if (bpf_get_current_task_btf()->thread_info.status & TS_COMPAT)
		abi = COUNT_X86;
	else if (number & X32_BIT)
		abi = COUNT_X32;
	number &= ~X32_BIT;
	if (number >= COUNT_CALLS)
		number = COUNT_CALLS - 1;
	index = COUNT_INDEX(phase & (COUNT_PHASES - 1), abi, number);
	count = bpf_map_lookup_elem(&calls, &index);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}
