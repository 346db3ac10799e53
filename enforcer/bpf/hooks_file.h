/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PALE_BPF_HOOKS_FILE_H
#define PALE_BPF_HOOKS_FILE_H

/* Opening, changing, naming and mapping files. */

#include "enforcer/bpf/file.h"
#include "enforcer/bpf/owner.h"

/* What path_mknod decided takes effect. */
static __always_inline void act_on_creation(struct label *label)
{
	struct request q = { .operation = OP_CREATE, .object = LSM_OBJECT_PATH, .in_creation = 1 };
	struct scratch *s = scratch();
	__u64 decision = label->waiting;

	label->waiting = 0;
	if (s)
		q.why = s->why;
	act(label, &q, decision, 0);
}

SEC("lsm/file_open")
int BPF_PROG(file_open, struct file *file, int ret)
{
	struct label *label = confined();
	__u64 *opened;
	__u32 ops;
	int r;

	if (ret || !label)
		return ret;
	if (is_layer_open(file))
		return 0;
	if (label->waiting) {
		if (file->f_mode & FMODE_CREATED)
			act_on_creation(label);
		label->waiting = 0;
	}
	/* The exec hooks judge what is run, mmap_file what else is mapped of it: nothing comes out
	 * of this open but through them. */
	if (is_exec_open(file))
		return 0;
	if (is_no_file(file))
		return 0;
	ops = ops_of_open(file);
	if (!ops)
		return 0;
	r = judge_file(label, file, ops, 0);
	if (!r && (file->f_mode & FMODE_WRITE)) {
		opened = bpf_inode_storage_get(
			&written, file->f_inode, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!opened)
			return fail_closed(label, LSM_WHY_STORAGE);
		*opened = bpf_ktime_get_ns();
	}
	return r;
}

/* A descriptor that another process sent. Anonymous ones (memfd and the like) are no more than what
 * came through the socket; to reopen, map or run them is judged. */
SEC("lsm/file_receive")
int BPF_PROG(file_receive, struct file *file, int ret)
{
	struct label *label = confined();
	__u32 ops;

	if (ret || !label)
		return ret;
	if (is_nameless(file))
		return 0;
	ops = ops_of_open(file);
	return ops ? judge_file(label, file, ops, 0) : 0;
}

/* A descriptor that may append must not become one that may write; and see owner.h. */
SEC("lsm/file_fcntl")
int BPF_PROG(file_fcntl, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	struct label *label = confined();

	if (ret || !label)
		return ret;
	if (cmd == F_SETOWN || cmd == F_SETOWN_EX)
		return judge_owner(label, cmd == F_SETOWN ? (int)arg : OWNER_UNKNOWN);
	if (cmd != F_SETFL || (arg & O_APPEND) || !appends_only(file) || is_nameless(file))
		return 0;
	return judge_file(label, file, OPS1(LSM_WRITE), 0);
}

/* fallocate() punches holes and shifts data under a descriptor that appends. The hook below is also
 * that of write(), which is fine; the two are told apart here. */
SEC("fentry/vfs_fallocate")
int BPF_PROG(fallocate_begins, struct file *file)
{
	struct label *label = confined();

	if (label)
		label->falloc = (__u64)file;
	return 0;
}

SEC("fexit/vfs_fallocate")
int BPF_PROG(fallocate_ended, struct file *file)
{
	struct label *label = confined();

	if (label)
		label->falloc = 0;
	return 0;
}

SEC("lsm/file_permission")
int BPF_PROG(file_permission, struct file *file, int mask, int ret)
{
	struct label *label;

	if (ret || !(mask & MAY_WRITE) || !(file->f_flags & O_APPEND))
		return ret;
	label = confined();
	if (!label || label->falloc != (__u64)file || is_nameless(file))
		return 0;
	return judge_file(label, file, OPS1(LSM_WRITE), 0);
}

/*
 * Mapping code is `map`. What an exec maps beside code must be readable in one way or another,
 * since the open that went before was not judged. A shared mapping of a file that is open for
 * appending would write anywhere.
 */
SEC("lsm/mmap_file")
int BPF_PROG(mmap_file, struct file *file, unsigned long reqprot, unsigned long prot,
	unsigned long flags, int ret)
{
	struct label *label = confined();
	struct task_struct *task = bpf_get_current_task_btf();
	unsigned long type = flags & MAP_TYPE;
	int r;

	if (ret || !label || argument_is_null(0))
		return ret;
	if (is_no_file(file))
		return 0;
	if ((prot & PROT_WRITE) && (type == MAP_SHARED || type == MAP_SHARED_VALIDATE) &&
		appends_only(file)) {
		r = judge_file(label, file, OPS1(LSM_WRITE), 0);
		if (r)
			return r;
	}
	if (prot & PROT_EXEC)
		return judge_file(label, file, OPS1(LSM_MAP), drift_flag(label, file));
	if (BPF_CORE_READ_BITFIELD(task, in_execve) && label->mapped != (__u64)file) {
		r = judge_file(label, file, OPS3(LSM_READ, LSM_EXEC, LSM_MAP),
			JUDGE_ANY | drift_flag(label, file));
		if (r)
			return r;
		label->mapped = (__u64)file;
	}
	return 0;
}

SEC("lsm/file_mprotect")
int BPF_PROG(file_mprotect, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot,
	int ret)
{
	struct label *label = confined();
	unsigned long vm_flags;
	struct file *file;
	int r;

	if (ret || !label)
		return ret;
	file = vma->vm_file;
	if (!file || is_no_file(file))
		return 0;
	vm_flags = vma->vm_flags;
	if ((prot & PROT_WRITE) && (vm_flags & VM_SHARED) && appends_only(file)) {
		r = judge_file(label, file, OPS1(LSM_WRITE), 0);
		if (r)
			return r;
	}
	if ((prot & PROT_EXEC) && !(vm_flags & VM_EXEC))
		return judge_file(label, file, OPS1(LSM_MAP), drift_flag(label, file));
	return 0;
}

/* LSM_OWNER or 0 for what @dentry names; what does not exist yet will be the caller's. Here, and
 * below, dentries are such as the verifier knows the type of. */
static __always_inline __u32 entry_owner(const struct dentry *dentry)
{
	return dentry->d_inode ? own_inode(dentry->d_inode) : LSM_OWNER;
}

static __always_inline bool is_directory_entry(const struct dentry *dentry)
{
	return dentry->d_inode && S_ISDIR(dentry->d_inode->i_mode);
}

/* @dentry in @dir, which is to be made, removed or renamed. */
static __always_inline int judge_entry(struct label *label, const struct path *dir,
	const struct dentry *dentry, __u32 ops, __u32 walk_flags, __u32 flags)
{
	struct scratch *s = scratch();

	if (!s)
		return fail_closed(label, LSM_WHY_STORAGE);
	walk(s, dentry, dir->mnt, walk_flags);
	return lsm_return(judge(label, s, ops, flags));
}

static __always_inline int judge_creation(struct label *label, const struct path *dir,
	const struct dentry *dentry, __u32 op, __u32 walk_flags, __u32 flags)
{
	return judge_entry(
		label, dir, dentry, OPS1(op), walk_flags, LSM_OWNER | JUDGE_IN_CREATION | flags);
}

/*
 * open(O_CREAT) asks before it has looked whether the file is there, and forgets the answer if it
 * is: then nothing must be reported, nor anybody killed. It has looked when it gives back the
 * mount's write access: who was refused, and finds nothing there now, was refused for that. What
 * was allowed and is to be told waits for file_open, which knows whether the file is new.
 *
 * bind() of a unix socket makes its file here, at the one place where its path is known; that is
 * `listen`.
 */
SEC("lsm/path_mknod")
int BPF_PROG(path_mknod, const struct path *dir, struct dentry *dentry, umode_t mode,
	unsigned int dev, int ret)
{
	struct label *label = confined();

	if (ret || !label)
		return ret;
	if (S_ISSOCK(mode) && label->binding) {
		label->binding = 0;
		return judge_creation(label, dir, dentry, LSM_LISTEN, 0, 0);
	}
	if (!(dentry->d_flags & DCACHE_PAR_LOOKUP))
		return judge_creation(label, dir, dentry, LSM_CREATE, 0, 0);
	label->created = (__u64)dentry;
	return judge_creation(label, dir, dentry, LSM_CREATE, 0, JUDGE_WAIT);
}

SEC("fentry/mnt_drop_write")
int BPF_PROG(drop_write, struct vfsmount *mnt)
{
	struct label *label = confined();
	const struct dentry *dentry;
	bool is_there;

	if (!label || !label->waiting)
		return 0;
	dentry = (const struct dentry *)label->created;
	is_there = BPF_CORE_READ(dentry, d_inode);
	if (verdict_of(label->waiting)) {
		if (!is_there)
			act_on_creation(label);
		label->waiting = 0;
	} else if (!is_there) {
		label->waiting = 0;
	}
	return 0;
}

SEC("lsm/path_mkdir")
int BPF_PROG(path_mkdir, const struct path *dir, struct dentry *dentry, umode_t mode, int ret)
{
	struct label *label = confined();

	if (ret || !label)
		return ret;
	return judge_creation(label, dir, dentry, LSM_CREATE, WALK_DIRECTORY, 0);
}

SEC("lsm/path_symlink")
int BPF_PROG(
	path_symlink, const struct path *dir, struct dentry *dentry, const char *old_name, int ret)
{
	struct label *label = confined();

	if (ret || !label)
		return ret;
	return judge_creation(label, dir, dentry, LSM_CREATE, 0, 0);
}

SEC("lsm/path_unlink")
int BPF_PROG(path_unlink, const struct path *dir, struct dentry *dentry, int ret)
{
	struct label *label = confined();

	if (ret || !label)
		return ret;
	return judge_entry(label, dir, dentry, OPS1(LSM_DELETE), 0, entry_owner(dentry));
}

SEC("lsm/path_rmdir")
int BPF_PROG(path_rmdir, const struct path *dir, struct dentry *dentry, int ret)
{
	struct label *label = confined();

	if (ret || !label)
		return ret;
	return judge_entry(
		label, dir, dentry, OPS1(LSM_DELETE), WALK_DIRECTORY, entry_owner(dentry));
}

/* Both paths are judged as what stands there before or will afterwards: an exchange of a file and a
 * directory is four. What is replaced is judged as whose it is. */
SEC("lsm/path_rename")
int BPF_PROG(path_rename, const struct path *old_dir, struct dentry *old_dentry,
	const struct path *new_dir, struct dentry *new_dentry, unsigned int flags, int ret)
{
	struct label *label = confined();
	__u32 old_walk, new_walk, old_owner, new_owner, ops = OPS1(LSM_RENAME);
	int r;

	if (ret || !label)
		return ret;
	old_walk = is_directory_entry(old_dentry) ? WALK_DIRECTORY : 0;
	old_owner = entry_owner(old_dentry);
	new_owner = new_dentry->d_inode ? entry_owner(new_dentry) : old_owner;
	/* Leaves a device file behind. */
	if (flags & RENAME_WHITEOUT)
		ops = OPS2(LSM_RENAME, LSM_CREATE);
	r = judge_entry(label, old_dir, old_dentry, ops, old_walk, old_owner);
	if (r)
		return r;
	r = judge_entry(label, new_dir, new_dentry, OPS1(LSM_RENAME), old_walk, new_owner);
	if (r || !(flags & RENAME_EXCHANGE))
		return r;
	new_walk = is_directory_entry(new_dentry) ? WALK_DIRECTORY : 0;
	if (new_walk == old_walk)
		return 0;
	r = judge_entry(label, old_dir, old_dentry, OPS1(LSM_RENAME), new_walk, old_owner);
	if (r)
		return r;
	return judge_entry(label, new_dir, new_dentry, OPS1(LSM_RENAME), new_walk, new_owner);
}

/* Both names are on one mount, or the call has failed by now. */
SEC("lsm/path_link")
int BPF_PROG(path_link, struct dentry *old_dentry, const struct path *new_dir,
	struct dentry *new_dentry, int ret)
{
	struct label *label = confined();
	__u32 owner;
	int r;

	if (ret || !label)
		return ret;
	owner = entry_owner(old_dentry);
	r = judge_entry(label, new_dir, old_dentry, OPS1(LSM_LINK), WALK_EXISTS, owner);
	if (r)
		return r;
	return judge_entry(label, new_dir, new_dentry, OPS1(LSM_LINK), 0, owner);
}

/* @path of something that exists. */
static __always_inline int judge_path(struct label *label, const struct path *path, __u32 op)
{
	const struct dentry *dentry = BPF_CORE_READ(path, dentry);
	const struct vfsmount *mnt = BPF_CORE_READ(path, mnt);
	struct scratch *s = scratch();

	if (!s)
		return fail_closed(label, LSM_WHY_STORAGE);
	/* memfd, pipes and sockets through their own descriptors */
	if (mount_is_internal(mnt))
		return 0;
	walk_file(s, dentry, mnt);
	/* A file without any name: only a descriptor that was judged when it was opened gets here.
	 */
	if (op == LSM_WRITE && s->why == LSM_WHY_UNLINKED &&
		!BPF_CORE_READ(dentry, d_inode, i_nlink))
		return 0;
	return lsm_return(judge(label, s, OPS1(op), owner_of(BPF_CORE_READ(dentry, d_inode))));
}

/* truncate; on 6.1 also ftruncate and open(O_TRUNC), which go to file_truncate later. */
SEC("lsm/path_truncate")
int BPF_PROG(path_truncate, const struct path *path, int ret)
{
	struct label *label = confined();

	if (ret || !label)
		return ret;
	return judge_path(label, path, LSM_WRITE);
}

SEC("?lsm/file_truncate")
int BPF_PROG(file_truncate, struct file *file, int ret)
{
	struct label *label = confined();

	if (ret || !label)
		return ret;
	/* Judged when it was opened. */
	if ((file->f_mode & FMODE_WRITE) && !(file->f_flags & O_APPEND))
		return 0;
	return is_nameless(file) ? 0 : judge_file(label, file, OPS1(LSM_WRITE), 0);
}

SEC("lsm/path_chmod")
int BPF_PROG(path_chmod, const struct path *path, umode_t mode, int ret)
{
	struct label *label = confined();

	if (ret || !label)
		return ret;
	return judge_path(label, path, LSM_SETATTR);
}

SEC("lsm/path_chown")
int BPF_PROG(path_chown, const struct path *path, __u64 uid, __u64 gid, int ret)
{
	struct label *label = confined();

	if (ret || !label)
		return ret;
	return judge_path(label, path, LSM_SETATTR);
}

/*
 * Times and extended attributes: their hooks name the dentry alone. Before each change the caller
 * asks the mount for write access, and that is where the mount is learned.
 */
SEC("fentry/mnt_want_write")
int BPF_PROG(want_write, struct vfsmount *mnt)
{
	struct label *label = confined();

	if (label)
		label->mount = (__u64)mnt;
	return 0;
}

SEC("fentry/mnt_want_write_file")
int BPF_PROG(want_write_file, struct file *file)
{
	struct label *label = confined();

	if (label)
		label->mount = (__u64)BPF_CORE_READ(user_path(file), mnt);
	return 0;
}

static __always_inline int judge_attribute(struct label *label, const struct dentry *dentry)
{
	const struct vfsmount *mnt = (const struct vfsmount *)label->mount;
	struct task_struct *task = bpf_get_current_task_btf();
	struct scratch *s;

	/* Overlayfs does to a layer what it was asked to do; since 6.7 without asking its mount. */
	if (mnt && BPF_CORE_READ(mnt, mnt_sb) != BPF_CORE_READ(dentry, d_sb) &&
		BPF_CORE_READ(mnt, mnt_sb, s_magic) == OVERLAYFS_SUPER_MAGIC &&
		BPF_CORE_READ(task, cred) != BPF_CORE_READ(task, real_cred))
		return 0;
	s = scratch();
	if (!s)
		return fail_closed(label, LSM_WHY_STORAGE);
	if (mnt && BPF_CORE_READ(mnt, mnt_sb) == BPF_CORE_READ(dentry, d_sb)) {
		/* an overlay's layer, a memfd */
		if (mount_is_internal(mnt))
			return 0;
		walk_file(s, dentry, mnt);
	} else {
		s->begin = LSM_PATH_BYTES;
		prepend(s, BPF_CORE_READ(dentry, d_name.name), BPF_CORE_READ(dentry, d_name.len));
		s->why = LSM_WHY_NO_MOUNT;
	}
	return lsm_return(
		judge(label, s, OPS1(LSM_SETATTR), owner_of(BPF_CORE_READ(dentry, d_inode))));
}

/* Since 6.9 the hook's first argument is the mount's idmap. Set by the loader. */
const volatile bool setattr_has_idmap = false;

static __always_inline int judge_times(struct dentry *dentry, struct iattr *attr, int ret)
{
	struct label *label = confined();

	if (ret || !label)
		return ret;
	if (!(attr->ia_valid & (ATTR_ATIME | ATTR_MTIME)) ||
		(attr->ia_valid & (ATTR_MODE | ATTR_UID | ATTR_GID | ATTR_SIZE)))
		return 0;
	return judge_attribute(label, dentry);
}

/* Mode, owner and size have hooks of their own, with the path. */
SEC("lsm/inode_setattr")
int inode_setattr(unsigned long long *ctx)
{
	if (setattr_has_idmap)
		return judge_times((void *)ctx[1], (void *)ctx[2], (int)ctx[3]);
	return judge_times((void *)ctx[0], (void *)ctx[1], (int)ctx[2]);
}

SEC("lsm/inode_setxattr")
int BPF_PROG(inode_setxattr, void *idmap, struct dentry *dentry, const char *name,
	const void *value, __u64 size, int flags, int ret)
{
	struct label *label = confined();

	if (ret || !label)
		return ret;
	return judge_attribute(label, dentry);
}

SEC("lsm/inode_removexattr")
int BPF_PROG(inode_removexattr, void *idmap, struct dentry *dentry, const char *name, int ret)
{
	struct label *label = confined();

	if (ret || !label)
		return ret;
	return judge_attribute(label, dentry);
}

SEC("?lsm/inode_set_acl")
int BPF_PROG(
	inode_set_acl, void *idmap, struct dentry *dentry, const char *name, void *acl, int ret)
{
	struct label *label = confined();

	if (ret || !label)
		return ret;
	return judge_attribute(label, dentry);
}

SEC("?lsm/inode_remove_acl")
int BPF_PROG(inode_remove_acl, void *idmap, struct dentry *dentry, const char *name, int ret)
{
	struct label *label = confined();

	if (ret || !label)
		return ret;
	return judge_attribute(label, dentry);
}

/*
 * Is it a terminal, how large, whose, what waits in it: C libraries and languages ask that of
 * whatever they open, and the derived set of calls lets every process ask. None of these changes
 * anything.
 */
static __always_inline bool only_asks(unsigned int cmd)
{
	return cmd == TCGETS || cmd == TCGETS2 || cmd == TIOCGWINSZ || cmd == TIOCGPGRP ||
	       cmd == TIOCGSID || cmd == TIOCOUTQ || cmd == FIONREAD;
}

/* Sharing blocks is reading and writing of files that were judged when they were opened; cp tries
 * it first. */
static __always_inline bool only_copies(unsigned int cmd)
{
	return cmd == FICLONE || cmd == FICLONERANGE;
}

/* What only concerns the descriptor passes; flags of the inode are attributes too. */
static __always_inline int judge_ioctl(struct file *file, unsigned int cmd)
{
	struct label *label = confined();

	if (label && (cmd == FIOSETOWN || cmd == SIOCSPGRP))
		return judge_owner(label, OWNER_UNKNOWN);
	if (!label || cmd == FIONBIO || cmd == FIOASYNC || cmd == FIOCLEX || cmd == FIONCLEX ||
		only_asks(cmd) || only_copies(cmd) || is_nameless(file))
		return 0;
	return judge_file(label, file,
		cmd == FS_IOC_SETFLAGS || cmd == FS_IOC32_SETFLAGS || cmd == FS_IOC_SETVERSION ||
				cmd == FS_IOC32_SETVERSION || cmd == FS_IOC_FSSETXATTR
			? OPS2(LSM_IOCTL, LSM_SETATTR)
			: OPS1(LSM_IOCTL),
		0);
}

SEC("lsm/file_ioctl")
int BPF_PROG(file_ioctl, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	return ret ? ret : judge_ioctl(file, cmd);
}

SEC("?lsm/file_ioctl_compat")
int BPF_PROG(file_ioctl_compat, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	return ret ? ret : judge_ioctl(file, cmd);
}

SEC("lsm/file_lock")
int BPF_PROG(file_lock, struct file *file, unsigned int cmd, int ret)
{
	struct label *label = confined();

	if (ret || !label)
		return ret;
	if (cmd == F_UNLCK || is_nameless(file))
		return 0;
	return judge_file(label, file, OPS1(LSM_LOCK), 0);
}

#endif
