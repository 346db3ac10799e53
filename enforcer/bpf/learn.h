/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PALE_BPF_LEARN_H
#define PALE_BPF_LEARN_H

/*
 * What learn.bpf.c does in place of a verdict: everything passes, and each act is told once, to
 * user space, by executable, operation, object and phase. What the policy's every container may do
 * anyhow (LSM_IMPLIED) is not told.
 */

#include "enforcer/bpf/executable.h"
#include "enforcer/bpf/reexec.h"
#include "enforcer/bpf/state.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, LSM_SEEN_MAX);
	__type(key, struct seen_key);
	__type(value, __u8);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LSM_INSTANCES_MAX);
	__type(key, __u32);
	__type(value, struct lsm_learning);
} learning SEC(".maps");

/* User space's: of first processes, whose they are, by a pidfd. label_running() finds their
 * numbers, which stay when another thread than the first executes a program. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct cgroup_binding);
} inits SEC(".maps");

static __always_inline struct lsm_learning *learning_of(__u32 instance)
{
	return bpf_map_lookup_elem(&learning, &instance);
}

/* Two multiplications, of which each bit reaches those above it, and a shift for those below. */
static __always_inline void hash_word(struct seen_key *h, __u64 word)
{
	h->hash[0] = (h->hash[0] ^ word) * 0x9fb21c651e98df25ull;
	h->hash[0] ^= h->hash[0] >> 32;
	h->hash[1] = (h->hash[1] + word) * 0xd6e8feb86659fd93ull;
	h->hash[1] ^= h->hash[1] >> 29;
}

/* In the scratch, and without bpf_loop(): the stack is full. */
static __always_inline void hash_text(struct scratch *s)
{
	__u32 begin = s->begin, at = begin, i;
	__u64 word;

	for (i = 0; i < LSM_PATH_BYTES / 8; i++) {
		at = begin + 8 * i;
		if (at > LSM_PATH_BYTES - 8)
			break;
		hash_word(&s->key, *(__u64 *)&s->text[masked(at, LSM_PATH_BYTES)]);
	}
	if (at >= LSM_PATH_BYTES)
		return;
	/* The bytes behind the text are those of longer ones before. */
	word = *(__u64 *)&s->text[masked(at, LSM_PATH_BYTES)];
	hash_word(&s->key, word & ((1ull << 8 * ((LSM_PATH_BYTES - at) & 7)) - 1));
}

static __always_inline void hash_executable(struct label *label)
{
	struct seen_key h = {};
	__u32 len = label->executable_len, i;

	/* What is behind it is of a longer one before. */
	for (i = 0; i < LSM_EXECUTABLE_BYTES / 8; i++) {
		__u64 word = ((__u64 *)label->executable)[i];

		if (8 * i >= len)
			break;
		if (len - 8 * i < 8)
			word &= (1ull << 8 * (len & 7)) - 1;
		hash_word(&h, word);
	}
	hash_word(&h, label->executable_len);
	label->executable_hash = h;
}

static __always_inline void make_key(
	struct scratch *s, const struct label *label, const struct request *q, __u32 how)
{
	struct seen_key *key = &s->key;

	*key = label->executable_hash;
	/* What ran before has no name here. */
	if (!label->executable_len)
		hash_word(key, bpf_get_current_pid_tgid() >> 32);
	hash_word(key, (__u64)label->instance << 32 | label->generation);
	hash_word(key, (__u64)how << 32 | q->operation << 24 | q->object << 16 | q->why << 8 |
			       q->drift << 1 | q->in_creation);
	hash_word(key, (__u64)q->port << 32 | q->protocol << 8 | q->family);
	hash_word(key, (__u64)q->number << 32 | q->detail);
	hash_word(key, (__u64)q->address[0] << 32 | q->address[1]);
	hash_word(key, (__u64)q->address[2] << 32 | q->address[3]);
	hash_word(key, q->target);
	if (has_text(q->object))
		hash_text(s);
}

static __always_inline int learn(struct label *label, struct lsm_instance *instance,
	const struct request *q, __u64 decision, __u32 flags)
{
	struct lsm_learning *l = learning_of(label->instance);
	struct scratch *s = scratch();
	__u8 unused = 0;
	__u32 how;

	if (!s)
		return fail_closed(label, LSM_WHY_STORAGE);
	if (!l || allows(decision) || (flags & ACT_PROBE))
		return 0;
	how = *(volatile __u32 *)&l->phase & 7;
	if (label->execed)
		how |= LSM_SEEN_EXECED;
	if (label->state == LABEL_PENDING)
		how |= LSM_SEEN_BEGINS;
	make_key(s, label, q, how);
	if (bpf_map_lookup_elem(&seen, &s->key)) {
		__sync_fetch_and_add(&l->known, 1);
		return 0;
	}
	/* What found no room is told the next time. */
	if (emit(label, instance, q, decision, LSM_OUTCOME_AUDITED, how) &&
		bpf_map_update_elem(&seen, &s->key, &unused, 0))
		__sync_fetch_and_add(&l->unkept, 1);
	return 0;
}

static __always_inline bool waits_for_program(const struct lsm_learning *l)
{
	return *(const volatile __u32 *)&l->begins;
}

static __always_inline bool is_runtimes_own(const struct linux_binprm *bprm)
{
	struct inode *inode = BPF_CORE_READ(bpf_get_current_task_btf(), mm, exe_file, f_inode);

	return is_reexec(bprm, BPF_CORE_READ(bprm, file, f_inode), BPF_CORE_READ(inode, i_ino),
		BPF_CORE_READ(inode, i_sb, s_dev));
}

/*
 * What a runtime does on its way in; and an interactive one is a person's, and says nothing of the
 * container. As begin() and settle() of learned_tasks.h have it.
 */
static __always_inline bool is_left_out(
	const struct cgroup_binding *binding, const struct linux_binprm *bprm)
{
	struct lsm_learning *l = learning_of(binding->instance);

	if (!l)
		return false;
	if (waits_for_program(l)) {
		if (l->beginner == LSM_BEGINS_INIT)
			return l->init != bpf_get_current_pid_tgid() >> 32;
		return l->beginner == LSM_BEGINS_OTHER && is_runtimes_own(bprm);
	}
	if (is_runtimes_own(bprm))
		return true;
	if (!BPF_CORE_READ(bpf_get_current_task_btf(), signal, tty))
		return false;
	__sync_fetch_and_add(&l->interactive, 1);
	return true;
}

static __always_inline bool is_from_outside(const struct cgroup_binding *binding)
{
	struct lsm_learning *l = learning_of(binding->instance);

	return !l || !waits_for_program(l);
}

/* An exec that fails has begun nothing. */
static __always_inline void note_begun(const struct label *label)
{
	struct lsm_learning *l = learning_of(label->instance);

	if (l && label->state == LABEL_PENDING && !label->execed)
		__sync_bool_compare_and_swap(&l->begins, 1, 0);
}

/* The bound cgroup that the task is in, or one above it. */
static __always_inline bool bound_cgroup_of(struct task_struct *task, struct cgroup_binding *ret)
{
	struct cgroup *cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	int level;

	for (level = 0; level < 64 && cgroup; level++) {
		struct cgroup_binding *binding;
		__u64 id = BPF_CORE_READ(cgroup, kn, id);

		binding = bpf_map_lookup_elem(&cgroups, &id);
		if (binding) {
			*ret = *binding;
			return true;
		}
		/* `self` is the first member: include/linux/cgroup-defs.h. */
		cgroup = (struct cgroup *)BPF_CORE_READ(cgroup, self.parent);
	}
	return false;
}

_Static_assert(EXECUTABLE_BYTES == LSM_EXECUTABLE_BYTES, "one is copied into the other");

static __always_inline void name_executable(struct label *label, struct task_struct *task)
{
	struct scratch *s = scratch();
	__u32 len;

	if (!s)
		return;
	take_executable(task, s->text, &s->at);
	len = EXECUTABLE_BYTES - s->at;
	if (len > EXECUTABLE_BYTES)
		return;
	bpf_probe_read_kernel(
		label->executable, EXECUTABLE_BYTES, &s->text[masked(s->at, EXECUTABLE_BYTES)]);
	label->executable_len = len;
	/* There might have been more, and longer ones end at a name's border. */
	label->executable_cut = len && label->executable[0] != '/';
	hash_executable(label);
}

static __always_inline void number_init(struct task_struct *task)
{
	struct cgroup_binding *its = bpf_task_storage_get(&inits, task, NULL, 0);
	struct lsm_instance *instance;
	struct lsm_learning *l;
	__u32 index;

	if (!its)
		return;
	index = its->instance;
	instance = bpf_map_lookup_elem(&instances, &index);
	l = learning_of(index);
	if (instance && l && instance->generation == its->generation)
		l->init = task->tgid;
}

/* Tasks that were there before learning, or the program, began, of whom it is asked for. One byte
 * for each that was not known yet. */
SEC("?iter/task")
int label_running(struct bpf_iter__task *ctx)
{
	struct cgroup_binding binding = {};
	struct task_struct *task = ctx->task;
	struct lsm_learning *l;
	struct label *label;
	__u8 one = 1;

	if (!task)
		return 0;
	number_init(task);
	if (!bound_cgroup_of(task, &binding))
		return 0;
	l = learning_of(binding.instance);
	if (!l || !*(const volatile __u32 *)&l->looked_for)
		return 0;
	label = make_label(task);
	if (!label) {
		count_failure(LSM_WHY_STORAGE);
		return 0;
	}
	/* Of a watch that has ended it is nobody's. */
	if (label->state != LABEL_NONE && instance_of(label))
		return 0;
	label->execed = 0;
	label->instance = binding.instance;
	label->generation = binding.generation;
	name_executable(label, task);
	label->state = LABEL_ACTIVE;
	bpf_seq_write(ctx->meta->seq, &one, sizeof(one));
	return 0;
}

#endif
