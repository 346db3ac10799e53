/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PALE_BPF_HOOKS_EXEC_H
#define PALE_BPF_HOOKS_EXEC_H

/*
 * Exec, and with it where labels come from.
 *
 * Each file of the chain is judged in the domain that calls exec: the file itself by
 * bprm_creds_for_exec, which may also choose the domain to enter and must then ask for secure-exec
 * mode; each script's interpreter by bprm_check_security, whose rule chooses no domain. The ELF
 * interpreter is judged when it is mapped. All is applied at bprm_committing_creds: an exec that
 * fails changes nothing. So a task whose first exec was refused by the instance of a cgroup further
 * up has that of its own cgroup at the next, if one was bound since: see lsm_bind_cgroup().
 */

#include "enforcer/bpf/file.h"

/* A bound cgroup further down is not found; lsm_bind_cgroup() says so. */
#define CGROUP_LEVELS 128

/* The innermost bound cgroup wins. False: none is. */
static __always_inline bool bound_cgroup(struct cgroup_binding *ret)
{
	struct cgroup_binding *binding;
	bool found = false;
	__u64 id;
	int level;

	for (level = 0; level < CGROUP_LEVELS; level++) {
		id = bpf_get_current_ancestor_cgroup_id(level);
		if (!id)
			break;
		binding = bpf_map_lookup_elem(&cgroups, &id);
		if (binding) {
			*ret = *binding;
			found = true;
		}
	}
	return found;
}

static __always_inline int judge_exec(struct label *label, struct linux_binprm *bprm)
{
	struct scratch *s = scratch();
	__u32 len;
	int r;

	if (!s)
		return fail_closed(label, LSM_WHY_STORAGE);
	r = judge_file(
		label, bprm->file, OPS1(LSM_EXEC), JUDGE_FULL | drift_flag(label, bprm->file));
	if (r)
		return r;
	len = LSM_PATH_BYTES - s->begin;
	s->executable_cut = len > LSM_EXECUTABLE_BYTES;
	if (s->executable_cut)
		len = LSM_EXECUTABLE_BYTES;
	s->executable_len = len;
	bpf_probe_read_kernel(
		s->executable, len, &s->text[(LSM_PATH_BYTES - len) & (LSM_PATH_BYTES - 1)]);
	return 0;
}

SEC("lsm/bprm_creds_for_exec")
int BPF_PROG(bprm_creds_for_exec, struct linux_binprm *bprm, int ret)
{
	struct label *label = any_label();
	struct cgroup_binding binding = {};
	struct scratch *s;
	int r;

	if (ret)
		return ret;
	if (!label || label->state != LABEL_ACTIVE || (LEARNING && !instance_of(label))) {
		if (!bound_cgroup(&binding)) {
			if (label)
				label->state = LABEL_NONE;
			return 0;
		}
#if LEARNING
		if (is_left_out(&binding, bprm)) {
			if (label)
				label->state = LABEL_NONE;
			return 0;
		}
#endif
		label = make_label(bpf_get_current_task_btf());
		if (!label) {
			count_failure(LSM_WHY_STORAGE);
			return CANNOT_JUDGE;
		}
#if LEARNING
		label->execed = is_from_outside(&binding);
#endif
		label->state = LABEL_PENDING;
		label->instance = binding.instance;
		label->generation = binding.generation;
		label->domain = 0;
	}
	label->judged = 0;
	label->next_domain = label->domain;
	r = judge_exec(label, bprm);
	if (r)
		return r;
	label->judged = (__u64)bprm->file;
	s = scratch();
	if (!s)
		return fail_closed(label, LSM_WHY_STORAGE);
	if (s->transition != LSM_STAY) {
		label->next_domain = s->transition;
		bpf_bprm_opts_set(bprm, BPF_F_BPRM_SECUREEXEC);
	}
	return 0;
}

SEC("lsm/bprm_check_security")
int BPF_PROG(bprm_check_security, struct linux_binprm *bprm, int ret)
{
	struct label *label = any_label();

	if (ret)
		return ret;
	if (!label || label->state == LABEL_NONE)
		return 0;
	if (label->judged == (__u64)bprm->file) {
		label->judged = 0;
		return 0;
	}
	return judge_exec(label, bprm);
}

SEC("lsm/bprm_committing_creds")
int BPF_PROG(bprm_committing_creds, struct linux_binprm *bprm)
{
	struct label *label = any_label();
	struct scratch *s;

	if (!label || label->state == LABEL_NONE)
		return 0;
#if LEARNING
	note_begun(label);
#endif
	label->state = LABEL_ACTIVE;
	label->domain = label->next_domain;
	label->mapped = 0;
	s = scratch();
	if (!s)
		return 0;
	label->executable_len = s->executable_len;
	label->executable_cut = s->executable_cut;
	__builtin_memcpy(label->executable, s->executable, sizeof(label->executable));
#if LEARNING
	hash_executable(label);
#endif
	return 0;
}

/*
 * The new task's label, before it can run. A thread is not `fork`; io_uring's and other helpers
 * that the kernel makes for the process are threads.
 */
SEC("lsm/task_alloc")
int BPF_PROG(task_alloc, struct task_struct *task, unsigned long clone_flags, int ret)
{
	struct label *label = confined(), *child;
	__u64 key = (__u64)task;
	int r;

	if (ret)
		return ret;
	/* Should task_free have failed to: the memory may have been another task's. */
	if (labels_by_task)
		bpf_map_delete_elem(&task_labels, &key);
	if (!label)
		return 0;
	if (!(clone_flags & CLONE_THREAD)) {
		struct request q = { .operation = OP_FORK };

		r = act(label, &q, domain_decision(label, d->fork), 0);
		if (r)
			return lsm_return(r);
	}
	child = make_label(task);
	if (!child)
		return fail_closed(label, LSM_WHY_STORAGE);
	child->instance = label->instance;
	child->generation = label->generation;
	child->domain = label->domain;
	child->executable_len = label->executable_len;
	child->executable_cut = label->executable_cut;
	__builtin_memcpy(child->executable, label->executable, sizeof(child->executable));
#if LEARNING
	child->executable_hash = label->executable_hash;
	child->execed = label->execed;
#endif
	child->state = LABEL_ACTIVE;
	return 0;
}

/* With labels_by_task only. */
SEC("?lsm/task_free")
int BPF_PROG(task_free, struct task_struct *task)
{
	__u64 key = (__u64)task;

	bpf_map_delete_elem(&task_labels, &key);
	bpf_map_delete_elem(&task_scratches, &key);
	return 0;
}

#endif
