/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_WEBHOOK_POD_HAZARDS_H
#define PALE_WEBHOOK_POD_HAZARDS_H

/*
 * What else a pod asks for that would leave nothing of its profile. Refused is what lets a
 * container start others or enter processes that no policy holds:
 *	privileged containers, which paled refuses, too;
 *	volumes of the node's folders in which container engines, the kubelet or Pale have their
 *	sockets and files, or programs that these start for a node's network and volumes, of folders
 *	around them, and of /proc and /sys;
 *	the node's processes (hostPID) beside a capability that enters them;
 *	another runtimeClassName, by which pale-runtime would not be called.
 * Told is what makes a profile say something else than it seems to: the node's network, IPC or
 * process namespace, other volumes of the node, one process namespace for several profiles, and
 * unmasked /proc.
 *
 * Pods that are recorded are held to the same: what no policy can hold would give none.
 */

#include "operator/webhook/pod_profile.h"

/* -EACCES; *@err has a hint. @runtime_class: the one that calls pale-runtime. */
int pod_hazards_check(const struct pod *pod, const struct pod_choice *choice,
	const char *runtime_class, json_t *warnings, struct pale_err **err);

#endif
