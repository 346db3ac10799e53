/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PALE_BPF_KERNEL_H
#define PALE_BPF_KERNEL_H

/*
 * What the programs read of the kernel's structures, and no more: field offsets are filled in at
 * load from the running kernel's BTF, so that building needs neither its headers nor a dump of its
 * types. A field that moved between the kernels we know has a flavour (___ suffix) for each place.
 */

#include <linux/bpf.h>
#include <linux/types.h>
#include <linux/version.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define __core __attribute__((preserve_access_index))

typedef __u16 umode_t;
typedef __u32 fmode_t;

typedef struct {
	__u32 val;
} kuid_t;

struct hlist_bl_node {
	struct hlist_bl_node *next, **pprev;
} __core;

struct qstr {
	__u32 hash;
	__u32 len;
	const unsigned char *name;
} __core;

struct list_head {
	struct list_head *next, *prev;
} __core;

struct file_system_type {
	const char *name;
} __core;

struct bpf_map {
	__u32 id;
	char name[16];
} __core;

struct super_block {
	__u32 s_dev;
	struct file_system_type *s_type;
	unsigned long s_flags;
	unsigned long s_magic;
	struct dentry *s_root;
	struct list_head s_mounts;
	const char *s_subtype;
} __core;

struct inode {
	umode_t i_mode;
	kuid_t i_uid;
	unsigned int i_flags;
	unsigned int i_nlink;
	unsigned long i_ino;
	struct super_block *i_sb;
} __core;

struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
} __core;

struct inode___timespec { /* 6.1 */
	struct timespec64 i_ctime;
} __core;

struct inode___wrapped { /* 6.6 */
	struct timespec64 __i_ctime;
} __core;

struct inode___split { /* 6.11 */
	__s64 i_ctime_sec;
	__u32 i_ctime_nsec;
} __core;

struct dentry {
	unsigned char d_iname[32]; /* 40 since 6.11 */
	unsigned int d_flags;
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
} __core;

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
	int mnt_flags;
} __core;

struct mnt_namespace {
	struct mount *root;
} __core;

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct list_head mnt_mounts;   /* its children */
	struct list_head mnt_instance; /* in s_mounts */
	const char *mnt_devname;
	struct mnt_namespace *mnt_ns;
} __core;

struct super_block___single { /* 6.18 */
	struct mount *s_mounts;
} __core;

struct mount___single { /* 6.18 */
	struct mount *mnt_next_for_sb;
} __core;

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
} __core;

struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned int f_flags;
	fmode_t f_mode;
	void *private_data;
} __core;

struct backing_file { /* 6.6; its path is private to the kernel but in its BTF */
	struct file file;
	struct path user_path;
} __core;

struct ovl_inode { /* of the overlay module, if that is loaded before the programs are */
	struct inode vfs_inode;
	struct dentry *__upperdentry;
} __core;

struct vm_area_struct {
	unsigned long vm_flags;
	struct file *vm_file;
} __core;

struct ns_common {
	unsigned int inum;
} __core;

struct pid_namespace {
	struct pid_namespace *parent;
	struct ns_common ns;
} __core;

struct upid {
	int nr;
	void *ns; /* a struct pid_namespace */
} __core;

struct pid {
	unsigned int level;
	struct upid numbers[1];
} __core;

struct proc_inode {
	struct pid *pid;
	struct inode vfs_inode;
} __core;

struct nsproxy {
	struct mnt_namespace *mnt_ns;
} __core;

struct fs_struct {
	int users;
	struct path root, pwd;
} __core;

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live; /* threads that have not ended */
	unsigned int flags;
	int group_exit_code;
	struct pid *pids[4];
	struct tty_struct *tty; /* the controlling terminal */
} __core;

#define PIDTYPE_TGID 1

/* kernel_cap_t: two u32 until 6.2, then one u64; the same eight bytes on little-endian machines. */
typedef struct {
	__u8 bytes[8];
} kernel_cap_t;

struct user_namespace;

struct cred {
	kuid_t uid;
	kuid_t fsuid;
	kernel_cap_t cap_bset;
	struct user_namespace *user_ns;
} __core;

struct thread_info {
	__u32 status;
} __core;

struct bpf_local_storage;
struct io_uring_task;
struct seccomp_filter;

struct seccomp {
	int mode;
	struct seccomp_filter *filter; /* the one that was put on last */
} __core;

struct mm_struct {
	struct file *exe_file;
	unsigned long arg_start, arg_end;
} __core;

struct kernfs_node {
	__u64 id;
} __core;

struct cgroup;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
} __core;

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
} __core;

struct css_set {
	struct cgroup *dfl_cgrp; /* of the unified hierarchy */
} __core;

struct task_struct {
	struct thread_info thread_info;
	unsigned int flags;
	unsigned in_execve : 1;
	int pid, tgid;
	int exit_code;
	__u64 start_boottime, self_exec_id;
	struct task_struct *real_parent, *group_leader;
	struct css_set *cgroups;
	const struct cred *real_cred, *cred;
	struct io_uring_task *io_uring;
	struct nsproxy *nsproxy;
	struct fs_struct *fs;
	struct signal_struct *signal;
	struct bpf_local_storage *bpf_storage;
	struct seccomp seccomp;
	struct mm_struct *mm;
} __core;

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
} __core;

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __core;

struct linux_binprm {
	struct file *file;
	const char *filename, *interp; /* the same, but for a script */
} __core;

struct in6_addr {
	__u8 bytes[16];
};

struct sock_common {
	__u32 skc_daddr, skc_rcv_saddr;
	__u16 skc_dport, skc_num;
	unsigned short skc_family;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
} __core;

struct sock {
	struct sock_common __sk_common;
	__u8 sk_kern_sock : 1;
	__u16 sk_type;
	__u16 sk_protocol;
} __core;

struct inet_sock {
	struct sock sk;
	__u32 inet_saddr;
} __core;

struct sockaddr_un {
	__u16 sun_family;
	char sun_path[108];
};

struct unix_address {
	int len;
	struct sockaddr_un name[0];
} __core;

struct unix_sock {
	struct sock sk;
	struct unix_address *addr;
	struct path path;
	struct sock *peer;
} __core;

struct socket {
	struct sock *sk;
} __core;

struct sockaddr {
	__u16 sa_family;
} __core;

struct msghdr {
	void *msg_name;
	int msg_namelen;
	void *msg_control;
	unsigned int msg_flags;
	__u64 msg_controllen; /* size_t */
} __core;

/* linux/socket.h: of the user's interface, and so no CO-RE */
struct cmsghdr {
	__u64 cmsg_len;
	int cmsg_level;
	int cmsg_type;
};

struct iattr {
	unsigned int ia_valid;
} __core;

/* x86's system calls: of 64 bits di, si, dx, r10, r8, r9, of 32 bits bx, cx, dx, si, di, bp. */
struct pt_regs {
	unsigned long r10, r9, r8, bp, bx, cx, dx, si, di, orig_ax, ip;
} __core;

struct io_uring_cmd {
	struct file *file;
} __core;

struct kernel_siginfo;
struct filename;
struct open_flags;

/* linux/fs.h, linux/mount.h, linux/dcache.h, linux/sched.h, linux/capability.h */
#define FMODE_READ	    0x1u
#define FMODE_WRITE	    0x2u
#define FMODE_EXEC	    0x20u /* in f_flags */
#define FMODE_CREATED	    0x100000u
#define FMODE_BACKING	    0x2000000u
#define S_PRIVATE	    0x200u
#define MNT_INTERNAL	    0x4000
#define MNT_NOSUID	    0x1
#define MNT_NODEV	    0x2
#define MNT_NOEXEC	    0x4
#define MNT_READONLY	    0x40
#define SB_RDONLY	    0x1ul
#define LOOKUP_FOLLOW	    0x1u
#define LOOKUP_AUTOMOUNT    0x4u
#define DCACHE_PAR_LOOKUP   0x10000000u
#define PF_IO_WORKER	    0x10u
#define CAP_OPT_NOAUDIT	    2u
#define PTRACE_MODE_NOAUDIT 4u
#define VM_EXEC		    0x4ul
#define VM_SHARED	    0x8ul

#define PROC_SUPER_MAGIC      0x9fa0
#define OVERLAYFS_SUPER_MAGIC 0x794c7630

/* The user-space ABI; x86 and arm64 agree on all of these. */
#define S_IFMT	 0170000
#define S_IFSOCK 0140000
#define S_IFDIR	 0040000
#define S_IFIFO	 0010000

#define S_ISDIR(m)  (((m)&S_IFMT) == S_IFDIR)
#define S_ISFIFO(m) (((m)&S_IFMT) == S_IFIFO)
#define S_ISSOCK(m) (((m)&S_IFMT) == S_IFSOCK)

#define O_TRUNC	 01000u
#define O_APPEND 02000u

#define F_SETFL	    4
#define F_SETOWN    8
#define F_SETOWN_EX 15
#define F_UNLCK	    2

#define MAY_WRITE 2

#define ATTR_MODE  1u
#define ATTR_UID   2u
#define ATTR_GID   4u
#define ATTR_SIZE  8u
#define ATTR_ATIME 16u
#define ATTR_MTIME 32u

/* asm-generic/ioctls.h, linux/fs.h */
#define TCGETS		    0x5401
#define TIOCGPGRP	    0x540f
#define TIOCOUTQ	    0x5411
#define TIOCGWINSZ	    0x5413
#define FIONREAD	    0x541b
#define FIOSETOWN	    0x8901
#define SIOCSPGRP	    0x8902
#define FIONBIO		    0x5421
#define TIOCGSID	    0x5429
#define FIONCLEX	    0x5450
#define FIOCLEX		    0x5451
#define FIOASYNC	    0x5452
#define TCGETS2		    0x802c542a
#define FICLONE		    0x40049409
#define FICLONERANGE	    0x4020940d
#define FS_IOC_SETFLAGS	    0x40086602
#define FS_IOC32_SETFLAGS   0x40046602
#define FS_IOC_SETVERSION   0x40087602
#define FS_IOC32_SETVERSION 0x40047602
#define FS_IOC_FSSETXATTR   0x401c5820

#define PROT_WRITE 2ul
#define PROT_EXEC  4ul

#define MAP_TYPE	    0xful
#define MAP_SHARED	    1ul
#define MAP_SHARED_VALIDATE 3ul

#define RENAME_EXCHANGE 2u
#define RENAME_WHITEOUT 4u

#define CLONE_THREAD 0x10000ul

/* linux/mount.h, of the user's interface */
#define MS_REMOUNT     0x20ul
#define MS_BIND	       0x1000ul
#define MS_MOVE	       0x2000ul
#define MS_PROPAGATION 0x1e0000ul /* MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED */

#define AF_UNSPEC  0
#define AF_UNIX	   1
#define AF_INET	   2
#define AF_INET6   10
#define AF_NETLINK 16

#define SOCK_STREAM 1
#define SOCK_DGRAM  2
#define SOCK_RAW    3

#define IPPROTO_IP     0
#define IPPROTO_ICMP   1
#define IPPROTO_TCP    6
#define IPPROTO_UDP    17
#define IPPROTO_IPV6   41
#define IPPROTO_ICMPV6 58
#define IPPROTO_SCTP   132
#define IPPROTO_MPTCP  262

/* linux/sctp.h */
#define SCTP_SET_PEER_PRIMARY_ADDR 5
#define SCTP_SOCKOPT_BINDX_ADD	   100
#define SCTP_PARAM_ADD_IP	   0xc001
#define SCTP_PARAM_SET_PRIMARY	   0xc004

#define MSG_FASTOPEN 0x20000000u

#define SIGNAL_GROUP_EXIT 4u /* linux/sched/signal.h */

#define TCP_SYN_SENT 2

#define SIGINT	2
#define SIGQUIT 3
#define SIGKILL 9
#define SIGTERM 15
#define SIGIO	29

#define TRACE_SIGNAL_DELIVERED 0 /* trace/events/signal.h */

/* asm/thread_info.h, linux/audit.h, linux/seccomp.h */
#define TS_COMPAT	      2u
#define AUDIT_ARCH_X86_64     0xc000003eu
#define AUDIT_ARCH_I386	      0x40000003u
#define SECCOMP_RET_KILL_MASK 0x80000000u /* of the kinds, those that kill a process */
#define SECCOMP_RET_ACTION    0xffff0000u
#define SECCOMP_RET_KILL      0x00000000u
#define SECCOMP_RET_LOG	      0x7ffc0000u
#define SECCOMP_MODE_FILTER   2
#define X32_BIT		      0x40000000u
/* asm/unistd_64.h, asm/unistd_32.h */
#define X86_64_ACCEPT  43
#define X86_64_ACCEPT4 288
#define X86_ACCEPT4    364

/* libbpf knows; what a distribution carries back it does not. */
extern int LINUX_KERNEL_VERSION __kconfig;

#define EPERM  1
#define EACCES 13
#define ENOMEM 12

#define bswap16(x) __builtin_bswap16(x)
#define bswap32(x) __builtin_bswap32(x)

#define IS_ERR_VALUE(p) ((__u64)(p) >= (__u64)-4095)

/* An index below @size, a power of two, which the compiler cannot show away again before the
 * verifier sees it. */
#define masked(index, size)                                                                        \
	({                                                                                         \
		__u64 index__ = (index);                                                           \
		asm volatile("%0 &= %1" : "+r"(index__) : "i"((size)-1));                          \
		index__;                                                                           \
	})

/*
 * Argument @n of the hook may be NULL. Since 6.4 the verifier takes a hook's pointers for good, and
 * removes the test for NULL as dead code (mmap_file, task_kill: until 6.13).
 */
#define argument_is_null(n)                                                                        \
	({                                                                                         \
		__u64 argument__ = 0;                                                              \
		bpf_probe_read_kernel(&argument__, sizeof(argument__), &ctx[n]);                   \
		!argument__;                                                                       \
	})

/* The address of a structure whose member @m is at @p. */
#define core_container(p, type, m) ((type *)((__u64)(p)-bpf_core_field_offset(type, m)))

#endif
