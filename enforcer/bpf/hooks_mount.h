/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PALE_BPF_HOOKS_MOUNT_H
#define PALE_BPF_HOOKS_MOUNT_H

/*
 * Mounting, binding, unmounting, changing the root.
 *
 * mount(2) tells what it is going to do by its flags, which are read in the kernel's order. What it
 * binds is a name that the kernel looks up after it has asked, and there is no other hook until the
 * mount is there. So the name is taken by its letters, from the caller's root or working directory,
 * and no symbolic link is followed while it is looked up.
 *
 * fsopen(2) and open_tree(2) make mounts that are nowhere; move_mount(2) shows them. Of these the
 * place, the type, the source's name and the options can be read. What was made by fsconfig(2) is
 * remembered with the root of the file system; what open_tree(2) cloned has the places where the
 * same directory shows in the caller's namespace as its sources. Is the one or the other allowed,
 * then so is the mount: what is shown is the same.
 */

#include "enforcer/bpf/mount.h"

/* Who made a file system: instance, generation, domain. Several may share one that all can mount.
 */
#define MAKERS 4

struct makers {
	__u64 v[MAKERS];
	__u32 next;
	__u32 unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct makers);
} made SEC(".maps");

static __always_inline __u64 maker_of(const struct label *label)
{
	return (__u64)label->generation << 32 | (__u64)(label->instance & 0xffff) << 16 |
	       label->domain;
}

static __always_inline int zero_type(struct mounting *m)
{
	__builtin_memset(m->type, 0, sizeof(m->type));
	return 0;
}

/* A name that has no room is none. */
static __always_inline void set_type(struct mounting *m, const char *name)
{
	zero_type(m);
	if (name && bpf_probe_read_kernel_str(m->type, LSM_FSTYPE_BYTES, name) >= LSM_FSTYPE_BYTES)
		zero_type(m);
}

/* As it would have to be written for mount(2): "fuse.sshfs". */
static __always_inline void set_type_of(struct mounting *m, const struct super_block *sb)
{
	const char *subtype = BPF_CORE_READ(sb, s_subtype);
	long len, more;

	zero_type(m);
	len = bpf_probe_read_kernel_str(m->type, LSM_FSTYPE_BYTES, BPF_CORE_READ(sb, s_type, name));
	if (len < 1 || len >= LSM_FSTYPE_BYTES) {
		zero_type(m);
		return;
	}
	if (!subtype)
		return;
	len = masked(len, LSM_FSTYPE_BYTES);
	more = bpf_probe_read_kernel_str(&m->type[len], LSM_FSTYPE_BYTES, subtype);
	if (more < 1 || len + more > LSM_FSTYPE_BYTES) {
		zero_type(m);
		return;
	}
	if (more > 1)
		m->type[masked(len - 1, LSM_FSTYPE_BYTES)] = '.';
}

/* @name, which is of the kernel's memory, as it is. */
static __always_inline void set_source(struct mounting *m, const char *name)
{
	long len;
	__u32 begin;

	m->has_source = 0;
	m->source_begin = LSM_PATH_BYTES;
	if (!name)
		return;
	len = bpf_probe_read_kernel_str(m->given, LSM_PATH_BYTES, name);
	if (len < 1)
		return;
	m->end = len - 1;
	m->has_source = 1;
	if (len == 1)
		return;
	begin = masked(LSM_PATH_BYTES - (len - 1), LSM_PATH_BYTES);
	len = masked(len - 1, LSM_PATH_BYTES);
	if (bpf_probe_read_kernel(&m->source[begin], len, m->given))
		m->has_source = 0;
	else
		m->source_begin = begin;
}

/* The path in the scratch. */
static __always_inline void take_place(struct mounting *m, const struct scratch *s)
{
	__u32 begin = s->begin;

	m->why = s->why;
	m->place_begin = LSM_PATH_BYTES;
	if (begin >= LSM_PATH_BYTES)
		return;
	begin = masked(begin, LSM_PATH_BYTES);
	bpf_probe_read_kernel(&m->place[begin], LSM_PATH_BYTES - begin, &s->text[begin]);
	m->place_begin = begin;
}

static __always_inline void take_source(struct mounting *m, const struct scratch *s)
{
	__u32 begin = s->begin;

	m->has_source = 0;
	m->source_begin = LSM_PATH_BYTES;
	if (begin >= LSM_PATH_BYTES)
		return;
	begin = masked(begin, LSM_PATH_BYTES);
	bpf_probe_read_kernel(&m->source[begin], LSM_PATH_BYTES - begin, &s->text[begin]);
	m->source_begin = begin;
	m->has_source = !s->why;
}

/* ---- the source of a bind of mount(2) */

struct naming {
	struct scratch *s;
	struct mounting *m;
};

/* From the end, so that ".." is known before what it takes away. Text goes to the scratch. */
static long name_step(__u32 i, struct naming *w)
{
	struct scratch *s = w->s;
	struct mounting *m = w->m;
	__u32 at = m->at, len;
	const char *name;

	if (at && m->given[masked(at - 1, LSM_PATH_BYTES)] != '/') {
		m->at = at - 1;
		return 0;
	}
	len = m->end - at;
	name = &m->given[masked(at, LSM_PATH_BYTES)];
	if (!len || (len == 1 && name[0] == '.')) {
		;
	} else if (len == 2 && name[0] == '.' && name[1] == '.') {
		m->skip++;
	} else if (m->skip) {
		m->skip--;
	} else if ((s->begin != LSM_PATH_BYTES || m->directory) && !prepend_slash(s)) {
		m->unclear = 1;
		return 1;
	} else if (!prepend(s, name, len)) {
		m->unclear = 1;
		return 1;
	}
	if (!at)
		return 1;
	m->at = m->end = at - 1;
	return 0;
}

/*
 * Makes of m->given, which set_source() read, the path that it stands for. Another thread could
 * change a working directory that it shares before the kernel looks: then a relative name is none.
 * Text goes through m->place.
 */
__noinline int name_source(struct scratch *s, struct mounting *m)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct naming w = { .s = s, .m = m };
	const struct fs_struct *fs;
	__u32 begin, len;
	bool absolute;

	if (!s || !m || !m->has_source || !m->end)
		return 0;
	m->has_source = 0;
	fs = BPF_CORE_READ(task, fs);
	absolute = m->given[0] == '/';
	if (absolute)
		walk(s, BPF_CORE_READ(fs, root.dentry), BPF_CORE_READ(fs, root.mnt),
			WALK_DIRECTORY | WALK_EXISTS);
	else
		walk(s, BPF_CORE_READ(fs, pwd.dentry), BPF_CORE_READ(fs, pwd.mnt),
			WALK_DIRECTORY | WALK_EXISTS);
	if (s->why || (!absolute && BPF_CORE_READ(fs, users) != 1))
		return 0;
	take_place(m, s);
	s->begin = LSM_PATH_BYTES;
	m->at = m->end;
	m->skip = m->unclear = 0;
	bpf_loop(LSM_PATH_BYTES + 1, name_step, &w, 0);
	if (m->unclear || (m->skip && !absolute))
		return 0;
	take_source(m, s);
	begin = m->source_begin;
	len = LSM_PATH_BYTES - m->place_begin;
	if (!len || len >= LSM_PATH_BYTES || len > begin) {
		m->has_source = 0;
		return 0;
	}
	len = masked(len, LSM_PATH_BYTES);
	begin = masked(begin - len, LSM_PATH_BYTES);
	m->has_source = !bpf_probe_read_kernel(
		&m->source[begin], len, &m->place[masked(m->place_begin, LSM_PATH_BYTES)]);
	m->source_begin = begin;
	return 0;
}

/* ---- verdict and event */

/* The scratch gets the event's text. What has no room is left off. */
__noinline int tell_mount(struct scratch *s, struct mounting *m)
{
	__u32 begin, len, type;

	if (!s || !m)
		return 0;
	begin = m->place_begin;
	s->why = m->why;
	s->begin = LSM_PATH_BYTES;
	if (begin < LSM_PATH_BYTES) {
		begin = masked(begin, LSM_PATH_BYTES);
		/* The slack behind the text is too small for the verifier. */
		for (__u32 i = 0; i < LSM_PATH_BYTES / 128; i++) {
			__u32 from = begin + 128 * i;

			if (from >= LSM_PATH_BYTES)
				break;
			from = masked(from, LSM_PATH_BYTES);
			bpf_probe_read_kernel(&s->text[from], 128, &m->place[from]);
		}
		s->begin = begin;
	}
	for (type = 0; type < LSM_FSTYPE_BYTES; type++)
		if (!m->type[type])
			break;
	len = LSM_PATH_BYTES - m->source_begin;
	if (len > LSM_SOURCE_SHOWN)
		len = LSM_SOURCE_SHOWN;
	if (s->begin < LSM_FSTYPE_BYTES + LSM_SOURCE_SHOWN + 2)
		return 0;
	begin = s->begin - 1;
	s->text[masked(begin, LSM_PATH_BYTES)] = 0;
	s->begin = begin;
	if (len)
		prepend(s, &m->source[masked(LSM_PATH_BYTES - len, LSM_PATH_BYTES)], len);
	begin = s->begin - 1;
	s->text[masked(begin, LSM_PATH_BYTES)] = 0;
	s->begin = begin;
	if (type)
		prepend(s, m->type, type);
	return 0;
}

static __always_inline int act_on_mount(struct label *label, struct scratch *s, struct mounting *m)
{
	struct request q = {};

	q.operation = m->kind == LSM_MOUNT_BIND ? OP_BIND : OP_MOUNT;
	q.object = LSM_OBJECT_MOUNT;
	q.why = m->why;
	q.number = m->kind == LSM_MOUNT_NEW ? m->flags & LSM_MOUNT_FLAGS : 0;
	q.detail = m->kind;
	if (m->why)
		count_unresolved(label, m->why);
	tell_mount(s, m);
	return lsm_return(act(label, &q, m->decision, 0));
}

static __always_inline void walk_place(struct scratch *s, struct mounting *m,
	const struct dentry *dentry, const struct vfsmount *mnt)
{
	m->directory = is_directory(dentry);
	walk(s, dentry, mnt, m->directory ? WALK_DIRECTORY : 0);
	take_place(m, s);
}

static __always_inline __u32 kind_of(unsigned long flags)
{
	if (flags & MS_REMOUNT)
		return LSM_MOUNT_REMOUNT;
	if (flags & MS_BIND)
		return LSM_MOUNT_BIND;
	if (flags & MS_PROPAGATION)
		return LSM_MOUNT_PROPAGATION;
	if (flags & MS_MOVE)
		return LSM_MOUNT_MOVE;
	return LSM_MOUNT_NEW;
}

SEC("lsm/sb_mount")
int BPF_PROG(sb_mount, const char *dev_name, const struct path *path, const char *type,
	unsigned long flags, void *data, int ret)
{
	struct label *label = confined();
	const struct dentry *dentry;
	const struct vfsmount *mnt;
	struct mounting *m;
	struct scratch *s;
	int r;

	if (ret || !label)
		return ret;
	label->bind_source = 0;
	label->mounts = label->remounts = 0;
	s = scratch();
	m = mounting();
	if (!s || !m)
		return fail_closed(label, LSM_WHY_STORAGE);
	dentry = BPF_CORE_READ(path, dentry);
	mnt = BPF_CORE_READ(path, mnt);
	m->kind = kind_of(flags);
	m->flags = flags & LSM_MOUNT_FLAGS;
	set_type(m, m->kind == LSM_MOUNT_NEW ? type : NULL);
	set_source(m,
		m->kind == LSM_MOUNT_REMOUNT || m->kind == LSM_MOUNT_PROPAGATION ? NULL : dev_name);
	m->directory = is_directory(dentry);
	if (m->kind == LSM_MOUNT_BIND)
		name_source(s, m);
	walk_place(s, m, dentry, mnt);
	decide_mount(label, m);
	r = act_on_mount(label, s, m);
	if (r)
		return r;
	if (m->kind == LSM_MOUNT_BIND)
		label->bind_source = (__u64)dev_name;
	label->mounts = m->kind == LSM_MOUNT_NEW;
	label->remounts = m->kind == LSM_MOUNT_REMOUNT;
	return 0;
}

SEC("fentry/kern_path")
int BPF_PROG(lookup_begins, const char *name, unsigned int flags)
{
	struct label *label = confined();

	if (label && label->bind_source && label->bind_source == (__u64)name &&
		flags == (LOOKUP_FOLLOW | LOOKUP_AUTOMOUNT))
		label->follows = 1;
	return 0;
}

SEC("fexit/kern_path")
int BPF_PROG(lookup_ended, const char *name)
{
	struct label *label = confined();

	if (label) {
		label->follows = 0;
		label->bind_source = 0;
	}
	return 0;
}

/* The scratch still holds what sb_mount told. */
SEC("lsm/inode_follow_link")
int BPF_PROG(inode_follow_link, struct dentry *dentry, struct inode *inode, bool rcu, int ret)
{
	struct label *label = confined();
	struct request q = { .operation = OP_BIND, .object = LSM_OBJECT_MOUNT };

	if (ret || !label || !label->follows)
		return ret;
	q.detail = LSM_MOUNT_BIND;
	return lsm_return(act(label, &q, domain_decision(label, d->by_default[OP_BIND]), 0));
}

/* ---- file systems as such */

/* mount(2) has been judged when it gets here; fsconfig(2), which makes the same, has not. */
SEC("lsm/sb_kern_mount")
int BPF_PROG(sb_kern_mount, const struct super_block *sb, int ret)
{
	struct label *label = confined();
	struct makers *makers;
	struct mounting *m;
	struct scratch *s;
	__u64 maker;
	__u32 next;
	int r;

	if (ret || !label)
		return ret;
	s = scratch();
	m = mounting();
	if (!s || !m)
		return fail_closed(label, LSM_WHY_STORAGE);
	if (!label->mounts) {
		m->kind = LSM_MOUNT_NEW;
		m->flags = m->why = 0;
		set_type_of(m, sb);
		set_source(m, NULL);
		m->place_begin = LSM_PATH_BYTES;
		if (!allows_type(label, m)) {
			r = act_on_mount(label, s, m);
			if (r)
				return r;
		}
	}
	label->mounts = 0;
	makers = bpf_inode_storage_get(
		&made, sb->s_root->d_inode, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!makers)
		return fail_closed(label, LSM_WHY_STORAGE);
	maker = maker_of(label);
	for (next = 0; next < MAKERS; next++)
		if (makers->v[next] == maker)
			return 0;
	next = __sync_fetch_and_add(&makers->next, 1);
	makers->v[masked(next, MAKERS)] = maker;
	return 0;
}

SEC("fentry/vfs_get_tree")
int BPF_PROG(get_tree_begins)
{
	struct label *label = confined();

	if (label)
		label->gets_tree = 1;
	return 0;
}

SEC("fexit/vfs_get_tree")
int BPF_PROG(get_tree_ended)
{
	struct label *label = confined();

	if (label)
		label->gets_tree = 0;
	return 0;
}

/* fspick(2) and fsconfig(2). Some file systems of which there is only one are changed by every
 * mount of them. */
SEC("lsm/sb_remount")
int BPF_PROG(sb_remount, struct super_block *sb, void *options, int ret)
{
	struct label *label = confined();
	struct mounting *m;
	struct scratch *s;

	if (ret || !label || label->gets_tree)
		return ret;
	if (label->remounts) {
		label->remounts = 0;
		return 0;
	}
	s = scratch();
	m = mounting();
	if (!s || !m)
		return fail_closed(label, LSM_WHY_STORAGE);
	m->kind = LSM_MOUNT_REMOUNT;
	m->flags = m->why = 0;
	set_type_of(m, sb);
	set_source(m, NULL);
	m->place_begin = LSM_PATH_BYTES;
	m->decision = domain_decision(label, d->by_default[OP_MOUNT]);
	return act_on_mount(label, s, m);
}

/* ---- mounts that are nowhere yet */

static __always_inline __u32 options_of(const struct vfsmount *mnt)
{
	int flags = BPF_CORE_READ(mnt, mnt_flags);
	__u32 options = 0;

	if ((flags & MNT_READONLY) || (BPF_CORE_READ(mnt, mnt_sb, s_flags) & SB_RDONLY))
		options |= 1;
	if (flags & MNT_NOSUID)
		options |= 2;
	if (flags & MNT_NODEV)
		options |= 4;
	if (flags & MNT_NOEXEC)
		options |= 8;
	return options;
}

struct finding {
	struct label *label;
	struct scratch *s;
	struct mounting *m;
};

/* A file system's mounts are a ring around it, since 6.18 a list that ends. */
static __always_inline bool mounts_are_list(void)
{
	return bpf_core_field_exists(struct mount___single, mnt_next_for_sb);
}

/* The next mount of the same file system: does it show the directory in the caller's namespace, and
 * may that be bound? */
static long find_step(__u32 i, struct finding *w)
{
	struct scratch *s = w->s;
	struct mounting *m = w->m;
	struct task_struct *task = bpf_get_current_task_btf();
	const struct mount *mount;
	__u64 node = m->node, next = 0;

	if (node == m->list)
		return 1;
	if (mounts_are_list()) {
		mount = (const struct mount *)node;
		next = (__u64)BPF_CORE_READ((const struct mount___single *)node, mnt_next_for_sb);
	} else {
		mount = core_container(node, struct mount, mnt_instance);
		if (bpf_probe_read_kernel(&next, sizeof(next), (const void *)node)) {
			m->unclear = 1;
			return 1;
		}
	}
	m->node = next;
	if ((__u64)mount == m->detached ||
		BPF_CORE_READ(mount, mnt_ns) != BPF_CORE_READ(task, nsproxy, mnt_ns))
		return 0;
	walk(s, (const struct dentry *)m->root,
		(const struct vfsmount *)((__u64)mount + bpf_core_field_offset(struct mount, mnt)),
		m->directory ? WALK_DIRECTORY : 0);
	if (s->why)
		return 0;
	take_source(m, s);
	return decide_mount(w->label, m) ? 1 : 0;
}

static __always_inline const void *first_mount(const struct super_block *sb)
{
	if (mounts_are_list())
		return BPF_CORE_READ((const struct super_block___single *)sb, s_mounts);
	return BPF_CORE_READ(sb, s_mounts.next);
}

#define FIND_MOUNTS   (1 << 14)
#define FIND_ATTEMPTS 4

/* Sets source and decision: of the first place that may be bound, else of the last; without any, of
 * none. */
__noinline int find_bound(struct label *label, struct scratch *s, struct mounting *m)
{
	struct finding w = { .label = label, .s = s, .m = m };
	__u32 i;

	if (!label || !s || !m)
		return 0;
	m->kind = LSM_MOUNT_BIND;
	m->has_source = 0;
	m->source_begin = LSM_PATH_BYTES;
	zero_type(m);
	decide_mount(label, m);
	for (i = 0; i < FIND_ATTEMPTS; i++) {
		m->unclear = 0;
		m->node = (__u64)first_mount((const struct super_block *)m->sb);
		bpf_loop(FIND_MOUNTS, find_step, &w, 0);
		/* A mount went away under us. */
		if (allows(m->decision) || !m->unclear)
			break;
	}
	return allows(m->decision);
}

/* A whole file system without others in it, which this domain has made. */
static __always_inline bool is_made(const struct label *label, const struct path *from)
{
	const struct mount *mount = real_mount(from->mnt);
	const struct makers *makers;
	__u64 children = (__u64)mount + bpf_core_field_offset(struct mount, mnt_mounts);
	__u64 maker = maker_of(label);
	int i;

	if (from->dentry != from->mnt->mnt_sb->s_root ||
		(__u64)BPF_CORE_READ(mount, mnt_mounts.next) != children)
		return false;
	makers = bpf_inode_storage_get(&made, from->dentry->d_inode, NULL, 0);
	if (!makers)
		return false;
	for (i = 0; i < MAKERS; i++)
		if (makers->v[i] == maker)
			return true;
	return false;
}

SEC("lsm/move_mount")
int BPF_PROG(move_mount, const struct path *from, const struct path *to, int ret)
{
	struct label *label = confined();
	struct task_struct *task = bpf_get_current_task_btf();
	const struct mount *mount;
	const struct super_block *sb;
	struct mounting *m;
	struct scratch *s;

	if (ret || !label)
		return ret;
	s = scratch();
	m = mounting();
	if (!s || !m)
		return fail_closed(label, LSM_WHY_STORAGE);
	mount = real_mount(from->mnt);
	sb = from->mnt->mnt_sb;
	m->flags = options_of(from->mnt);
	zero_type(m);
	set_source(m, NULL);
	/* The kernel refuses those of other namespaces, and parts of a tree that is nowhere. */
	if (BPF_CORE_READ(mount, mnt_parent) != mount ||
		BPF_CORE_READ(mount, mnt_ns) == BPF_CORE_READ(task, nsproxy, mnt_ns)) {
		m->kind = LSM_MOUNT_MOVE;
		walk(s, from->dentry, from->mnt, is_directory(from->dentry) ? WALK_DIRECTORY : 0);
		take_source(m, s);
		walk_place(s, m, to->dentry, to->mnt);
		decide_mount(label, m);
		return act_on_mount(label, s, m);
	}
	walk_place(s, m, to->dentry, to->mnt);
	m->detached = (__u64)mount;
	m->root = (__u64)from->dentry;
	m->sb = (__u64)sb;
	m->list = 0;
	if (!mounts_are_list())
		m->list = (__u64)sb + bpf_core_field_offset(struct super_block, s_mounts);
	if (!is_made(label, from)) {
		find_bound(label, s, m);
		return act_on_mount(label, s, m);
	}
	if (!find_bound(label, s, m)) {
		m->kind = LSM_MOUNT_NEW;
		set_type_of(m, sb);
		set_source(m, BPF_CORE_READ(mount, mnt_devname));
		decide_mount(label, m);
	}
	return act_on_mount(label, s, m);
}

/* ---- the rest */

SEC("lsm/sb_umount")
int BPF_PROG(sb_umount, struct vfsmount *mnt, int flags, int ret)
{
	struct label *label = confined();
	struct scratch *s;
	struct dentry *root;

	if (ret || !label)
		return ret;
	s = scratch();
	if (!s)
		return fail_closed(label, LSM_WHY_STORAGE);
	root = mnt->mnt_root;
	walk(s, root, mnt, is_directory(root) ? WALK_DIRECTORY : 0);
	return lsm_return(
		judge(label, s, OPS1(LSM_UMOUNT), owner_of(BPF_CORE_READ(root, d_inode))));
}

SEC("lsm/sb_pivotroot")
int BPF_PROG(sb_pivotroot, const struct path *old, const struct path *new, int ret)
{
	struct label *label = confined();
	struct request q = { .operation = OP_PIVOT };

	if (ret || !label)
		return ret;
	return lsm_return(act(label, &q, domain_decision(label, d->pivot), 0));
}

#endif
