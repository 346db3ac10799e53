/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_APPARMOR_CLASS_H
#define PALE_APPARMOR_CLASS_H

/*
 * Whether a file that AppArmor refused to execute or map is drift or unlinked. Its records do not
 * say, so that it is looked up by its path when the record is read, and may have changed.
 */

#include "compiler/policy.h"
#include "enforcer/process.h"

/* Where the files of a process's container are looked up. */
struct apparmor_place {
	int root;	   /* its root directory, borrowed; -1: not known */
	uint64_t start_ns; /* CLOCK_REALTIME; what is changed later is drift; 0: nothing is */
};

/*
 * Beneath the root of @process, or where that is gone (or NULL) in @place. CLASS_ANONYMOUS is only
 * what is missing while who had it is still there. CLASS_PLAIN also where that cannot be told: the
 * files of a container that has ended are gone as a whole.
 */
enum object_class apparmor_class(
	const struct process *process, const struct apparmor_place *place, const char *path);

#endif
