/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EMIT_OCI_H
#define PALE_EMIT_OCI_H

/*
 * NAME.seccomp.json: linux.seccomp of the OCI runtime specification (config-linux.md), which a
 * runtime hands to libseccomp.
 *
 * What shapes it:
 * - Comparisons are of 64 bits. A 32-bit argument is compared with MASKED_EQ, so that its unread
 *   half does not count; a range becomes the masks of its binary prefixes.
 * - Runtimes compile one comparison per argument and entry; entries are or-ed. Where a call would
 *   need more than OCI_ENTRIES_MAX, or a number that JSON writers keep signed, the call is refused.
 * - runc puts a stub before the filter that returns ENOSYS above the highest call that the profile
 *   names, unless the default is ENOSYS itself (libcontainer/seccomp/patchbpf). So every known call
 *   is named, refused ones with the default's own EPERM: runc and crun drop such entries as
 *   redundant, but they have been counted, and only calls newer than the tables get ENOSYS.
 *   crun has no stub: there these get EPERM.
 * - ENOSYS as the default would also answer refused arguments of allowed calls, and libseccomp
 *   keeps no unconditional rule beside a conditional one.
 * - ABIs that are not listed get libseccomp's answer to a wrong architecture: they are killed.
 */

#include "compiler/base/arena.h"
#include "compiler/policy.h"

#include <jansson.h>

#define OCI_ENTRIES_MAX 256

enum oci_compare { OCI_EQ, OCI_NE, OCI_LE, OCI_GE, OCI_MASKED_EQ };

struct oci_condition {
	uint8_t index;
	enum oci_compare op;
	uint64_t value;	    /* of MASKED_EQ: the mask */
	uint64_t value_two; /* of MASKED_EQ: what the masked argument equals */
};

struct oci_entry {
	int syscall;	 /* index into vocab_syscalls */
	uint32_t action; /* SECCOMP_RET_… */
	struct oci_condition conditions[6];
	uint32_t n_conditions;
};

struct oci_filter {
	const struct policy *policy;
	uint32_t default_action;
	/* By call; those with conditions stand together. */
	struct oci_entry *v;
	uint32_t n, cap;
	const char *
		*left_out; /* [vocab_n_syscalls]: why a call is refused that is allowed, or NULL */
};

struct oci_filter *oci_filter_new(struct arena *a, const struct policy *p);
/* linux.seccomp itself. Sorted; the caller owns it. */
json_t *oci_filter_json(const struct oci_filter *f);

#endif
