/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORDER_KERNEL_H
#define PALE_RECORDER_KERNEL_H

/*
 * What the kernel tells of the processes of containers (enforcer/bpf/recorder.bpf.c): each start,
 * each exec, each end, and whereto they connect by TCP. UDP's connect(2) is told of containers that
 * have a group of their own in the unified hierarchy; what is sent without one, connections that
 * are accepted and other protocols are not told.
 */

#include "compiler/base/error.h"
#include "enforcer/bpf/recorder_event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recorder_kernel;

/*
 * Loads the programs, and attaches nothing. Needs CAP_BPF, CAP_PERFMON and, for UDP's,
 * CAP_NET_ADMIN. -EPERM, -EINVAL…: this kernel does not let it. -EOPNOTSUPP: the caller is not in
 * the initial pid namespace, whose numbers events have.
 */
int recorder_kernel_load(struct recorder_kernel **ret, struct pale_err **err);
/* Detaches. Takes NULL. */
void recorder_kernel_free(struct recorder_kernel *k);
void recorder_kernel_freep(struct recorder_kernel **k);

/* Attached already is fine; all or none. */
int recorder_kernel_attach(struct recorder_kernel *k, struct pale_err **err);
/* What was seen before can still be read. Of the containers that there are UDP is recorded no more:
 * this is for when none of them runs. */
void recorder_kernel_detach(struct recorder_kernel *k);
bool recorder_kernel_is_attached(const struct recorder_kernel *k);

/* How a container's processes are told from others. */
struct recorder_container {
	uint32_t number;     /* not 0, and never used twice */
	int pidfd;	     /* of its first process; -1: it has ended */
	bool owns_namespace; /* it is the first one of its pid namespace */
	uint64_t cgroup;     /* unified, lsm_cgroup_id(); 0: it has none of its own */
	int cgroup_fd;	     /* its folder, borrowed; -1: UDP is not recorded */
};

/*
 * From now on. What a container of before had of these is this one's. *@ret_why_no_udp is set
 * when all but UDP is recorded, and is the caller's to free.
 */
int recorder_kernel_add(struct recorder_kernel *k, const struct recorder_container *c,
	struct pale_err **ret_why_no_udp, struct pale_err **err);
void recorder_kernel_remove(struct recorder_kernel *k, uint32_t number);
/* A process that was there before: it and its children are the container's. */
void recorder_kernel_mark(struct recorder_kernel *k, uint32_t number, int pidfd);

/* Readable when there is much to be read; what is little waits for whoever looks. Belongs to @k. */
int recorder_kernel_fd(const struct recorder_kernel *k);
/* @e has @size bytes; of RECORDER_EXEC it is a struct recorder_exec, with its arguments behind it.
 * Lengths are sound. */
typedef void (*recorder_kernel_take)(void *ctx, const struct recorder_event *e);
/* Hands over at most @max of the events there are. Their number. */
int recorder_kernel_read(struct recorder_kernel *k, size_t max, recorder_kernel_take take,
	void *ctx, struct pale_err **err);

/* Events of the container that found no room, since the last time this was asked. */
uint64_t recorder_kernel_take_lost(struct recorder_kernel *k, uint32_t number);

#endif
