/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PALE_BPF_HOOKS_TASK_H
#define PALE_BPF_HOOKS_TASK_H

/* What a task does to others, and with what power. */

#include "enforcer/bpf/act.h"

/* LSM_TARGET_… of @task as the label's instance sees it. */
static __always_inline __u32 target_of(const struct label *label, struct task_struct *task)
{
	struct label *other = label_of(task);
	__u32 domain;

	if (!other || other->state != LABEL_ACTIVE || other->instance != label->instance ||
		other->generation != label->generation)
		return LSM_TARGET_OUTSIDE;
	domain = other->domain;
	return domain < LSM_DOMAINS_MAX ? LSM_TARGET_DOMAIN(domain) : LSM_TARGET_OUTSIDE;
}

#define target_rule(rules, target) ((rules)[(target) < LSM_TARGETS ? (target) : LSM_TARGET_OUTSIDE])

/* What a process does to itself is not mediated: abort(), raise(), and the C library's own signals
 * to its threads. Signal 0 only asks whether there is somebody. */
SEC("lsm/task_kill")
int BPF_PROG(task_kill, struct task_struct *task, struct kernel_siginfo *info, int sig,
	const struct cred *cred, int ret)
{
	struct label *label = confined();
	struct request q = {};
	__u32 target, n = sig - 1;

	/* With credentials it is an old request of somebody's (usbfs). */
	if (ret || !label || !argument_is_null(3) || n >= 64)
		return ret;
	if (task->tgid == bpf_get_current_task_btf()->tgid)
		return 0;
	target = target_of(label, task);
	q.operation = OP_SIGNAL;
	q.object = LSM_OBJECT_TASK;
	q.number = sig;
	q.target = target;
	q.target_tgid = task->tgid;
	return lsm_return(act(label, &q,
		domain_decision(label, target_rule(d->signal[masked(n, 64)], target)), 0));
}

static __always_inline int judge_ptrace(
	struct label *label, struct task_struct *tracee, __u32 mode, __u32 act_flags)
{
	struct request q = {};
	__u32 target = target_of(label, tracee);

	q.operation = OP_PTRACE;
	q.object = LSM_OBJECT_TASK;
	q.number = mode;
	q.target = target;
	q.target_tgid = tracee->tgid;
	return lsm_return(
		act(label, &q, domain_decision(label, target_rule(d->ptrace, target)), act_flags));
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(ptrace_access_check, struct task_struct *child, unsigned int mode, int ret)
{
	struct label *label = confined();

	if (ret || !label)
		return ret;
	return judge_ptrace(label, child, mode, mode & PTRACE_MODE_NOAUDIT ? ACT_PROBE : 0);
}

/* The tracer is judged, though it is the tracee that asks. */
SEC("lsm/ptrace_traceme")
int BPF_PROG(ptrace_traceme, struct task_struct *parent, int ret)
{
	struct label *label;

	if (ret)
		return ret;
	label = label_of(parent);
	if (!label || label->state != LABEL_ACTIVE)
		return 0;
	return judge_ptrace(label, bpf_get_current_task_btf(), 0, 0);
}

SEC("lsm/userns_create")
int BPF_PROG(userns_create, const struct cred *cred, int ret)
{
	struct label *label = confined();
	struct request q = { .operation = OP_USERNS };

	if (ret || !label)
		return ret;
	return lsm_return(act(label, &q, domain_decision(label, d->userns), 0));
}

static __always_inline __u64 bounding_set(const struct cred *cred)
{
	__u64 set = 0;

	bpf_probe_read_kernel(&set, sizeof(set),
		(const void *)((__u64)cred + bpf_core_field_offset(struct cred, cap_bset)));
	return set;
}

/*
 * Whether the kernel acts for itself under somebody else's credentials: overlayfs with its
 * mounter's when it reads and copies layers, access(2) with none. io_uring too overrides
 * credentials, but with those of a task of the same tree, whose bounding set is within the
 * caller's.
 */
static __always_inline bool is_kernels_own(const struct task_struct *task, const struct cred *cred)
{
	const struct cred *real = BPF_CORE_READ(task, real_cred);
	__u64 theirs, ours;

	if (cred == real || cred != BPF_CORE_READ(task, cred))
		return false;
	if (!(BPF_CORE_READ(task, flags) & PF_IO_WORKER) && !BPF_CORE_READ(task, io_uring))
		return true;
	theirs = bounding_set(cred);
	ours = bounding_set(real);
	return (theirs & ~ours) || BPF_CORE_READ(cred, user_ns) != BPF_CORE_READ(real, user_ns);
}

SEC("lsm/capable")
int BPF_PROG(capable, const struct cred *cred, struct user_namespace *ns, int cap,
	unsigned int opts, int ret)
{
	struct label *label = confined();
	struct request q = {};
	__u32 n = cap;

	if (ret || !label)
		return ret;
	if (is_kernels_own(bpf_get_current_task_btf(), cred))
		return 0;
	q.operation = OP_CAPABILITY;
	q.object = LSM_OBJECT_NUMBER;
	q.number = n;
	if (n >= 64)
		return -EPERM;
	return lsm_return(act(label, &q, domain_decision(label, d->capability[masked(n, 64)]),
		opts & CAP_OPT_NOAUDIT ? ACT_PROBE : 0));
}

#endif
