/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_SECCOMP_EXIT_H
#define PALE_SECCOMP_EXIT_H

/*
 * Calls that may have been refused by a seccomp filter without SECCOMP_FILTER_FLAG_LOG: those that
 * tasks under a filter made and that ended with an errno that filters refuse with
 * (enforcer/bpf/seccomp_exit.bpf.c, a tracepoint's program: it loads where BPF-LSM does not).
 *
 * Most of them are the kernel's own errors. seccomp is asked before a call runs, so it was the
 * filter if and only if the filter refuses that call with those arguments: the caller asks
 * seccomp_answer(). Not seen are calls of the number -1, which are none, and what a filter of the
 * program's own answers in place of the container's with an errno that is not looked for.
 *
 * While attached the kernel takes its slow path at every call of every task of the machine, and
 * runs the program at its end. Attach it only as long as it is needed. On Linux 6.18, a virtual
 * machine with two busy CPUs, it added to a getppid(2) of some 200 ns (medians of nine runs of two
 * million, build/tests/bench/sys_exit, twice): 88 and 93 ns in a task without a filter, 89 and 72
 * ns in one whose filter allows it, and 278 and 255 ns where the filter refuses it, most of those
 * throttled.
 */

#include "compiler/base/error.h"
#include "enforcer/bpf/seccomp_exit_event.h"

#include <stddef.h>
#include <stdint.h>

struct seccomp_exit;

/*
 * Loads the program, and attaches nothing. Needs CAP_BPF and CAP_PERFMON. -EPERM, -EINVAL…: this
 * kernel does not let it. -EOPNOTSUPP: the caller is not in the initial pid namespace, whose
 * numbers events have.
 */
int seccomp_exit_load(struct seccomp_exit **ret, struct pale_err **err);
/* Detaches. Takes NULL. */
void seccomp_exit_free(struct seccomp_exit *s);
void seccomp_exit_freep(struct seccomp_exit **s);

/* Attached already is fine. */
int seccomp_exit_attach(struct seccomp_exit *s, struct pale_err **err);
/* What was seen before can still be read. */
void seccomp_exit_detach(struct seccomp_exit *s);

/* Which errnos are looked for, from now on: bit (errno). */
void seccomp_exit_look_for(struct seccomp_exit *s, const uint64_t errnos[SECCOMP_EXIT_WORDS]);

/*
 * At most @rate events a second, after @burst at once, of each call of those who share a filter; 0:
 * all that find room. Counted by call, so that one that the kernel refuses cannot use up what
 * another that the filter refuses is told with.
 */
void seccomp_exit_limit(struct seccomp_exit *s, uint32_t rate, uint32_t burst);

/* Readable when there are events. Belongs to @s. */
int seccomp_exit_fd(const struct seccomp_exit *s);
/* Hands over at most @max of the events there are. Their number. */
int seccomp_exit_read(struct seccomp_exit *s, size_t max,
	void (*take)(void *ctx, const struct seccomp_exit_event *e), void *ctx,
	struct pale_err **err);

/* Events that found no room, since the program was loaded. */
uint64_t seccomp_exit_lost(const struct seccomp_exit *s);

/*
 * Hands over, once, what was throttled of calls that have not been made for as long as a whole
 * burst takes to come, and so was not told with a later event; detached, of all. The kernel forgets
 * it when more than SECCOMP_EXIT_BUCKETS calls and filters come between.
 */
void seccomp_exit_take_throttled(struct seccomp_exit *s,
	void (*take)(void *ctx, const struct seccomp_exit_key *key,
		const struct seccomp_exit_bucket *bucket),
	void *ctx);

#endif
