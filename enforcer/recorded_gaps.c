/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/recorded_gaps.h"

#include "compiler/base/cleanup.h"
#include "enforcer/credentials.h"
#include "enforcer/watched_sockets.h"

#include <errno.h>
#include <linux/bpf_common.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

struct gap_call {
	const struct process *process;
	enum abi abi;
	const uint64_t *arguments;
};

static const char *by_uring(const struct gap_call *c)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/sys/kernel/io_uring_disabled", "re");
	int disabled = 0;

	(void)c;
	/* Linux 6.6; 2: for all. */
	if (f && fscanf(f, "%d", &disabled) == 1 && disabled == 2)
		return NULL;
	return "what is done through io_uring(7)";
}

static const char *by_handle(const struct gap_call *c)
{
	_cleanup_(credentials_release) struct credentials who = { 0 };

	/* The kernel refuses it to others. */
	if (credentials_read(c->process, &who) == 0 && !(who.effective >> CAP_DAC_READ_SEARCH & 1))
		return NULL;
	return "files that are opened by handle, without a path";
}

/* struct sock_fprog of a process of either width. */
static int read_program(const struct gap_call *c, uint64_t at, uint16_t *ret_len, uint64_t *ret)
{
	struct {
		uint16_t len;
		uint32_t filter;
	} narrow;
	struct sock_fprog wide;
	int r;

	if (c->abi == ABI_X86 || c->abi == ABI_ARM || c->abi == ABI_X32) {
		r = process_read(c->process, at, &narrow, sizeof(narrow));
		*ret_len = narrow.len;
		*ret = narrow.filter;
	} else {
		r = process_read(c->process, at, &wide, sizeof(wide));
		*ret_len = wide.len;
		*ret = (uint64_t)(uintptr_t)wide.filter;
	}
	return r;
}

/* What returns a computed value could return anything. */
static bool may_trace(const struct sock_filter *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (BPF_CLASS(f[i].code) != BPF_RET)
			continue;
		if (BPF_RVAL(f[i].code) == BPF_A ||
			(f[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE)
			return true;
	}
	return false;
}

/*
 * seccomp(2): of several filters the action that is highest in its list counts, and with
 * SECCOMP_RET_USER_NOTIF it is the observer's; SECCOMP_RET_TRACE comes after that.
 */
static const char *by_program(const struct gap_call *c, uint64_t at)
{
	struct sock_filter f[BPF_MAXINSNS];
	uint64_t filter;
	uint16_t n;

	int r = read_program(c, at, &n, &filter);

	if (r >= 0 && (n == 0 || n > BPF_MAXINSNS))
		return NULL;
	if (r >= 0)
		r = process_read(c->process, filter, f, n * sizeof(*f));
	if (r < 0)
		return r == -EFAULT ? NULL
				    : "seccomp filters of the program's own that may not be read";
	return may_trace(f, n) ? "calls of which the program's own tracer would be told by "
				 "seccomp: they go on without it"
			       : NULL;
}

static const char *by_seccomp(const struct gap_call *c)
{
	if ((uint32_t)c->arguments[0] != SECCOMP_SET_MODE_FILTER)
		return NULL;
	if (c->arguments[1] & SECCOMP_FILTER_FLAG_NEW_LISTENER)
		return "a seccomp listener of the program's own: Linux refuses a second one";
	return by_program(c, watched_pointer(c->abi, c->arguments[2]));
}

static const char *by_prctl(const struct gap_call *c)
{
	if ((uint32_t)c->arguments[0] != PR_SET_SECCOMP || c->arguments[1] != SECCOMP_MODE_FILTER)
		return NULL;
	return by_program(c, watched_pointer(c->abi, c->arguments[2]));
}

static const struct {
	const char *name;
	const char *(*find)(const struct gap_call *c);
} table[] = {
	{ "io_uring_setup", by_uring },
	{ "open_by_handle_at", by_handle },
	{ "seccomp", by_seccomp },
	{ "prctl", by_prctl },
};

#define N_TABLE (sizeof(table) / sizeof(*table))

bool recorded_gap_call(int syscall)
{
	for (size_t i = 0; i < N_TABLE; i++)
		if (!strcmp(table[i].name, vocab_syscalls[syscall].name))
			return true;
	return false;
}

const char *recorded_gap(
	const struct process *p, enum abi abi, int syscall, const uint64_t arguments[6])
{
	struct gap_call c = { .process = p, .abi = abi, .arguments = arguments };
	const char *gap = NULL;

	for (size_t i = 0; i < N_TABLE && !gap; i++)
		if (!strcmp(table[i].name, vocab_syscalls[syscall].name))
			gap = table[i].find(&c);
	return gap;
}

/* cgroups(7). Of version 1 too: its files are called alike, wherever they are mounted. */
const char *recorded_gap_of_access(const struct gap_rules *rules, const struct access *a)
{
	if (rules->no_new_privs && a->gives_privilege)
		return "what set-user-ID programs do with their privilege, which they do not get "
		       "here";
	return NULL;
}
