/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/sandbox_policy.h"

#include "compiler/base/cleanup.h"
#include "enforcer/file_tree.h"

#include <stdlib.h>
#include <string.h>

#define FILE_NAME "pause.pale"

/*
 * Kubernetes' pause (build/pause/linux/pause.c) is a static program in C that waits for signals and
 * for children which are left to it; podman's and CRI-O's do the same.
 */
static const char text[] =
	"profile pause {\n"
	"\tprocess {\n"
	"\t\tallow exec /pause, /pod, /catatonit, /usr/bin/pod, /usr/libexec/podman/catatonit\n"
	"\t\tallow signal to self\n"
	"\t}\n"
	"\tfile {\n"
	"\t\tallow read, write /dev/null\n"
	"\t\tallow read /proc/self/**\n"
	"\t}\n"
	"\tsyscall {\n"
	"\t\tallow brk, mmap, munmap, mprotect, arch_prctl, set_tid_address, set_robust_list, "
	"rseq\n"
	"\t\tallow rt_sigaction, rt_sigprocmask, rt_sigreturn, rt_sigsuspend, sigaltstack\n"
	"\t\tallow pause, wait4, waitid, getpid, gettid, getppid, futex, nanosleep, "
	"clock_nanosleep\n"
	"\t\tallow read, write, writev, close, fstat, newfstatat, readlink, readlinkat\n"
	"\t\tallow prlimit64, getrandom, prctl(option in {PR_SET_NAME, PR_SET_PDEATHSIG}), uname\n"
	"\t\tallow exit, exit_group, restart_syscall, ppoll, poll, signalfd4, epoll_create1\n"
	"\t}\n"
	"}\n";

int sandbox_policy_new(const char *run, struct node_policy **ret, struct pale_err **err)
{
	struct node_source source = { FILE_NAME, text, sizeof(text) - 1 };
	_cleanup_(text_release) struct text dir = TEXT_INIT, main = TEXT_INIT;
	int r;

	text_printf(&dir, "%s/sandbox", run);
	file_tree_remove(text_str(&dir));
	r = file_tree_make(text_str(&dir), 0700, err);
	if (r >= 0)
		r = file_tree_replace(text_str(&dir), FILE_NAME, source.bytes, source.len, err);
	if (r >= 0)
		r = node_policy_compile(text_str(&dir), FILE_NAME, NULL, false, ret, NULL, err);
	if (r < 0)
		return pale_err_wrap(err, "the policy for pods' sandboxes");
	(*ret)->sandbox = true;
	return 0;
}
