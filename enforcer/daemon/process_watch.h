/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PROCESS_WATCH_H
#define PALE_PROCESS_WATCH_H

/*
 * Which container a process was of, also when it has ended: audit records name processes by number
 * and are read later. Children are of their parent's container, and who enters a container's cgroup
 * is of that one from its next exec on.
 *
 * By the kernel's process events (linux/cn_proc.h), which need CAP_NET_ADMIN and the initial
 * network and pid namespaces. They come for every process of the machine, so this is for kernels
 * where nothing else tells whose a refusal was.
 */

#include "compiler/base/error.h"

#include <stdint.h>
#include <sys/types.h>

struct process_watch;

/*
 * @find gives the number (not 0) of the container whose cgroup a process is in, or 0. -EPERM,
 * -EPROTONOSUPPORT: this kernel or namespace has no such events.
 */
int process_watch_new(uint32_t (*find)(void *ctx, pid_t pid), void *ctx, struct process_watch **ret,
	struct pale_err **err);
/* Takes NULL. */
void process_watch_free(struct process_watch *w);
/* Readable when there are events. */
int process_watch_fd(const struct process_watch *w);
/* Takes in all events that there are. */
void process_watch_handle(struct process_watch *w);

/* A container's first process. */
void process_watch_add(struct process_watch *w, pid_t pid, uint32_t container);
/* The container's number; 0: none, or not known. Call process_watch_handle() before. */
uint32_t process_watch_container(const struct process_watch *w, pid_t pid);
/* 0: not known. */
pid_t process_watch_parent(const struct process_watch *w, pid_t pid);

#endif
