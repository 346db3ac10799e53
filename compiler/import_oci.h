/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_IMPORT_OCI_H
#define PALE_IMPORT_OCI_H

/*
 * Seccomp profiles in JSON, in both of their forms: linux.seccomp of the OCI runtime specification
 * (config-linux.md), alone or in its config.json; and the profiles of Docker, Podman and
 * containerd (moby/profiles/seccomp, containers-common/pkg/seccomp), which have conditions on
 * capabilities, machine and kernel beside.
 *
 * SCMP_ACT_KILL and KILL_THREAD end the process, not one thread, and a comment says so. TRAP, TRACE
 * and NOTIFY, on which somebody else decides, are errors.
 *
 * What a profile means stands in import_seccomp.h.
 */

#include "compiler/import.h"

/* Whether this is a file for import_oci(): its first character begins an object, an array or a
 * string. */
bool import_oci_recognises(const struct source *s);
/* As import_policy(), but for the last look at what was written. */
bool import_oci(const struct source *s, const struct import_options *options,
	struct diag_list *diags, struct text *to);

#endif
