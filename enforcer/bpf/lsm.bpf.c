/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The BPF-LSM programs. They are loaded and verified once; policies are data in maps.
 *
 *	kernel.h	what is read of the kernel's structures
 *	state.h		labels, instances, maps
 *	path.h		a dentry's path
 *	act.h		from a rule to verdict and event
 *	match.h		paths against the automaton
 *	endpoint.h	addresses against their lists
 *	file.h		what an open file is
 *	mount.h		mounts against their rules
 *	hooks_*.h	the programs
 *
 * A program first asks whether the task is confined, and nothing else of one that is not. What
 * cannot be told is denied and counted.
 */
#include "enforcer/bpf/hooks_exec.h"
#include "enforcer/bpf/hooks_file.h"
#include "enforcer/bpf/hooks_kernel.h"
#include "enforcer/bpf/hooks_mount.h"
#include "enforcer/bpf/hooks_network.h"
#include "enforcer/bpf/hooks_task.h"

char _license[] SEC("license") = "GPL";
