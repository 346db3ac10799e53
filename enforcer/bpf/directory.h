/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PALE_BPF_DIRECTORY_H
#define PALE_BPF_DIRECTORY_H

/*
 * The short way to "allowed, and nothing to tell". A directory's inode remembers in which state the
 * automaton stood after the directory's path, so that for the next file in it only the last
 * component is left to be matched. Whatever this does not answer is judged in full.
 *
 * What is remembered holds as long as nothing was renamed and nothing mounted anywhere since the
 * walk that found it, by the kernel's two sequences, for the same mount in the same mount namespace
 * (which come and go with the mount sequence) and for the same policy and domain. A directory has
 * one dentry; its inode's memory ends with the inode. What lies below a process's directory in
 * /proc, or is mounted there, is left out: its path depends on who asks.
 */

#include "enforcer/bpf/match.h"

struct directory {
	__u32 sequence; /* odd while it is written */
	__u32 state, domain;
	__u32 rename_sequence, mount_sequence;
	__u32 unused;
	__u64 mount, namespace; /* struct vfsmount, struct mnt_namespace */
	__u64 serial;		/* of the policy */
};

struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct directory);
} directories SEC(".maps");

/* Names that lie in the dentry itself are read a word at a time. */
#define NAME_WORDS 4
#define NAME_BYTES (8 * NAME_WORDS - 1)

#define compiler_barrier() asm volatile("" ::: "memory")

/* x86 keeps loads in order, and stores; on arm64 the fields would need acquire and release. */
static __always_inline bool read_directory(struct directory *d, struct directory *ret)
{
	*ret = *(volatile struct directory *)d;
	compiler_barrier();
	return !(ret->sequence & 1) && *(volatile __u32 *)&d->sequence == ret->sequence;
}

static __always_inline void remember(struct inode *dir, const struct vfsmount *mnt,
	const struct dentry *dentry, const struct scratch *s)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct directory *d;
	__u32 sequence;

	/* @dir was asked for before the walk, which may have found the file somewhere else. Where
	 * it was moved since then, the sequence has gone on, and what is remembered is of no use.
	 */
	if (s->why || !s->serial || s->personal || dentry == mnt->mnt_root ||
		dentry->d_parent->d_inode != dir)
		return;
	d = bpf_inode_storage_get(&directories, dir, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!d)
		return;
	sequence = *(volatile __u32 *)&d->sequence;
	if ((sequence & 1) ||
		__sync_val_compare_and_swap(&d->sequence, sequence, sequence + 1) != sequence)
		return;
	d->state = s->directory_state;
	d->domain = s->directory_domain;
	d->rename_sequence = s->rename_sequence;
	d->mount_sequence = s->mount_sequence;
	d->mount = (__u64)mnt;
	d->namespace = (__u64)task->nsproxy->mnt_ns;
	d->serial = s->serial;
	compiler_barrier();
	*(volatile __u32 *)&d->sequence = sequence + 2;
}

/* May all of @ops be done to the text that ends in @state, without a word? */
static __always_inline bool row_passes(
	const struct tables *t, __u32 state, __u32 ops, __u32 variant)
{
	const __u16 *accept = table_at(t, head_of(t)->off_accept + 2 * (__u64)state, __u16);
	const struct lsm_row *row;
	__u32 i;

	if (!accept)
		return false;
	row = table_at(
		t, head_of(t)->off_rows + (__u64)*accept * sizeof(struct lsm_row), struct lsm_row);
	if (!row)
		return false;
	for (i = 0; i < JUDGE_OPS_MAX; i++) {
		const struct lsm_rule *rule;
		__u32 op = (ops >> 8 * i) & 0xff, n;

		if (!op)
			break;
		n = row->rule[masked(variant, LSM_VARIANTS)][masked(op - 1, LSM_PATH_OPS)];
		rule = rule_at(t, n);
		if (!rule || rule->effect != LSM_ALLOW || rule->transition != LSM_STAY ||
			(rule->report && !(n & LSM_IMPLIED)))
			return false;
	}
	return true;
}

#define NAME_SLASH 256u /* beside a length: the name is a directory's */

/*
 * 1: policy @serial allows all of @ops to what lies in a directory of @state and has the label's
 * name, of @len bytes, without a word. Verified by itself, once for all hooks.
 */
__noinline int name_passes(
	struct label *label, __u64 serial, __u32 state, __u32 len, __u64 ops_and_variant)
{
	const struct lsm_instance *instance;
	__u64 off_next, n_classes;
	const __u8 *byte;
	struct tables t;
	__u32 i;

	if (!label)
		return 0;
	instance = instance_of(label);
	if (!instance)
		return 0;
	t = policy_of(instance);
	if (!t.bytes || head_of(&t)->serial != serial)
		return 0;
	off_next = head_of(&t)->off_next;
	n_classes = head_of(&t)->n_classes;
	byte = (const __u8 *)label->name;
	for (i = 0; i < NAME_BYTES; i++) {
		if (i >= (len & 0xff))
			break;
		state = next_state(&t, off_next, n_classes, state, byte[i]);
	}
	if (len & NAME_SLASH)
		state = next_state(&t, off_next, n_classes, state, '/');
	return row_passes(&t, state, ops_and_variant, ops_and_variant >> 32);
}

/*
 * True: all of @ops are allowed to @dentry, which lies in @dir below @mnt, and nothing is to be
 * reported. @slash: it is a directory. Pointers are such as the verifier knows the types of.
 */
static __always_inline bool passes_quietly(struct label *label, struct inode *dir,
	const struct vfsmount *mnt, const struct dentry *dentry, __u32 ops, __u32 variant,
	bool slash)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 offset = bpf_core_field_offset(struct dentry, d_iname);
	struct directory *remembered, d;
	const __u64 *words;
	__u32 len = dentry->d_name.len;

	if (!bpf_core_field_exists(struct dentry, d_iname))
		return false;
	asm volatile("" : "+r"(offset));
	words = (const __u64 *)((__u64)dentry + offset);
	if (len > NAME_BYTES || (__u64)dentry->d_name.name != (__u64)words ||
		dentry == mnt->mnt_root)
		return false;
	remembered = bpf_inode_storage_get(&directories, dir, NULL, 0);
	if (!remembered || !read_directory(remembered, &d))
		return false;
	/* @dir was asked for before; now it is in what the sequences cover. */
	if (dentry->d_parent->d_inode != dir)
		return false;
	if (d.mount != (__u64)mnt || d.namespace != (__u64)task->nsproxy->mnt_ns ||
		d.domain != label->domain)
		return false;
	label->name[0] = words[0];
	if (len > 8)
		label->name[1] = words[1];
	if (len > 16) {
		label->name[2] = words[2];
		label->name[3] = words[3];
	}
	if (!name_passes(label, d.serial, d.state, len | (slash ? NAME_SLASH : 0),
		    ops | (__u64)(variant & (LSM_VARIANTS - 1)) << 32))
		return false;
	/* Last, so that they cover all that was read. */
	return sequence_of(&rename_lock) == d.rename_sequence &&
	       sequence_of(&mount_lock) == d.mount_sequence;
}

#endif
