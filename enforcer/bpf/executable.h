/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PALE_BPF_EXECUTABLE_H
#define PALE_BPF_EXECUTABLE_H

/* What a task executes, as its mounts name it. */

#include "enforcer/bpf/kernel.h"

/* A power of two. Names have at most 255 bytes. */
#define EXECUTABLE_BYTES 256

/* Where the walk towards the root is. */
struct step {
	struct dentry *dentry, *root;
	struct mount *mount;
};

/* From a mount's root to what it is mounted on; false at the topmost. */
static __always_inline bool leave_mount(struct step *s)
{
	struct mount *mount = s->mount, *parent = BPF_CORE_READ(mount, mnt_parent);

	if (parent == mount)
		return false;
	s->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
	s->root = BPF_CORE_READ(parent, mnt.mnt_root);
	s->mount = parent;
	return true;
}

/*
 * Into buffer[*ret_at] to buffer[EXECUTABLE_BYTES - 1], of a longer path the end. The verifier has
 * to see 255 bytes more behind it, which are not written. Renames may change the path meanwhile: it
 * names a process, and decides nothing.
 */
static __always_inline void take_executable(struct task_struct *task, char *buffer, __u32 *ret_at)
{
	struct file *file = BPF_CORE_READ(task, mm, exe_file);
	struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);
	struct step s = {
		.dentry = BPF_CORE_READ(file, f_path.dentry),
		.root = BPF_CORE_READ(mnt, mnt_root),
		.mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt),
	};
	int i;

	/* Kept in memory, where the verifier does not follow its every value. */
	*ret_at = EXECUTABLE_BYTES;
	for (i = 0; file && i < 24; i++) {
		struct dentry *dentry = s.dentry;
		__u32 len, at = *(volatile __u32 *)ret_at;

		if (dentry == s.root) {
			if (!leave_mount(&s))
				break;
			continue;
		}
		len = BPF_CORE_READ(dentry, d_name.len);
		if (len > 255 || len + 1 > at)
			break;
		at -= len;
		bpf_probe_read_kernel(&buffer[masked(at, EXECUTABLE_BYTES)], masked(len, 256),
			BPF_CORE_READ(dentry, d_name.name));
		at--;
		buffer[masked(at, EXECUTABLE_BYTES)] = '/';
		*(volatile __u32 *)ret_at = at;
		s.dentry = BPF_CORE_READ(dentry, d_parent);
	}
}

#endif
