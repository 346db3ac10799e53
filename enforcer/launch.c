/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/launch.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/apparmor.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5) /* Linux 5.19 */
#endif
#ifndef __NR_landlock_restrict_self
#define __NR_landlock_restrict_self 446
#endif

enum stage {
	STAGE_START,
	STAGE_CGROUP,
	STAGE_APPARMOR,
	STAGE_CAPABILITIES,
	STAGE_RLIMITS,
	STAGE_SIGNALS,
	STAGE_NO_NEW_PRIVS,
	STAGE_LANDLOCK,
	STAGE_SECCOMP,
	STAGE_EXEC,
};

static const char *const stage_names[] = {
	[STAGE_START] = "start the process",
	[STAGE_CGROUP] = "join the cgroup",
	[STAGE_APPARMOR] = "change the AppArmor profile at exec",
	[STAGE_CAPABILITIES] = "drop capabilities",
	[STAGE_RLIMITS] = "set rlimits",
	[STAGE_SIGNALS] = "restore the signal mask",
	[STAGE_NO_NEW_PRIVS] = "set no_new_privs",
	[STAGE_LANDLOCK] = "enter the Landlock domain",
	[STAGE_SECCOMP] = "load the seccomp filter",
	[STAGE_EXEC] = "execute",
};

/* Written by the child, read by the parent. */
struct launch_page {
	_Atomic int stage;
	_Atomic int failed;	/* errno of a stage before STAGE_EXEC */
	_Atomic int exec_errno; /* of the execve */
	_Atomic int listener;
};

/* Since it may not use exit_group when the policy says so, and exits whatever happens. */
static _Noreturn void vanish(void)
{
	syscall(SYS_exit_group, 127);
	for (;;)
		__builtin_trap();
}

static bool drops(uint64_t keep, int cap)
{
	return cap >= 64 || !(keep & ((uint64_t)1 << cap));
}

/*
 * Out of the bounding set goes what the policy does not allow; the execve then takes it from root's
 * permitted set too. Who may not change the bounding set gives it up at once; no_new_privs keeps it
 * away afterwards.
 */
static int drop_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	bool bounding;

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	bounding = data[0].effective & (1u << CAP_SETPCAP);
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++) {
		if (!drops(keep, cap))
			continue;
		if (bounding && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return -errno;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) > 0 &&
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, cap, 0, 0) < 0)
			return -errno;
	}
	for (int i = 0; i < 2; i++) {
		uint32_t kept = (uint32_t)(keep >> (32 * i));

		data[i].inheritable &= kept;
		/* Else they are needed still, to load what is loaded next. */
		if (!bounding) {
			data[i].permitted &= kept;
			data[i].effective &= kept;
		}
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static int load_filter(const struct sock_fprog *program)
{
	unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	/* A signal must not make a call that was already reported start anew. */
	long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, program);

	if (fd < 0 && errno == EINVAL)
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
	return fd < 0 ? -errno : (int)fd;
}

static int run_stage(const struct launch *l, enum stage stage, pid_t parent)
{
	switch (stage) {
	case STAGE_START:
		if (!l->outlives_parent && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
			return -errno;
		return getppid() == parent ? 0 : -ESRCH;
	case STAGE_CGROUP:
		if (l->cgroup_procs_fd >= 0 && write(l->cgroup_procs_fd, "0", 1) != 1)
			return -errno;
		return 0;
	case STAGE_APPARMOR:
		if (l->apparmor_profile && aa_change_onexec(l->apparmor_profile) < 0)
			return -errno;
		return 0;
	case STAGE_CAPABILITIES:
		return l->drop_capabilities ? drop_capabilities(l->capabilities) : 0;
	case STAGE_RLIMITS:
		return l->limits ? limits_set_rlimits(l->limits) : 0;
	case STAGE_SIGNALS:
		return sigprocmask(SIG_SETMASK, &l->signal_mask, NULL) < 0 ? -errno : 0;
	case STAGE_NO_NEW_PRIVS:
		if (l->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			return -errno;
		return 0;
	case STAGE_LANDLOCK:
		if (l->landlock_fd >= 0 &&
			syscall(__NR_landlock_restrict_self, l->landlock_fd, 0) < 0)
			return -errno;
		return 0;
	case STAGE_SECCOMP:
	case STAGE_EXEC:
		break;
	}
	assert(!"a stage before the filter");
	return -EINVAL;
}

static _Noreturn void child(const struct launch *l, struct launch_page *page, pid_t parent)
{
	for (enum stage stage = STAGE_START; stage < STAGE_SECCOMP; stage++) {
		int r;

		atomic_store(&page->stage, stage);
		r = run_stage(l, stage, parent);
		if (r < 0) {
			atomic_store(&page->failed, -r);
			vanish();
		}
	}
	atomic_store(&page->stage, STAGE_SECCOMP);
	if (l->seccomp) {
		int fd = load_filter(l->seccomp);

		if (fd < 0) {
			atomic_store(&page->failed, -fd);
			vanish();
		}
		atomic_store(&page->listener, fd);
	}
	atomic_store(&page->stage, STAGE_EXEC);
	execve(l->path, l->argv, l->envp);
	atomic_store(&page->exec_errno, errno);
	vanish();
}

/* Until the child has done all but its execve. It can wake nobody without a system call that the
 * filter may refuse, so this looks again after a while; it takes a millisecond as a rule. */
static int wait_for_exec(struct launched *l, struct pale_err **err)
{
	for (;;) {
		struct pollfd p = { .fd = l->pidfd, .events = POLLIN };
		struct timespec wait = { .tv_nsec = 200 * 1000 };
		int failed, stage;

		stage = atomic_load(&l->page->stage);
		if (stage == STAGE_EXEC)
			return 0;
		if (ppoll(&p, 1, &wait, NULL) < 0 && errno != EINTR)
			return pale_err_set(err, errno, "wait for the child");
		if (!(p.revents & POLLIN))
			continue;
		/* Gone; it may have gone on to its execve since we looked. */
		stage = atomic_load(&l->page->stage);
		failed = atomic_load(&l->page->failed);
		if (stage == STAGE_EXEC)
			return 0;
		return failed ? pale_err_set(err, failed, "%s", stage_names[stage])
			      : pale_err_set(
					err, 0, "%s: the process was killed", stage_names[stage]);
	}
}

int launch(const struct launch *l, struct launched *ret, struct pale_err **err)
{
	pid_t parent = getpid();
	int pidfd = -1, r;
	long pid;

	*ret = (struct launched)LAUNCHED_INIT;
	ret->page = mmap(NULL, sizeof(*ret->page), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ret->page == MAP_FAILED) {
		ret->page = NULL;
		return pale_err_set(err, errno, "map memory shared with the child");
	}
	atomic_store(&ret->page->listener, -1);
	fflush(NULL);
	/* As fork(), but with one descriptor table until the execve, which gives the child its own
	 * (fs/exec.c, unshare_files). */
	pid = syscall(SYS_clone, CLONE_FILES | CLONE_PIDFD | SIGCHLD, NULL, &pidfd, NULL, NULL);
	if (pid == 0)
		child(l, ret->page, parent);
	if (pid < 0)
		return pale_err_set(err, errno, "%s", stage_names[STAGE_START]);
	ret->pid = (pid_t)pid;
	ret->pidfd = pidfd;
	r = wait_for_exec(ret, err);
	if (r < 0) {
		waitpid(ret->pid, NULL, 0);
		return r;
	}
	ret->listener = atomic_load(&ret->page->listener);
	return 0;
}

int launched_exec_errno(const struct launched *l)
{
	return atomic_load(&l->page->exec_errno);
}

void launched_release(struct launched *l)
{
	if (l->page)
		munmap(l->page, sizeof(*l->page));
	if (l->pidfd >= 0)
		close(l->pidfd);
	if (l->listener >= 0)
		close(l->listener);
	*l = (struct launched)LAUNCHED_INIT;
}

static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == EACCES ? -EACCES : -ENOENT;
	if (!S_ISREG(st.st_mode) || faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
		return -EACCES;
	return 0;
}

int launch_find(const char *file, const char *search, char **ret)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	int worst = -ENOENT;

	if (strchr(file, '/')) {
		int r = executable(file);

		if (r < 0)
			return r;
		text_puts(&path, file);
		*ret = text_take(&path);
		return 0;
	}
	if (!*file)
		return -ENOENT;
	for (const char *s = search; s; s = *s ? s + 1 : NULL) {
		size_t len = strcspn(s, ":");
		int r;

		text_clear(&path);
		text_add(&path, len ? s : ".",
			len ? len : 1); /* an empty entry is the current folder */
		text_printf(&path, "/%s", file);
		r = executable(text_str(&path));
		if (r == 0) {
			*ret = text_take(&path);
			return 0;
		}
		if (r == -EACCES)
			worst = r;
		s += len;
	}
	return worst;
}
