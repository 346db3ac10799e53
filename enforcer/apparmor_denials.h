/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_APPARMOR_DENIALS_H
#define PALE_APPARMOR_DENIALS_H

/*
 * What AppArmor refused, as violations with their policy line. Linux asks its security modules in
 * the order of lsm=, and the first refusal ends the question: what AppArmor refuses, BPF-LSM behind
 * it never sees.
 *
 * AppArmor tells by audit records: by netlink (audit_netlink.h), else by the kernel's log
 * (audit_kmsg.h). The record names the process, which may be gone by the time it is read: then the
 * executable is its thread's name, without a '/'.
 *
 * Nor does it say whether an executed or mapped file is drift or unlinked: see apparmor_class.h.
 *
 * A refused capability is told once for each CPU until that CPU sees another (audit_caps() in
 * security/apparmor/capability.c): its repetitions cannot be counted.
 */

#include "compiler/base/error.h"
#include "enforcer/apparmor_class.h"
#include "enforcer/report.h"

struct apparmor_denials_options {
	const struct policy *policy;
	const char *container; /* or NULL */
	uint64_t start_ns;     /* CLOCK_REALTIME; what is changed later is drift; 0: nothing is */
	/* Where several containers are under the policy; NULL: one is. The place of @pid, which may
	 * have ended, is valid until the next call. */
	struct apparmor_place (*place)(void *ctx, pid_t pid);
	/* What AppArmor let pass is not reported: another mechanism does. */
	bool refusals_only;
	void (*report)(void *ctx, const struct violation *v);
	void *ctx;
};

struct apparmor_denials;

/*
 * Call it before the profile is loaded, or at least entered. Keeps a copy of @options. Takes some
 * milliseconds (by the kernel's log up to seconds): it makes the kernel write a record and waits
 * for it, since only that proves that records arrive here. That record is AppArmor's note that the
 * profile "pale.marker.PID.N" which was to be removed does not exist. Needs CAP_MAC_ADMIN and one
 * of CAP_AUDIT_READ and CAP_SYSLOG. -EOPNOTSUPP: records come by neither way, with the reasons.
 */
int apparmor_denials_new(const struct apparmor_denials_options *options,
	struct apparmor_denials **ret, struct pale_err **err);
/* Takes NULL. */
void apparmor_denials_free(struct apparmor_denials *d);
void apparmor_denials_freep(struct apparmor_denials **d);

/* Readable when there are records; for poll and epoll. */
int apparmor_denials_fd(const struct apparmor_denials *d);
/* Reports what is there, at most some hundred records at a time; does not wait. */
int apparmor_denials_handle(struct apparmor_denials *d, struct pale_err **err);
/*
 * Reports all that was refused before the call. -ETIMEDOUT when after some seconds the kernel still
 * has not said that there is no more: then an unknown number is lost.
 */
int apparmor_denials_finish(struct apparmor_denials *d, struct pale_err **err);

/*
 * Audit records that were lost since the start, as far as is known: what is missing among the
 * serial numbers, and what the kernel dropped before giving a number. Of any kind and from the
 * whole machine, so AppArmor refused at most so many more. Exact after apparmor_denials_finish()
 * but for records that overtake others.
 */
uint64_t apparmor_denials_lost(const struct apparmor_denials *d);
/* false: the kernel would not say how many records it dropped, and that part is not counted. */
bool apparmor_denials_lost_known(const struct apparmor_denials *d);
/* Refusals that the language has no words for, or whose record was cut short. */
uint64_t apparmor_denials_unnamed(const struct apparmor_denials *d);
/* "netlink" or "kmsg". */
const char *apparmor_denials_source(const struct apparmor_denials *d);

#endif
