/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_SECCOMP_FILES_H
#define PALE_SECCOMP_FILES_H

/*
 * The seccomp sections of the node's profiles as files, where a kubelet looks for what pods name in
 * seccompProfile.localhostProfile: PROFILE-DIGEST.json, with the first twelve digits of the digest,
 * each an object linux.seccomp of the OCI runtime specification for runc. pale-runtime sets the
 * same whether or not a pod names it; a pod that does is refused by its engine on a node without
 * Pale.
 *
 * The folder is `seccomp-files` of paled.conf(5), and holds nothing else. Containers ask for the
 * file each time that they are started.
 */

#include "enforcer/daemon/daemon.h"

/* Of one profile, if the node wants files. What fails is told. */
void seccomp_files_write(struct daemon *d, const struct store_profile *p);

/*
 * Removes those that are of no profile and of no container, if any profile is there: a daemon that
 * begins with none is about to be given those that pods name.
 */
void seccomp_files_sweep(struct daemon *d);

#endif
