/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PALE_BPF_REEXEC_H
#define PALE_BPF_REEXEC_H

#include "enforcer/bpf/kernel.h"

/* "/proc/" or "/dev/fd": there is no memcmp() here. */
static __always_inline bool is_by_descriptor(const char *name)
{
	if (name[0] != '/')
		return false;
	return (name[1] == 'p' && name[2] == 'r' && name[3] == 'o' && name[4] == 'c' &&
		       name[5] == '/') ||
	       (name[1] == 'd' && name[2] == 'e' && name[3] == 'v' && name[4] == '/' &&
		       name[5] == 'f' && name[6] == 'd');
}

/*
 * As runtimes execute themselves before the container's program (runc, crun: CVE-2019-5736): a copy
 * in memory, or the same file by a descriptor or /proc/self/exe. Who executes the same program anew
 * by its name, as a shell does, or a script of it, goes on to something else.
 *
 * @inode: of what is executed; @number and @device: of what was until then.
 */
static __always_inline bool is_reexec(
	const struct linux_binprm *bprm, const struct inode *inode, __u64 number, __u32 device)
{
	const char *filename = BPF_CORE_READ(bprm, filename);
	char name[8] = {};

	if (!BPF_CORE_READ(inode, i_nlink))
		return true;
	bpf_probe_read_kernel_str(name, sizeof(name), filename);
	return filename == BPF_CORE_READ(bprm, interp) && is_by_descriptor(name) &&
	       BPF_CORE_READ(inode, i_ino) == number && BPF_CORE_READ(inode, i_sb, s_dev) == device;
}

#endif
