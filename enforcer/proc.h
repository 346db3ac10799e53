/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PROC_H
#define PALE_PROC_H

/*
 * What /proc says of a process that may end at any moment: failures are plain negative errnos, and
 * what was read may be of another process with that number unless the caller holds a pidfd.
 */

#include "compiler/base/text.h"

#include <stdint.h>
#include <sys/types.h>

/* /proc/PID/FILE, at most 64 KiB of it. */
int proc_read(pid_t pid, const char *file, struct text *ret);
/* What /proc/PID/NAME leads to; malloc-ed, or NULL. */
char *proc_link(pid_t pid, const char *name);
/* Ticks since boot, field 22 of proc_pid_stat(5). */
int proc_start_time(pid_t pid, uint64_t *ret);
int proc_parent(pid_t pid, pid_t *ret);
/* A number, in @base, of /proc/PID/status: @name without its colon. */
int proc_status_number(pid_t pid, const char *name, int base, uint64_t *ret);
/* Its number in the innermost pid namespace that it is in. */
int proc_inner_pid(pid_t pid, pid_t *ret);

#endif
