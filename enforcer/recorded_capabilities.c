/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/recorded_capabilities.h"

#include "compiler/base/cleanup.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BIT(capability) ((uint64_t)1 << (capability))
#define UNCHANGED	((uint32_t)-1)

struct call {
	const struct process *process;
	const struct credentials *who;
	const uint64_t *arguments;
	const struct accesses *accesses;
	const struct needs *row;
};

struct needs {
	const char *name;
	int8_t capability;
	/* Whether it is needed; NULL: always. */
	bool (*find)(const struct call *c);
	int8_t place; /* of the first argument that is looked at */
};

static uint32_t argument(const struct call *c, int i)
{
	return (uint32_t)c->arguments[c->row->place + i];
}

/* ---- users and groups: each new one that is none of its own. */

static bool is_own(const uint32_t own[4], uint32_t id)
{
	return id == UNCHANGED || id == own[0] || id == own[1] || id == own[2] || id == own[3];
}

static bool one_user(const struct call *c)
{
	return !is_own(c->who->uid, argument(c, 0));
}

static bool two_users(const struct call *c)
{
	return one_user(c) || !is_own(c->who->uid, argument(c, 1));
}

static bool three_users(const struct call *c)
{
	return two_users(c) || !is_own(c->who->uid, argument(c, 2));
}

static bool one_group(const struct call *c)
{
	return !is_own(c->who->gid, argument(c, 0));
}

static bool two_groups(const struct call *c)
{
	return one_group(c) || !is_own(c->who->gid, argument(c, 1));
}

static bool three_groups(const struct call *c)
{
	return two_groups(c) || !is_own(c->who->gid, argument(c, 2));
}

/* ---- files: fs/attr.c, setattr_prepare() */

static bool file_of(const struct call *c, struct stat *ret)
{
	return c->accesses->n > 0 && c->accesses->v[0].request.path &&
	       credentials_lstat(c->who, c->accesses->v[0].object, ret) == 0;
}

static bool owner_changes(const struct call *c)
{
	uint32_t uid = argument(c, 0), gid = argument(c, 1);
	bool own;
	struct stat st;

	if (!file_of(c, &st))
		return 0;
	own = st.st_uid == c->who->uid[3];
	if (uid != UNCHANGED && !(own && uid == st.st_uid))
		return 1;
	return gid != UNCHANGED &&
	       !(own && (gid == st.st_gid || credentials_in_group(c->who, gid)));
}

static bool others_file(const struct call *c)
{
	struct stat st;

	return file_of(c, &st) && st.st_uid != c->who->uid[3];
}

/* Setting both times to now asks for no more than writing. */
static bool others_times(const struct call *c)
{
	return c->arguments[c->row->place] && others_file(c);
}

/* A file of someone else's in a sticky folder of someone else's. */
static bool sticky(const struct call *c)
{
	for (unsigned i = 0; i < c->accesses->n; i++) {
		const struct access *a = &c->accesses->v[i];
		char folder[PATH_MAX];
		struct stat st, above;
		size_t len = a->object_len;

		if (!a->request.path || len >= sizeof(folder) ||
			credentials_lstat(c->who, a->object, &st) < 0)
			continue;
		memcpy(folder, a->object, len + 1);
		while (len > 1 && folder[len - 1] == '/')
			folder[--len] = '\0';
		while (len > 1 && folder[len - 1] != '/')
			folder[--len] = '\0';
		if (credentials_lstat(c->who, folder, &above) == 0 && (above.st_mode & S_ISVTX) &&
			above.st_uid != c->who->uid[3] && st.st_uid != c->who->uid[3])
			return 1;
	}
	return 0;
}

static bool makes_device(const struct call *c)
{
	return S_ISCHR(argument(c, 0)) || S_ISBLK(argument(c, 0));
}

/* ---- sockets */

static uint16_t lowest_open_port(void)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");
	unsigned port;

	return f && fscanf(f, "%u", &port) == 1 && port <= UINT16_MAX ? (uint16_t)port : 1024;
}

static bool low_port(const struct call *c)
{
	for (unsigned i = 0; i < c->accesses->n; i++) {
		const struct request *r = &c->accesses->v[i].request;

		if (r->operation == OP_LISTEN && r->family && r->port &&
			r->port < lowest_open_port())
			return 1;
	}
	return 0;
}

static bool raw_socket(const struct call *c)
{
	return argument(c, 0) == AF_PACKET ||
	       ((argument(c, 0) == AF_INET || argument(c, 0) == AF_INET6) &&
		       (argument(c, 1) & 15) == SOCK_RAW);
}

/* ---- processes */

static bool new_namespaces(const struct call *c)
{
	uint32_t flags = argument(c, 0);

	return !(flags & CLONE_NEWUSER) &&
	       (flags & (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
				CLONE_NEWPID | CLONE_NEWNET));
}

static bool others_process(const struct call *c)
{
	pid_t pid = (pid_t)argument(c, 0);
	char name[32];
	struct stat st;

	if (pid <= 0 || c->process->inner_pid != c->process->pid)
		return 0;
	snprintf(name, sizeof(name), "/proc/%d", pid);
	return stat(name, &st) == 0 && st.st_uid != c->who->uid[0] && st.st_uid != c->who->uid[1];
}

static bool rises_priority(const struct call *c)
{
	pid_t pid = (pid_t)argument(c, 1);

	return argument(c, 0) != PRIO_PROCESS ||
	       (int)argument(c, 2) <
		       getpriority(PRIO_PROCESS, (id_t)(pid > 0 ? pid : c->process->tid));
}

static bool realtime(const struct call *c)
{
	return argument(c, 0) == SCHED_FIFO || argument(c, 0) == SCHED_RR;
}

static bool prctl_needs(const struct call *c)
{
	switch (argument(c, 0)) {
	case PR_CAPBSET_DROP:
	case PR_SET_SECUREBITS:
		return 1;
	default:
		return 0;
	}
}

static bool raises_limit(const struct call *c)
{
	int what = (int)argument(c, 0);
	uint64_t at = c->arguments[c->row->place + 1];
	struct rlimit now, wanted;

	return at && prlimit(c->process->pid, (__rlimit_resource_t)what, NULL, &now) == 0 &&
	       process_read(c->process, at, &wanted, sizeof(wanted)) == 0 &&
	       wanted.rlim_max > now.rlim_max;
}

/* clang-format off */
static const struct needs table[] = {
	{ "setuid", CAP_SETUID, one_user, 0 },
	{ "setfsuid", CAP_SETUID, one_user, 0 },
	{ "setreuid", CAP_SETUID, two_users, 0 },
	{ "setresuid", CAP_SETUID, three_users, 0 },
	{ "setgid", CAP_SETGID, one_group, 0 },
	{ "setfsgid", CAP_SETGID, one_group, 0 },
	{ "setregid", CAP_SETGID, two_groups, 0 },
	{ "setresgid", CAP_SETGID, three_groups, 0 },
	{ "setgroups", CAP_SETGID, NULL, 0 },
	{ "chown", CAP_CHOWN, owner_changes, 1 },
	{ "lchown", CAP_CHOWN, owner_changes, 1 },
	{ "fchown", CAP_CHOWN, owner_changes, 1 },
	{ "fchownat", CAP_CHOWN, owner_changes, 2 },
	{ "chmod", CAP_FOWNER, others_file, 0 },
	{ "fchmod", CAP_FOWNER, others_file, 0 },
	{ "fchmodat", CAP_FOWNER, others_file, 0 },
	{ "fchmodat2", CAP_FOWNER, others_file, 0 },
	{ "utime", CAP_FOWNER, others_times, 1 },
	{ "utimes", CAP_FOWNER, others_times, 1 },
	{ "futimesat", CAP_FOWNER, others_times, 2 },
	{ "utimensat", CAP_FOWNER, others_times, 2 },
	{ "unlink", CAP_FOWNER, sticky, 0 },
	{ "unlinkat", CAP_FOWNER, sticky, 0 },
	{ "rmdir", CAP_FOWNER, sticky, 0 },
	{ "rename", CAP_FOWNER, sticky, 0 },
	{ "renameat", CAP_FOWNER, sticky, 0 },
	{ "renameat2", CAP_FOWNER, sticky, 0 },
	{ "mknod", CAP_MKNOD, makes_device, 1 },
	{ "mknodat", CAP_MKNOD, makes_device, 2 },
	{ "bind", CAP_NET_BIND_SERVICE, low_port, 0 },
	{ "socket", CAP_NET_RAW, raw_socket, 0 },
	{ "chroot", CAP_SYS_CHROOT, NULL, 0 },
	{ "clone", CAP_SYS_ADMIN, new_namespaces, 0 },
	{ "unshare", CAP_SYS_ADMIN, new_namespaces, 0 },
	{ "setns", CAP_SYS_ADMIN, NULL, 0 },
	{ "mount", CAP_SYS_ADMIN, NULL, 0 },
	{ "umount2", CAP_SYS_ADMIN, NULL, 0 },
	{ "pivot_root", CAP_SYS_ADMIN, NULL, 0 },
	{ "sethostname", CAP_SYS_ADMIN, NULL, 0 },
	{ "setdomainname", CAP_SYS_ADMIN, NULL, 0 },
	{ "bpf", CAP_BPF, NULL, 0 },
	{ "perf_event_open", CAP_PERFMON, NULL, 0 },
	{ "kill", CAP_KILL, others_process, 0 },
	{ "tkill", CAP_KILL, others_process, 0 },
	{ "tgkill", CAP_KILL, others_process, 0 },
	{ "process_vm_readv", CAP_SYS_PTRACE, others_process, 0 },
	{ "process_vm_writev", CAP_SYS_PTRACE, others_process, 0 },
	{ "setpriority", CAP_SYS_NICE, rises_priority, 0 },
	{ "sched_setscheduler", CAP_SYS_NICE, realtime, 1 },
	{ "setrlimit", CAP_SYS_RESOURCE, raises_limit, 0 },
	{ "prlimit64", CAP_SYS_RESOURCE, raises_limit, 1 },
	{ "prctl", CAP_SETPCAP, prctl_needs, 0 },
	{ "mlock", CAP_IPC_LOCK, NULL, 0 },
	{ "mlock2", CAP_IPC_LOCK, NULL, 0 },
	{ "mlockall", CAP_IPC_LOCK, NULL, 0 },
	{ "settimeofday", CAP_SYS_TIME, NULL, 0 },
	{ "clock_settime", CAP_SYS_TIME, NULL, 0 },
	{ "reboot", CAP_SYS_BOOT, NULL, 0 },
	{ "init_module", CAP_SYS_MODULE, NULL, 0 },
	{ "finit_module", CAP_SYS_MODULE, NULL, 0 },
	{ "delete_module", CAP_SYS_MODULE, NULL, 0 },
	{ "syslog", CAP_SYSLOG, NULL, 0 },
	{ "acct", CAP_SYS_PACCT, NULL, 0 },
	{ "iopl", CAP_SYS_RAWIO, NULL, 0 },
	{ "ioperm", CAP_SYS_RAWIO, NULL, 0 },
	{ "vhangup", CAP_SYS_TTY_CONFIG, NULL, 0 },
};
/* clang-format on */

#define N_TABLE (sizeof(table) / sizeof(*table))

bool recorded_capability_call(int syscall)
{
	for (size_t i = 0; i < N_TABLE; i++)
		if (!strcmp(table[i].name, vocab_syscalls[syscall].name))
			return true;
	return false;
}

static uint64_t of_call(struct call *c, int syscall)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < N_TABLE && syscall >= 0; i++) {
		c->row = &table[i];
		if (!strcmp(c->row->name, vocab_syscalls[syscall].name) &&
			(!c->row->find || c->row->find(c)))
			bits |= BIT(c->row->capability);
	}
	return bits;
}

/* MAY_ bits of the file itself; those of the folder that it lies in. */
static void asks_for(enum operation op, int *ret_file, int *ret_folder)
{
	*ret_file = *ret_folder = 0;
	switch (op) {
	case OP_READ:
		*ret_file = MAY_READ;
		break;
	case OP_WRITE:
	case OP_APPEND:
	case OP_CONNECT:
		*ret_file = MAY_WRITE;
		break;
	case OP_EXEC:
		*ret_file = MAY_EXEC;
		break;
	case OP_CREATE:
	case OP_DELETE:
	case OP_RENAME:
	case OP_LISTEN:
		*ret_folder = MAY_WRITE;
		break;
	default:
		break;
	}
}

static enum permission permission_of(
	const struct credentials *c, const struct access *a, uint64_t *ret_used)
{
	char folder[PATH_MAX];
	size_t len = a->request.path_len;
	int file, above;
	enum permission p;

	asks_for(a->request.operation, &file, &above);
	if (!a->request.path || len >= sizeof(folder))
		return PERMISSION_GIVEN;
	memcpy(folder, a->request.path, len);
	folder[len] = '\0';
	p = credentials_permit(c, folder, file, ret_used);
	if (p == PERMISSION_REFUSED || !above)
		return p;
	while (len > 1 && folder[len - 1] == '/')
		folder[--len] = '\0';
	while (len > 1 && folder[len - 1] != '/')
		folder[--len] = '\0';
	return credentials_permit(c, folder, above, ret_used);
}

uint64_t recorded_capabilities(const struct process *p, const struct credentials *who, int syscall,
	const uint64_t arguments[6], struct accesses *accesses)
{
	struct call c = { .process = p, .who = who, .arguments = arguments, .accesses = accesses };
	uint64_t bits = 0;
	unsigned kept = 0;

	if (!who->elsewhere)
		bits = of_call(&c, syscall);
	for (unsigned i = 0; i < accesses->n; i++) {
		uint64_t used = 0;

		if (permission_of(who, &accesses->v[i], &used) == PERMISSION_REFUSED) {
			access_release(&accesses->v[i]);
			continue;
		}
		bits |= used;
		accesses->v[kept++] = accesses->v[i];
	}
	accesses->n = kept;
	return bits & who->effective;
}
