/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LOAD_LSM_H
#define PALE_LOAD_LSM_H

/*
 * The BPF-LSM programs (enforcer/bpf/lsm.bpf.c) from user space: loaded and attached once, then
 * given policies as data and cgroups to apply them to. Enforcement lasts as long as the struct lsm,
 * and the kernel detaches everything when the process ends, however it ends; or, with lsm_open(),
 * until lsm_unpin().
 *
 * A task is confined from the commit of its first exec inside a bound cgroup, that exec judged
 * already; what it did before, and tasks that never exec, pass. Once confined it stays so wherever
 * it goes.
 *
 * Functions return 0 or a negative errno with *err set. None is thread safe on the same struct lsm.
 */

#include "compiler/base/error.h"
#include "enforcer/bpf/lsm_event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Whether this host can enforce with BPF-LSM. -EOPNOTSUPP: the kernel lacks something, named with
 * what to do about it in the hint (`bpf` not among the active LSMs, no BTF, a kernel whose programs
 * are known to be skipped or to miss labels). -EPERM: it does not let us load programs. Loads one
 * empty program and attaches nothing.
 */
int lsm_supported(struct pale_err **err);

/*
 * The hooks that are used only where the kernel has them, and whether this one does; what they
 * mediate has other hooks elsewhere, or is not there to be mediated. All others are required.
 */
int lsm_optional_hooks(
	void (*take)(void *ctx, const char *hook, bool present), void *ctx, struct pale_err **err);

struct lsm;

/*
 * Loads and attaches all programs, or none. The kernel verifies about a million instructions. The
 * verifier's last words are in the error. Needs CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN and, for the
 * addresses of the kernel's rename and mount sequences, a kernel.kptr_restrict that shows them.
 */
int lsm_load(struct lsm **ret, struct pale_err **err);

/*
 * As lsm_load(), but enforcement outlives the process: programs and maps are pinned below @dir, a
 * directory of a BPF file system that only its owner, the caller, may enter. Mount one for this
 * alone. Whoever comes next with lsm_open() goes on with the policies, instances, counts and unread
 * events that there are; what lsm_policy() and lsm_counters() do not know is not there.
 *
 * Programs that are pinned already are taken as they are. In place of others (another version of
 * pale) ours are attached beside them, and only then theirs are taken off. In between, while the
 * kernel verifies nothing any more but attaches and detaches, both must allow, and what both let
 * pass with a report is reported and counted twice. Since they share a task's label, the second to
 * be asked does not see what the first has used up: a bind of a unix socket's path is then asked as
 * `create` too, and a connect by another name than the socket is bound to by that one too.
 *
 * A loader may be killed at any moment: a complete set of programs, once there, stays, and the next
 * lsm_open() completes or takes back what was under way. When a policy was just being replaced,
 * what its rules had decided turns up in `uncounted`, or is lost with the loader that had taken it.
 *
 * One process at a time: -EBUSY. -EINVAL: not a BPF file system. -EPERM: others may enter. -EPROTO:
 * pinned by a version of pale whose maps have another meaning (LSM_SCHEMA); nothing was changed.
 */
int lsm_open(const char *dir, struct lsm **ret, struct pale_err **err);
/* For tests: other editions are other programs, though they do the same. */
int lsm_open_edition(const char *dir, unsigned edition, struct lsm **ret, struct pale_err **err);

/* Takes off all that lsm_open() pinned, of whatever version; the kernel detaches it a moment later.
 * Free the struct lsm first. */
int lsm_unpin(const char *dir, struct pale_err **err);

/* Detaches what is not pinned; tasks that were confined are no longer. Takes NULL. */
void lsm_free(struct lsm *l);
void lsm_freep(struct lsm **l);

/*
 * Makes the policy @blob (NAME.lsm, lsm_wire.h; copied) known; *ret_policy, which events carry as
 * their slot, names it to the other functions. -EBADMSG: not such a blob, or one whose tables leave
 * it. -ENOSPC: LSM_POLICIES_MAX.
 */
int lsm_add_policy(
	struct lsm *l, const void *blob, size_t len, uint32_t *ret_policy, struct pale_err **err);

/* NULL: no such policy. Belongs to @l, and changes with it. */
const struct lsm_slot *lsm_policy(const struct lsm *l, uint32_t policy);

/* Forgets it and frees its slot. -EBUSY: an instance is under it. */
int lsm_remove_policy(struct lsm *l, uint32_t policy, struct pale_err **err);

/*
 * Makes an instance, which stands for one container, under @policy; any number may share one.
 * @start_ns: CLOCK_REALTIME_COARSE; files made or changed at that time or later are drift.
 * LSM_START_OF_IMAGE: all is drift but what an overlay shows from below its upper layer; the
 * overlay module must have been loaded before the programs were. -ENOSPC: LSM_INSTANCES_MAX.
 */
int lsm_add_instance(struct lsm *l, uint32_t policy, uint64_t start_ns, uint32_t *ret_instance,
	struct pale_err **err);

/*
 * Puts the instance under another policy. When it returns, no program asks the old one any more for
 * this instance, and what its rules decided, to the last time, is in *ret_counts (malloc-ed),
 * *ret_n of them. Tasks keep their domains, so both policies must have as many; that they
 * mean the same is the caller's to know: -EINVAL.
 */
int lsm_set_policy(struct lsm *l, uint32_t instance, uint32_t policy, struct lsm_count **ret_counts,
	size_t *ret_n, struct pale_err **err);

/* At most @rate events a second reach user space, after @burst at once; 0: all that find room. The
 * others are counted as `throttled`. */
void lsm_limit_events(struct lsm *l, uint32_t instance, uint32_t rate, uint32_t burst);

/* Unbinds it and frees its number. Tasks that still are of it may do nothing any more. */
int lsm_remove_instance(struct lsm *l, uint32_t instance, struct pale_err **err);

/*
 * The id of a cgroup of the unified hierarchy, by a descriptor of its directory. -EOPNOTSUPP: of
 * another file system.
 */
int lsm_cgroup_id(int cgroup_fd, uint64_t *ret, struct pale_err **err);

/*
 * Applies the instance to tasks that exec in the cgroup or below it; of nested bound cgroups the
 * innermost counts. At most 128 levels below the root are searched. -EEXIST: one of the two is
 * bound already.
 *
 * Nothing runs in a container before it is bound where the cgroup that all containers are below
 * (kubepods) is bound to an instance whose policy allows no exec: that refuses the first exec in
 * each cgroup that has no instance of its own yet, and says so in its events. What is refused puts
 * no label on, so that the same task may try again once its own cgroup is bound. Such a policy must
 * not allow the runtime's init either: a task that an exec was allowed keeps that instance. A
 * runtime that executes its init only before it joins the cgroup, and the entrypoint after the
 * container was bound, is not in its way.
 */
int lsm_bind_cgroup(struct lsm *l, uint64_t cgroup_id, uint32_t instance, struct pale_err **err);

/* @e->text has e->text_len bytes, of any value. Valid during the call. */
typedef void (*lsm_on_event)(void *ctx, const struct lsm_event *e);

/* Readable when there are events; for poll and epoll. Belongs to @l. */
int lsm_event_fd(const struct lsm *l);
/*
 * Hands over the events there are, after waiting up to @timeout_ms for the first (0: does not wait,
 * -1: without end). The number of events, or -EINTR without err's text being worth printing.
 */
int lsm_poll(
	struct lsm *l, int timeout_ms, lsm_on_event on_event, void *ctx, struct pale_err **err);

/* The same without waiting, and at most @max of them. */
int lsm_read(struct lsm *l, size_t max, lsm_on_event on_event, void *ctx, struct pale_err **err);

/*
 * The instance as it stands: `sequence` minus the last event read is how many wait in the buffer or
 * never came, `lost` and `throttled` how many never came.
 */
int lsm_counters(
	const struct lsm *l, uint32_t instance, struct lsm_instance *ret, struct pale_err **err);

/* By rule of the instance's policy; malloc-ed. */
int lsm_rule_counts(const struct lsm *l, uint32_t instance, struct lsm_count **ret, size_t *ret_n,
	struct pale_err **err);

/* Bytes of kernel memory that maps take: all of a policy's, and what each instance adds. */
size_t lsm_policy_bytes(const struct lsm *l, uint32_t policy);
size_t lsm_instance_bytes(const struct lsm *l, uint32_t instance);

/*
 * The programs by number, from 0; NULL past the last. For tests, which take one off to see what it
 * alone stops, and put it back. Of a pinned one the kernel detaches it a moment later, and the next
 * lsm_open() does not find the set complete.
 */
const char *lsm_program_name(const struct lsm *l, size_t i);
int lsm_detach_program(struct lsm *l, size_t i, struct pale_err **err);
int lsm_attach_program(struct lsm *l, size_t i, struct pale_err **err);

/* For messages: "unlinked". "" for LSM_WHY_NONE. */
const char *lsm_why_name(enum lsm_why why);

#endif
