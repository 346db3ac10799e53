/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The programs of lsm.bpf.c, for learning: see learn.h. Nothing is refused.
 */
#define LEARNING 1

#include "enforcer/bpf/hooks_exec.h"
#include "enforcer/bpf/hooks_file.h"
#include "enforcer/bpf/hooks_kernel.h"
#include "enforcer/bpf/hooks_mount.h"
#include "enforcer/bpf/hooks_network.h"
#include "enforcer/bpf/hooks_task.h"

char _license[] SEC("license") = "GPL";
