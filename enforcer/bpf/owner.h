/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PALE_BPF_OWNER_H
#define PALE_BPF_OWNER_H

/*
 * Who is signalled when a file is ready: fcntl(2), F_SETOWN. The kernel sends that from wherever it
 * learns of it, in nobody's name, and any signal that F_SETSIG chooses. So it is judged when the
 * owner is set: oneself may be, others only by who may send every signal to anybody.
 */

#include "enforcer/bpf/act.h"

/* The caller's process as its own pid namespace numbers it. */
static __always_inline int own_number(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct pid *pid = BPF_CORE_READ(task, signal, pids[PIDTYPE_TGID]);
	__u32 level = BPF_CORE_READ(pid, level);
	int nr = 0;

	bpf_probe_read_kernel(&nr, sizeof(nr),
		(const void *)((__u64)pid + bpf_core_field_offset(struct pid, numbers) +
			       level * bpf_core_type_size(struct upid) +
			       bpf_core_field_offset(struct upid, nr)));
	return nr;
}

__noinline int judge_other_owner(struct label *label)
{
	struct request q = {
		.operation = OP_SIGNAL, .object = LSM_OBJECT_TASK, .target = LSM_TARGET_OUTSIDE
	};
	struct lsm_domain *domain;
	struct tables t = {};
	__u64 decision = 0;
	__u32 i;

	if (!label)
		return -EACCES;
	domain = find_domain(label, &t);
	if (!domain)
		return fail_closed(label, LSM_WHY_POLICY);
	/* That which is sent when none is chosen, then all. */
	for (i = 0; i <= 64; i++) {
		q.number = i ? i : SIGIO;
		decision = decision_of(
			&t, domain->signal[masked(q.number - 1, 64)][LSM_TARGET_OUTSIDE]);
		if (!allows(decision))
			break;
	}
	return act(label, &q, decision, 0);
}

/* @who: as F_SETOWN has it, negative for a process group. */
static __always_inline int judge_owner(struct label *label, int who)
{
	if (!who || who == own_number())
		return 0;
	return lsm_return(judge_other_owner(label));
}

#define OWNER_UNKNOWN (-1) /* in the caller's memory, where it may still change */

#endif
