/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PALE_BPF_FILE_H
#define PALE_BPF_FILE_H

/* What an open file is: whether a policy speaks of it, whose it is, and whether it is drift. */

#include "enforcer/bpf/directory.h"

/* The file as the task opened it. Overlayfs maps files of its layers; 6.1 gives those the path that
 * the user opened, later kernels keep it beside them. */
static __always_inline const struct path *user_path(const struct file *file)
{
	if (bpf_core_type_exists(struct backing_file) &&
		(BPF_CORE_READ(file, f_mode) & FMODE_BACKING))
		return (const struct path *)((__u64)core_container(
						     file, struct backing_file, file) +
					     bpf_core_field_offset(struct backing_file, user_path));
	return (const struct path *)((__u64)file + bpf_core_field_offset(struct file, f_path));
}

static __always_inline umode_t mode_of(const struct dentry *dentry)
{
	return BPF_CORE_READ(dentry, d_inode, i_mode);
}

static __always_inline bool is_directory(const struct dentry *dentry)
{
	return S_ISDIR(mode_of(dentry));
}

/* LSM_OWNER or 0. What does not exist yet will be the caller's. */
static __always_inline __u32 owner_of(const struct inode *inode)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!inode || BPF_CORE_READ(inode, i_uid.val) == BPF_CORE_READ(task, cred, fsuid.val))
		return LSM_OWNER;
	return 0;
}

/* The same of an inode whose type the verifier knows. */
static __always_inline __u32 own_inode(const struct inode *inode)
{
	return inode->i_uid.val == bpf_get_current_task_btf()->cred->fsuid.val ? LSM_OWNER : 0;
}

#define CTIME_OF(name, read)                                                                       \
	static __always_inline __u64 name(const struct inode *inode)                               \
	{                                                                                          \
		const struct inode___timespec *t = (const void *)inode;                            \
		const struct inode___wrapped *w = (const void *)inode;                             \
		const struct inode___split *s = (const void *)inode;                               \
                                                                                                   \
		if (bpf_core_field_exists(struct inode___timespec, i_ctime))                       \
			return read(t, i_ctime.tv_sec) * 1000000000ull + read(t, i_ctime.tv_nsec); \
		if (bpf_core_field_exists(struct inode___wrapped, __i_ctime))                      \
			return read(w, __i_ctime.tv_sec) * 1000000000ull +                         \
			       read(w, __i_ctime.tv_nsec);                                         \
		if (bpf_core_field_exists(struct inode___split, i_ctime_sec))                      \
			return read(s, i_ctime_sec) * 1000000000ull + read(s, i_ctime_nsec);       \
		return ~0ull; /* a kernel that we do not know: all is drift */                     \
	}

#define DIRECTLY(p, member) ((p)->member)

CTIME_OF(ctime_of, BPF_CORE_READ)
CTIME_OF(known_ctime_of, DIRECTLY) /* the verifier knows the inode's type */

/* Whether @file's own path is the one that the user opened; see user_path(). */
static __always_inline bool has_own_path(const struct file *file)
{
	if (bpf_core_type_exists(struct backing_file))
		return !(file->f_mode & FMODE_BACKING);
	return file->f_inode == file->f_path.dentry->d_inode;
}

/*
 * Whether an overlay shows it from a layer below its upper one. Where the overlay module came after
 * the programs, its structures are not known, and nothing is said to be of the image.
 */
static __always_inline bool is_of_image(const struct inode *inode)
{
	const struct ovl_inode *o;

	if (!bpf_core_field_exists(struct ovl_inode, __upperdentry) ||
		BPF_CORE_READ(inode, i_sb, s_magic) != OVERLAYFS_SUPER_MAGIC)
		return false;
	o = core_container(inode, struct ovl_inode, vfs_inode);
	return !BPF_CORE_READ(o, __upperdentry);
}

/*
 * Made, written or changed since the instance's start: a ctime cannot be set at will, and every
 * change of attributes moves it too. An overlay's inode may lag behind the layer's that it shows.
 */
static __always_inline bool is_drift(const struct lsm_instance *instance, struct file *file)
{
	__u64 *opened = bpf_inode_storage_get(&written, file->f_inode, NULL, 0);
	const struct inode *inode;
	struct file *layer;

	if (instance->start_ns == LSM_START_OF_IMAGE)
		return !is_of_image(has_own_path(file)
					    ? file->f_inode
					    : BPF_CORE_READ(user_path(file), dentry, d_inode));
	if (opened && *opened >= instance->start_monotonic_ns)
		return true;
	if (known_ctime_of(file->f_inode) >= instance->start_ns)
		return true;
	if (!has_own_path(file)) {
		inode = BPF_CORE_READ(user_path(file), dentry, d_inode);
		if (ctime_of(inode) >= instance->start_ns)
			return true;
		/* A mapped layer's own data is another thing. */
		if (file->f_inode != inode)
			return false;
	}
	if (file->f_inode->i_sb->s_magic != OVERLAYFS_SUPER_MAGIC)
		return false;
	/* ovl_open(), up to 6.12: the layer's file. */
	layer = file->private_data;
	return ctime_of(BPF_CORE_READ(layer, f_inode)) >= instance->start_ns;
}

/* The scratch gets the file's path, or the reason why it has none. */
static __always_inline void walk_to(
	struct scratch *s, const struct dentry *dentry, const struct vfsmount *mnt, bool slash)
{
	walk(s, dentry, mnt, WALK_EXISTS | (slash ? WALK_DIRECTORY : 0));
	/* What is mounted for the kernel alone has no place in the namespace. */
	if ((s->why == LSM_WHY_DETACHED || s->why == LSM_WHY_UNLINKED ||
		    s->why == LSM_WHY_DISCONNECTED) &&
		mount_is_internal(mnt)) {
		s->begin = LSM_PATH_BYTES;
		prepend(s, BPF_CORE_READ(dentry, d_name.name), BPF_CORE_READ(dentry, d_name.len));
		s->why = LSM_WHY_ANONYMOUS;
	}
}

static __always_inline void walk_file(
	struct scratch *s, const struct dentry *dentry, const struct vfsmount *mnt)
{
	walk_to(s, dentry, mnt, is_directory(dentry));
}

/* For exec and map LSM_DRIFT has to be told by the caller, who has the file with its type. */
static __always_inline int judge_file(
	struct label *label, struct file *file, __u32 ops, __u32 flags)
{
	struct dentry *dentry = file->f_path.dentry;
	struct vfsmount *mnt = file->f_path.mnt;
	const struct path *path;
	struct inode *dir = NULL;
	struct scratch *s;
	int r;

	if (has_own_path(file)) {
		dir = dentry->d_parent->d_inode;
		if (dir && !(flags & JUDGE_FULL) && dentry->d_hash.pprev &&
			passes_quietly(label, dir, mnt, dentry, ops,
				flags | own_inode(file->f_inode), S_ISDIR(file->f_inode->i_mode)))
			return 0;
	}
	s = scratch();
	if (!s)
		return fail_closed(label, LSM_WHY_STORAGE);
	if (dir) {
		walk_to(s, dentry, mnt, S_ISDIR(file->f_inode->i_mode));
		flags |= own_inode(file->f_inode);
	} else {
		path = user_path(file);
		walk_file(s, BPF_CORE_READ(path, dentry), BPF_CORE_READ(path, mnt));
		flags |= owner_of(BPF_CORE_READ(path, dentry, d_inode));
	}
	r = lsm_return(judge(label, s, ops, flags));
	if (dir)
		remember(dir, mnt, dentry, s);
	return r;
}

static __always_inline __u32 drift_flag(const struct label *label, struct file *file)
{
	const struct lsm_instance *instance = instance_of(label);

	/* Without an instance judge() refuses. */
	return !instance || is_drift(instance, file) ? LSM_DRIFT : 0;
}

/* Pipes, sockets, and what else has an inode and is no file; anonymous memory that is mapped. */
static __always_inline bool is_no_file(const struct file *file)
{
	umode_t mode = file->f_inode->i_mode;

	if (file->f_inode->i_flags & S_PRIVATE)
		return true;
	return (S_ISFIFO(mode) || S_ISSOCK(mode)) && mount_is_internal(file->f_path.mnt);
}

/* Those and memfd: a descriptor that is all there is of the object. */
static __always_inline bool is_nameless(const struct file *file)
{
	return is_no_file(file) || mount_is_internal(file->f_path.mnt);
}

/*
 * Overlayfs' own opens of its layers' files, which follow on the user's open of the overlay's file
 * (6.1: under the user's path, with the layer's inode; later marked as backing) or copy a file up
 * (on a private clone of the layer's mount, with the mounter's credentials).
 */
static __always_inline bool is_layer_open(const struct file *file)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct vfsmount *mnt;

	if (!has_own_path(file))
		return true;
	mnt = file->f_path.mnt;
	return task->cred != task->real_cred && mount_is_internal(mnt) &&
	       !(mnt->mnt_flags & MNT_INTERNAL);
}

/*
 * Opened by exec, for itself. in_execve is set too late for that since 6.8, and uselib(), which
 * opens alike, no longer does.
 */
static __always_inline bool is_exec_open(const struct file *file)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!(file->f_flags & FMODE_EXEC))
		return false;
	return LINUX_KERNEL_VERSION >= KERNEL_VERSION(6, 8, 0) ||
	       BPF_CORE_READ_BITFIELD(task, in_execve);
}

/* What having @file open for what it is open for is worth. 0: nothing (O_PATH). */
static __always_inline __u32 ops_of_open(const struct file *file)
{
	fmode_t mode = file->f_mode;
	__u32 flags = file->f_flags, ops = 0;

	if (mode & FMODE_WRITE)
		ops = OPS1((flags & O_APPEND) && !(flags & O_TRUNC) ? LSM_APPEND : LSM_WRITE);
	if (mode & FMODE_READ)
		ops = ops << 8 | OPS1(LSM_READ);
	return ops;
}

static __always_inline bool appends_only(const struct file *file)
{
	return (file->f_mode & FMODE_WRITE) && (file->f_flags & O_APPEND);
}

#endif
