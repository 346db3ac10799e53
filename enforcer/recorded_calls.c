/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/recorded_calls.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/call_table.h"
#include "enforcer/descendants.h"
#include "enforcer/watched_sockets.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* asm/ioctls.h, which cannot be included beside the C library's. */
#define IOCTL_TIOCGWINSZ 0x5413
#define IOCTL_TIOCGPGRP	 0x540f
#define IOCTL_TIOCGSID	 0x5429
#define IOCTL_TIOCOUTQ	 0x5411
#define IOCTL_FIONREAD	 0x541b
#define IOCTL_FIONBIO	 0x5421
#define IOCTL_FIOASYNC	 0x5452
#define IOCTL_FIOCLEX	 0x5451
#define IOCTL_FIONCLEX	 0x5450
#define IOCTL_TCGETS	 0x5401
#define IOCTL_TCGETS2	 0x802c542a

#define ANCESTORS_MAX 4096
#define HEADERS_MAX   64 /* of an ELF file's program headers */

static uint32_t argument(const struct call *c, int place)
{
	return (uint32_t)c->arguments[place];
}

static int add(struct call *c, enum operation op, const char *object)
{
	struct access *a = accesses_add(c->out);
	struct text t = TEXT_INIT;

	if (!a)
		return 0;
	a->request.operation = op;
	text_puts(&t, object);
	a->object_len = t.len;
	a->object = text_take(&t);
	return 0;
}

/* ---- files that are open */

static int add_file(struct call *c, enum operation op, const struct resolved_path *r)
{
	struct access *a = accesses_add(c->out);

	if (!a)
		return 0;
	a->request.operation = op;
	if (op == OP_MAP)
		a->request.object_class = watched_class(r, c->start_ns);
	access_set_path(a, r);
	return 0;
}

/* 1, or 0: a pipe, a socket, an event's descriptor, which are no files. */
static int open_file(struct call *c, struct resolved_path *ret)
{
	int r = resolve_path(
		c->process, (int)argument(c, c->row->what), "", RESOLVE_PATH_FOLLOW, false, ret);

	if (r < 0)
		return r == -ENOENT ? -EBADF : r;
	return ret->has_path || S_ISREG(ret->st.st_mode);
}

static int examine_map(struct call *c)
{
	RESOLVED(r);
	int n;

	if (!(argument(c, c->row->kind) & PROT_EXEC) || (argument(c, 3) & MAP_ANONYMOUS))
		return 0;
	n = open_file(c, &r);
	return n <= 0 ? n : add_file(c, OP_MAP, &r);
}

struct becomes_code {
	struct call *call;
	uint64_t from, to;
};

/* Files that are mapped in the range, where they are no code yet. proc_pid_map_files(5): only with
 * CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE. */
static int add_mapped(void *ctx, const struct mapping *m)
{
	const struct becomes_code *b = ctx;
	RESOLVED(r);
	char name[64];
	int fd, n;

	if (m->begin >= b->to || m->end <= b->from || !m->inode || m->mode[2] == 'x')
		return 0;
	snprintf(name, sizeof(name), "map_files/%" PRIx64 "-%" PRIx64, m->begin, m->end);
	fd = process_open_path(b->call->process, name);
	if (fd < 0)
		return -ENOSYS;
	n = resolve_descriptor(b->call->process, fd, &r);
	return n < 0 ? n : add_file(b->call, OP_MAP, &r);
}

static int examine_mprotect(struct call *c)
{
	uint64_t from = watched_pointer(c->abi, c->arguments[0]);
	struct becomes_code b = { .call = c, .from = from, .to = from + c->arguments[1] };

	return argument(c, c->row->kind) & PROT_EXEC ? process_mappings(c->process, add_mapped, &b)
						     : 0;
}

static int examine_flock(struct call *c)
{
	RESOLVED(r);
	int n = open_file(c, &r);

	return n <= 0 || !r.has_path ? n : add_file(c, OP_LOCK, &r);
}

static int examine_fcntl(struct call *c)
{
	switch (argument(c, c->row->kind)) {
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return examine_flock(c);
	default:
		return 0;
	}
}

static int examine_ioctl(struct call *c)
{
	/* As enforcer/bpf/hooks_file.h has them: they ask, copy, or are about the descriptor. */
	static const uint32_t nothing[] = { IOCTL_TCGETS, IOCTL_TCGETS2, IOCTL_TIOCGWINSZ,
		IOCTL_TIOCGPGRP, IOCTL_TIOCGSID, IOCTL_TIOCOUTQ, IOCTL_FIONREAD, IOCTL_FIONBIO,
		IOCTL_FIOASYNC, IOCTL_FIOCLEX, IOCTL_FIONCLEX, FICLONE, FICLONERANGE };
	RESOLVED(r);
	int n;

	for (size_t i = 0; i < sizeof(nothing) / sizeof(*nothing); i++)
		if (argument(c, c->row->kind) == nothing[i])
			return 0;
	n = open_file(c, &r);
	return n <= 0 || !r.has_path ? n : add_file(c, OP_IOCTL, &r);
}

/* ---- other processes */

static pid_t parent_of(pid_t pid)
{
	char name[32], line[512];
	_cleanup_fclose_ FILE *f = NULL;
	const char *end;
	pid_t parent;

	snprintf(name, sizeof(name), "/proc/%d/stat", pid);
	f = fopen(name, "re");
	/* A program's name may hold blanks and parentheses. */
	if (!f || !fgets(line, sizeof(line), f) || !(end = strrchr(line, ')')) ||
		sscanf(end, ") %*c %d", &parent) != 1)
		return 0;
	return parent;
}

static bool is_of_run(pid_t pid)
{
	pid_t us = getpid();

	for (unsigned i = 0; pid > 1 && i < ANCESTORS_MAX; i++) {
		pid = parent_of(pid);
		if (pid == us)
			return true;
	}
	return false;
}

/* Whether all that kill(2) would reach are of the run. */
static bool group_is_of_run(const struct call *c, pid_t group)
{
	struct descendants all;
	bool r;

	if (group == 0)
		group = getpgid(c->process->pid);
	if (group <= 0 || descendants_read(getpid(), &all) < 0)
		return false;
	r = descendants_have_group(&all, group);
	descendants_release(&all);
	return r;
}

/* Its numbers are not ours: what it sees there is its own and its children's. */
static bool has_own_numbers(const struct call *c)
{
	return c->process->inner_pid != c->process->pid;
}

static bool target_is_own(const struct call *c, pid_t target)
{
	if (has_own_numbers(c))
		return target != -1;
	if (target == -1)
		return false;
	return target > 0 ? is_of_run(target) : group_is_of_run(c, -target);
}

static int add_signal(struct call *c, pid_t target, int signo)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const char *name = vocab_signal_name(signo);

	/* Signal 0 only asks, and a process may always signal itself. */
	if (signo == 0 || target == c->process->inner_pid || target == c->process->inner_tid)
		return 0;
	if (!name)
		return signo > 0 && signo <= 64 ? -EOPNOTSUPP : 0;
	text_printf(&t, "%s to %s", name, target_is_own(c, target) ? "self" : "any");
	return add(c, OP_SIGNAL, text_str(&t));
}

static int examine_kill(struct call *c)
{
	return add_signal(c, (pid_t)argument(c, c->row->what), (int)argument(c, c->row->kind));
}

/* The process of a pidfd, as in our numbers; 0: it is none, or gone. */
static pid_t pid_of_pidfd(const struct call *c)
{
	char name[64], line[128];
	_cleanup_fclose_ FILE *f = NULL;
	pid_t pid = 0;

	snprintf(name, sizeof(name), "/proc/%d/fdinfo/%d", c->process->tid,
		(int)argument(c, c->row->what));
	f = fopen(name, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Pid: %d", &pid) == 1)
			break;
	return pid > 0 ? pid : 0;
}

static int examine_pidfd_signal(struct call *c)
{
	pid_t pid = pid_of_pidfd(c);

	return pid ? add_signal(c, has_own_numbers(c) ? -1 : pid, (int)argument(c, c->row->kind))
		   : 0;
}

static int examine_pidfd_trace(struct call *c)
{
	pid_t pid = pid_of_pidfd(c);

	if (!pid || pid == c->process->pid)
		return 0;
	return add(c, OP_PTRACE, !has_own_numbers(c) && is_of_run(pid) ? "self" : "any");
}

static int examine_trace(struct call *c)
{
	pid_t target = (pid_t)argument(c, c->row->what);

	if (target == c->process->inner_pid)
		return 0;
	return add(c, OP_PTRACE, target_is_own(c, target) ? "self" : "any");
}

/* Only who begins to trace is asked about. */
static int examine_ptrace(struct call *c)
{
	enum { TRACEME = 0, ATTACH = 16, SEIZE = 0x4206 };

	switch (argument(c, c->row->kind)) {
	case TRACEME:
		return add(c, OP_PTRACE, "self");
	case ATTACH:
	case SEIZE:
		return examine_trace(c);
	default:
		return 0;
	}
}

static int add_clone(struct call *c, uint64_t flags)
{
	if (flags & CLONE_NEWUSER)
		add(c, OP_USERNS, "");
	return flags & CLONE_THREAD ? 0 : add(c, OP_FORK, "");
}

static int examine_fork(struct call *c)
{
	return add(c, OP_FORK, "");
}

static int examine_clone(struct call *c)
{
	return add_clone(c, c->arguments[c->row->kind]);
}

/* struct clone_args begins with the flags. */
static int examine_clone3(struct call *c)
{
	uint64_t flags;
	int r = process_read(
		c->process, watched_pointer(c->abi, c->arguments[0]), &flags, sizeof(flags));

	return r < 0 ? r : add_clone(c, flags);
}

static int examine_unshare(struct call *c)
{
	return argument(c, c->row->kind) & CLONE_NEWUSER ? add(c, OP_USERNS, "") : 0;
}

/* ---- others */

static int examine_socket(struct call *c)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	int domain = (int)argument(c, 0), family, type = (int)argument(c, 1) & 15;
	const char *protocol;

	family = vocab_family_of_socket(domain, type);
	/* No rule speaks of it, but one for the call. */
	if (family < 0)
		return 0;
	text_puts(&t, vocab_families[family].name);
	protocol = domain == AF_NETLINK ? vocab_netlink_name((int)argument(c, 2)) : NULL;
	if (protocol)
		text_printf(&t, "(%s)", protocol);
	return add(c, OP_SOCKET, text_str(&t));
}

static int examine_pivot(struct call *c)
{
	return add(c, OP_PIVOT, "");
}

static int examine_untold(struct call *c)
{
	(void)c;
	return -EOPNOTSUPP;
}

/* clang-format off */
#define CALL(call, fn, w, k) { .name = call, .examine = fn, .what = w, .path = NO_ARGUMENT, .kind = k }
static const struct call_row table[] = {
	CALL("mmap", examine_map, 4, 2),
	CALL("mmap2", examine_map, 4, 2),
	CALL("mprotect", examine_mprotect, 0, 2),
	CALL("pkey_mprotect", examine_mprotect, 0, 2),
	CALL("flock", examine_flock, 0, 1),
	CALL("fcntl", examine_fcntl, 0, 1),
	CALL("fcntl64", examine_fcntl, 0, 1),
	CALL("ioctl", examine_ioctl, 0, 1),
	CALL("kill", examine_kill, 0, 1),
	CALL("tkill", examine_kill, 0, 1),
	CALL("tgkill", examine_kill, 0, 2),
	CALL("rt_sigqueueinfo", examine_kill, 0, 1),
	CALL("rt_tgsigqueueinfo", examine_kill, 0, 2),
	CALL("pidfd_send_signal", examine_pidfd_signal, 0, 1),
	CALL("ptrace", examine_ptrace, 1, 0),
	CALL("process_vm_readv", examine_trace, 0, 0),
	CALL("process_vm_writev", examine_trace, 0, 0),
	CALL("kcmp", examine_trace, 0, 0),
	CALL("pidfd_getfd", examine_pidfd_trace, 0, 0),
	CALL("fork", examine_fork, 0, 0),
	CALL("vfork", examine_fork, 0, 0),
	CALL("clone", examine_clone, 0, 0),
	CALL("clone3", examine_clone3, 0, 0),
	CALL("unshare", examine_unshare, 0, 0),
	CALL("socket", examine_socket, 0, 0),
	CALL("pivot_root", examine_pivot, 0, 0),
	CALL("mount", examine_untold, 0, 0),
	CALL("umount", examine_untold, 0, 0),
	CALL("umount2", examine_untold, 0, 0),
	CALL("fsmount", examine_untold, 0, 0),
	CALL("move_mount", examine_untold, 0, 0),
	CALL("open_tree", examine_untold, 0, 0),
	CALL("open_tree_attr", examine_untold, 0, 0),
};
#undef CALL
/* clang-format on */

#define N_TABLE (sizeof(table) / sizeof(*table))

bool recorded_call(int syscall)
{
	return call_table_find(table, N_TABLE, syscall) != NULL;
}

int recorded_call_accesses(const struct process *p, enum abi abi, int syscall,
	const uint64_t arguments[6], uint64_t start_ns, struct accesses *ret)
{
	const struct call_row *row = call_table_find(table, N_TABLE, syscall);
	int r = call_row_examine(row, p, abi, arguments, start_ns, ret);

	return r == -EBADF || r == -EFAULT || r > 0 ? 0 : r;
}

/* elf(5): PT_INTERP of either class, little-endian as this machine. */
static bool read_loader(int fd, char ret[PATH_MAX])
{
	union {
		unsigned char ident[EI_NIDENT];
		Elf32_Ehdr narrow;
		Elf64_Ehdr wide;
	} h = { 0 };
	bool wide;
	unsigned n, size;
	uint64_t at;

	if (pread(fd, &h, sizeof(h), 0) < (ssize_t)sizeof(h.narrow) ||
		memcmp(h.ident, ELFMAG, SELFMAG) != 0)
		return false;
	wide = h.ident[EI_CLASS] == ELFCLASS64;
	n = wide ? h.wide.e_phnum : h.narrow.e_phnum;
	size = wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	at = wide ? h.wide.e_phoff : h.narrow.e_phoff;
	for (unsigned i = 0; i < n && i < HEADERS_MAX; i++) {
		union {
			Elf32_Phdr narrow;
			Elf64_Phdr wide;
		} p = { 0 };
		uint64_t offset, len;

		if (pread(fd, &p, size, (off_t)(at + (uint64_t)i * size)) != (ssize_t)size)
			return false;
		if ((wide ? p.wide.p_type : p.narrow.p_type) != PT_INTERP)
			continue;
		offset = wide ? p.wide.p_offset : p.narrow.p_offset;
		len = wide ? p.wide.p_filesz : p.narrow.p_filesz;
		if (len < 2 || len > PATH_MAX ||
			pread(fd, ret, (size_t)len, (off_t)offset) != (ssize_t)len)
			return false;
		ret[len - 1] = '\0';
		return true;
	}
	return false;
}

int recorded_loader_accesses(const struct process *p, const struct access *program,
	uint64_t start_ns, struct accesses *ret)
{
	struct call c = { .process = p, .start_ns = start_ns, .out = ret };
	_cleanup_close_ int fd = -1;
	char loader[PATH_MAX], link[64];
	RESOLVED(r);
	int n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", program->fd);
	fd = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	/* Executable, but not to be read by us. */
	if (fd < 0)
		return -errno;
	if (!read_loader(fd, loader))
		return 0;
	n = resolve_path(p, AT_FDCWD, loader, RESOLVE_PATH_FOLLOW, false, &r);
	if (n < 0)
		return n == -ENOENT || n == -ENOTDIR ? 0 : n; /* the execve fails with it, too */
	add_file(&c, OP_READ, &r);
	return add_file(&c, OP_MAP, &r);
}
