/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RUNTIME_OCI_RESOURCES_H
#define PALE_RUNTIME_OCI_RESOURCES_H

#include "enforcer/runtime/confinement.h"

/*
 * linux.resources of the OCI runtime specification against a policy's limits. What the runtimes
 * would take in its place counts as well: the cgroup files that "unified" names.
 */

/*
 * Puts the lower of both in @resources. Memory is what the processes use, in RAM or swapped out, as
 * for `pale run`: what may be swapped out is held with it, where @swap says that this node accounts
 * for it. -EINVAL: @resources is wrong; it may be changed in part then.
 */
int oci_resources_confine(json_t *resources, const struct confinement *c, bool swap,
	const char *where, struct pale_err **err);

/* 0 when a container whose resources are changed to these stays within the policy. -EPERM. Of the
 * CPU, quota and period have to be changed together. */
int oci_resources_check(const json_t *resources, const struct confinement *c, const char *where,
	struct pale_err **err);

/* Whether runtimes can limit what is swapped out: a file of cgroup v1, of v2 they do without. */
bool oci_swap_is_accounted(void);

/* 0 when no annotation asks systemd for a higher limit (org.systemd.property.MemoryMax and the
 * like, which runc and crun hand on). -EPERM. */
int oci_systemd_check(
	const json_t *annotations, const struct confinement *c, struct pale_err **err);

#endif
