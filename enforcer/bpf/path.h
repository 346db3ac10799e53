/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PALE_BPF_PATH_H
#define PALE_BPF_PATH_H

/*
 * A dentry's path from the root of the caller's mount namespace, whatever the caller's own root and
 * working directory are. Walks from leaf to root and prepends each name to the text, so that the
 * path lies in one piece in the end.
 *
 * A walk is right when neither a rename nor a mount happened during it; the kernel's two sequence
 * counters tell. It must end at the namespace's root mount: clones made by open_tree, mounts that
 * were detached and those of other namespaces have a topmost mount that looks like a root and is
 * not ours. All reads are probes, so that the loop needs no unrolling; the programs are not
 * sleepable, so RCU keeps what is read from being freed.
 */

#include "enforcer/bpf/state.h"

extern const void rename_lock __ksym;
extern const void mount_lock __ksym;

#define WALK_DIRECTORY 1u /* the path ends in '/' */
#define WALK_EXISTS    2u /* a dentry without a place in its directory is an unlinked file */

/* With two CPUs that do nothing but rename and open, one attempt in twenty saw a change. */
#define WALK_ATTEMPTS 16
#define WAIT_STEPS    (1 << 14)

/* Mounts that cover each other at one place add steps without adding components. */
#define WALK_STEPS (2 * LSM_COMPONENTS_MAX)

static __always_inline __u32 sequence_of(const void *seqlock)
{
	__u32 sequence = 1;

	bpf_probe_read_kernel(&sequence, sizeof(sequence), seqlock);
	return sequence;
}

static __always_inline struct mount *real_mount(const struct vfsmount *mnt)
{
	return core_container(mnt, struct mount, mnt);
}

/* Mounted for the kernel alone: pipes, memfd, nsfs; an overlay's private clones of its layers. */
static __always_inline bool mount_is_internal(const struct vfsmount *mnt)
{
	return IS_ERR_VALUE(BPF_CORE_READ(real_mount(mnt), mnt_ns));
}

static __always_inline bool prepend(struct scratch *s, const void *bytes, __u32 len)
{
	__u32 begin = s->begin;

	if (!len || len > TEXT_SLACK - 1 || len >= begin || begin > LSM_PATH_BYTES)
		return false;
	begin = masked(begin - len, LSM_PATH_BYTES);
	len = masked(len, TEXT_SLACK);
	if (bpf_probe_read_kernel(&s->text[begin], len, bytes))
		return false;
	s->begin = begin;
	return true;
}

static __always_inline bool prepend_slash(struct scratch *s)
{
	__u32 begin = s->begin - 1;

	if (begin >= LSM_PATH_BYTES)
		return false;
	s->text[masked(begin, LSM_PATH_BYTES)] = '/';
	s->begin = begin;
	return true;
}

/*
 * /proc/PID of the caller's own process is /proc/self. The pid is compared as the kernel's object,
 * since its number depends on the pid namespace that the proc was mounted in.
 */
static __always_inline bool is_own_proc(
	struct scratch *s, const struct dentry *dentry, const struct dentry *parent, char first)
{
	struct super_block *sb;
	struct inode *inode;

	if (first < '1' || first > '9')
		return false;
	sb = BPF_CORE_READ(dentry, d_sb);
	if (BPF_CORE_READ(sb, s_magic) != PROC_SUPER_MAGIC || BPF_CORE_READ(sb, s_root) != parent)
		return false;
	s->personal = 1;
	inode = BPF_CORE_READ(dentry, d_inode);
	if (!inode)
		return false;
	return (__u64)BPF_CORE_READ(core_container(inode, struct proc_inode, vfs_inode), pid) ==
	       s->own;
}

struct walk {
	struct scratch *s;
};

/* What a walk needs of a dentry, read at once: a probe costs as much as thirty loads. */
#define RAW_BYTES (8 * RAW_DENTRY_WORDS)

/* Field @f of the dentry that was read. Offsets are constants once the program is loaded; what lies
 * further away on a kernel that we do not know reads as nothing, and the walk fails. */
#define raw_field(s, f, type)                                                                      \
	({                                                                                         \
		__u64 o__ = bpf_core_field_offset(struct dentry, f);                               \
                                                                                                   \
		asm volatile("" : "+r"(o__));                                                      \
		o__ <= RAW_BYTES - sizeof(type) ? *(type *)((char *)(s)->raw + o__) : (type)0;     \
	})

#define INLINE_NAME_BYTES 32

/* Names that lie in the dentry are copied from what was read, a word at a time; what the last word
 * spills over is put back. */
static __always_inline bool prepend_inline(struct scratch *s, __u32 len)
{
	__u64 from = bpf_core_field_offset(struct dentry, d_iname), spilled;
	__u32 begin = s->begin - len, end = s->begin;
	const __u64 *words;

	asm volatile("" : "+r"(from));
	if (!len || len >= INLINE_NAME_BYTES || from > RAW_BYTES - INLINE_NAME_BYTES ||
		begin >= LSM_PATH_BYTES || end > LSM_PATH_BYTES)
		return false;
	words = (const __u64 *)((char *)s->raw + from);
	begin = masked(begin, LSM_PATH_BYTES);
	end = masked(end, 2 * LSM_PATH_BYTES);
	if (end > LSM_PATH_BYTES)
		return false;
	spilled = *(__u64 *)&s->text[end];
	*(__u64 *)&s->text[begin] = words[0];
	if (len > 8)
		*(__u64 *)&s->text[begin + 8] = words[1];
	if (len > 16)
		*(__u64 *)&s->text[begin + 16] = words[2];
	if (len > 24)
		*(__u64 *)&s->text[begin + 24] = words[3];
	*(__u64 *)&s->text[end] = spilled;
	s->begin = begin;
	return true;
}

static __always_inline void place(struct scratch *s, const struct mount *mount)
{
	s->mount = (__u64)mount;
	/* One after the other since Linux 3.3; should that end, one by one. */
	if (bpf_core_field_offset(struct mount, mnt_mountpoint) ==
			bpf_core_field_offset(struct mount, mnt_parent) + 8 &&
		bpf_core_field_offset(struct mount, mnt.mnt_root) ==
			bpf_core_field_offset(struct mount, mnt_parent) + 16) {
		bpf_probe_read_kernel(&s->placement, sizeof(s->placement),
			(const void *)((__u64)mount +
				       bpf_core_field_offset(struct mount, mnt_parent)));
		return;
	}
	s->placement.parent = (__u64)BPF_CORE_READ(mount, mnt_parent);
	s->placement.mountpoint = (__u64)BPF_CORE_READ(mount, mnt_mountpoint);
	s->placement.root = (__u64)BPF_CORE_READ(mount, mnt.mnt_root);
}

/* bpf_loop's contract: 1 ends the loop. State lives in the scratch: on 6.1 the verifier takes what
 * a callback changes on the stack for unchanged. */
static long walk_step(__u32 i, struct walk *w)
{
	static const char self[] = "self";
	struct scratch *s = w->s;
	const struct dentry *dentry = (const struct dentry *)s->dentry, *parent;
	const void *name;
	__u32 len;
	bool ok;

	if (s->dentry == s->placement.root) {
		if (s->placement.parent == s->mount) {
			s->why = s->mount == s->root ? LSM_WHY_NONE : LSM_WHY_DETACHED;
			s->done = 1;
			return 1;
		}
		s->dentry = s->placement.mountpoint;
		place(s, (const struct mount *)s->placement.parent);
		return 0;
	}
	if (bpf_probe_read_kernel(s->raw, sizeof(s->raw), dentry)) {
		s->why = LSM_WHY_DISCONNECTED;
		return 1;
	}
	parent = (const struct dentry *)raw_field(s, d_parent, __u64);
	if (!parent || parent == dentry) {
		s->why = LSM_WHY_DISCONNECTED;
		return 1;
	}
	if (s->dentry == s->leaf && !raw_field(s, d_hash.pprev, __u64))
		s->unlinked = 1;
	len = raw_field(s, d_name.len, __u32);
	name = (const void *)raw_field(s, d_name.name, __u64);
	if ((__u64)name == s->dentry + bpf_core_field_offset(struct dentry, d_iname) &&
		len < INLINE_NAME_BYTES) {
		char first = raw_field(s, d_iname, char);

		if (is_own_proc(s, dentry, parent, first)) {
			name = self;
			ok = prepend(s, self, sizeof(self) - 1);
		} else {
			ok = prepend_inline(s, len);
		}
	} else {
		ok = prepend(s, name, len);
	}
	if (++s->components > LSM_COMPONENTS_MAX || !ok || !prepend_slash(s)) {
		s->why = LSM_WHY_TOO_LONG;
		return 1;
	}
	if (s->dentry == s->leaf && name != self)
		s->name = s->begin + 1;
	s->dentry = (__u64)parent;
	return 0;
}

struct wait {
	const void *seqlock;
	struct scratch *s;
};

static long wait_step(__u32 i, struct wait *w)
{
	w->s->at = sequence_of(w->seqlock);
	return !(w->s->at & 1);
}

/* Odd while somebody writes, which takes no time unless his virtual CPU was taken away meanwhile. A
 * lock would wait for him too. */
static __always_inline __u32 settled_sequence_of(struct scratch *s, const void *seqlock)
{
	struct wait w = { .seqlock = seqlock, .s = s };

	s->at = sequence_of(seqlock);
	if (!(s->at & 1))
		return s->at;
	bpf_loop(WAIT_STEPS, wait_step, &w, 0);
	return s->at;
}

/* Walks once; 0 when nothing was renamed or mounted meanwhile. */
__noinline int walk_once(struct scratch *s, __u32 flags)
{
	__u32 rename_sequence, mount_sequence;
	struct walk w = { .s = s };

	if (!s)
		return 0;
	rename_sequence = settled_sequence_of(s, &rename_lock);
	mount_sequence = settled_sequence_of(s, &mount_lock);
	s->rename_sequence = rename_sequence;
	s->mount_sequence = mount_sequence;
	s->name = 0;
	s->begin = LSM_PATH_BYTES;
	s->components = 0;
	s->done = 0;
	s->why = LSM_WHY_TOO_LONG;
	s->dentry = s->leaf;
	s->unlinked = 0;
	s->personal = 0;
	place(s, real_mount((const struct vfsmount *)s->leaf_mount));
	if (flags & WALK_DIRECTORY)
		prepend_slash(s);
	bpf_loop(WALK_STEPS, walk_step, &w, 0);
	if (s->done && !s->why && s->begin == LSM_PATH_BYTES)
		s->why = LSM_WHY_DISCONNECTED;
	/* A mount's root keeps its place there whatever becomes of the name that it was mounted
	 * from.
	 */
	if ((flags & WALK_EXISTS) && s->unlinked)
		s->why = LSM_WHY_UNLINKED;
	return ((rename_sequence | mount_sequence) & 1) ||
	       sequence_of(&rename_lock) != rename_sequence ||
	       sequence_of(&mount_lock) != mount_sequence;
}

/* See walk(). */
__noinline int walk_scratch(struct scratch *s, __u32 flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 attempt;

	if (!s)
		return 0;
	s->root = (__u64)task->nsproxy->mnt_ns->root;
	s->own = (__u64)task->signal->pids[PIDTYPE_TGID];
	for (attempt = 0; attempt < WALK_ATTEMPTS; attempt++)
		if (!walk_once(s, flags))
			return 0;
	s->why = LSM_WHY_RACED;
	return 0;
}

/* The path of @dentry below @mnt; afterwards s->why says whether there is one. The two go through
 * the scratch because only numbers can be handed to a function that is verified by itself. */
static __always_inline void walk(
	struct scratch *s, const struct dentry *dentry, const struct vfsmount *mnt, __u32 flags)
{
	s->leaf = (__u64)dentry;
	s->leaf_mount = (__u64)mnt;
	walk_scratch(s, flags);
}

#endif
