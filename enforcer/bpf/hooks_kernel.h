/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PALE_BPF_HOOKS_KERNEL_H
#define PALE_BPF_HOOKS_KERNEL_H

/*
 * What would reach the engine itself, and what seccomp refused. Whether a task may use bpf(2) and
 * perf_event_open(2) at all is asked by `capable`, and by the filter.
 */

#include "enforcer/bpf/file.h"

static __always_inline int refuse_own(struct label *label)
{
	struct request q = { .operation = OP_SYSCALL, .why = LSM_WHY_OWN };

	return lsm_return(
		act(label, &q, domain_decision(label, d->by_default[OP_SYSCALL]), ACT_REFUSE));
}

/* Every object that was not handed down as a descriptor or pinned is got at by its number first. */
SEC("lsm/bpf")
int BPF_PROG(bpf, int cmd, union bpf_attr *attr, unsigned int size, int ret)
{
	struct label *label = confined();
	__u32 id = 0;
	__u64 key;

	if (ret || !label)
		return ret;
	switch (cmd) {
	case BPF_PROG_GET_FD_BY_ID:
		key = LSM_OWN_KEY(LSM_OWN_PROGRAM, 0);
		break;
	case BPF_LINK_GET_FD_BY_ID:
		key = LSM_OWN_KEY(LSM_OWN_LINK, 0);
		break;
	default:
		return 0;
	}
	/* The number is the first word of the attributes for both. */
	bpf_probe_read_kernel(&id, sizeof(id), attr);
	key |= id;
	if (!bpf_map_lookup_elem(&own, &key))
		return 0;
	return refuse_own(label);
}

/* "pale_", byte by byte: there is no memcmp() here. */
static __always_inline bool is_of_loader(const char *name)
{
	return name[0] == 'p' && name[1] == 'a' && name[2] == 'l' && name[3] == 'e' &&
	       name[4] == '_';
}

/*
 * Asked for each new descriptor of a map, by number and by the path that it is pinned at. Links
 * that are pinned need none: they can neither be detached nor changed. The maps of policies and of
 * counts, which come and go, are known by how the loader calls them (lsm_policies.c); who calls his
 * own so does not get them either.
 */
SEC("lsm/bpf_map")
int BPF_PROG(bpf_map, struct bpf_map *map, unsigned int mode, int ret)
{
	struct label *label = confined();
	char name[16];
	__u64 key;

	if (ret || !label)
		return ret;
	key = LSM_OWN_KEY(LSM_OWN_MAP, BPF_CORE_READ(map, id));
	BPF_CORE_READ_INTO(&name, map, name);
	if (bpf_map_lookup_elem(&own, &key) || is_of_loader(name))
		return refuse_own(label);
	return 0;
}

static __always_inline void call_arguments(struct task_struct *task, bool compat, __u64 *arguments)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	arguments[0] = compat ? BPF_CORE_READ(regs, bx) : BPF_CORE_READ(regs, di);
	arguments[1] = compat ? BPF_CORE_READ(regs, cx) : BPF_CORE_READ(regs, si);
	arguments[2] = BPF_CORE_READ(regs, dx);
	arguments[3] = compat ? BPF_CORE_READ(regs, si) : BPF_CORE_READ(regs, r10);
	arguments[4] = compat ? BPF_CORE_READ(regs, di) : BPF_CORE_READ(regs, r8);
	arguments[5] = compat ? BPF_CORE_READ(regs, bp) : BPF_CORE_READ(regs, r9);
}

/*
 * Called for each call that a filter with SECCOMP_FILTER_FLAG_LOG refused or logged, and for each
 * that it killed for (kernel/seccomp.c, seccomp_log()).
 */
SEC("?fentry/audit_seccomp")
int BPF_PROG(call_refused, unsigned long call, long signr, int code)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct request q = { .operation = OP_SYSCALL, .object = LSM_OBJECT_CALL, .number = call };
	struct label *label = confined();
	struct lsm_instance *instance;
	struct lsm_event *e;
	__u64 sequence, binding;
	__u32 action = code & SECCOMP_RET_ACTION;
	bool compat;

	/* To who learns it is no call: nothing came of it. */
	if (LEARNING || !label)
		return 0;
	instance = instance_of(label);
	if (!instance)
		return 0;
	sequence = __sync_fetch_and_add(&instance->sequence, 1) + 1;
	if (!take_token(instance)) {
		__sync_fetch_and_add(&instance->throttled, 1);
		return 0;
	}
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&instance->lost, 1);
		return 0;
	}
	binding = *(const volatile __u64 *)&instance->binding;
	compat = task->thread_info.status & TS_COMPAT;
	q.detail = compat ? AUDIT_ARCH_I386 : AUDIT_ARCH_X86_64;
	fill(e, 0, label, instance, &q,
		(__u64)(LSM_BINDING_SLOT(binding) & 0xff) << 56 | LSM_RULES_MAX, sequence);
	call_arguments(task, compat, e->arguments);
	e->errnum = 0; /* the errno is not told */
	e->outcome = action == SECCOMP_RET_LOG ? LSM_OUTCOME_AUDITED
		     : (code & SECCOMP_RET_KILL_MASK) || action == SECCOMP_RET_KILL
			     ? LSM_OUTCOME_KILLED
			     : LSM_OUTCOME_REFUSED;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* Of a device file what ioctl(2) is; sockets', which have no path, are as for that. */
SEC("?lsm/uring_cmd")
int BPF_PROG(uring_cmd, struct io_uring_cmd *command, int ret)
{
	struct label *label = confined();
	struct file *file = command->file;

	if (ret || !label)
		return ret;
	if (is_nameless(file))
		return 0;
	return judge_file(label, file, OPS1(LSM_IOCTL), 0);
}

#endif
