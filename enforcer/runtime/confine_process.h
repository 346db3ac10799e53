/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RUNTIME_CONFINE_PROCESS_H
#define PALE_RUNTIME_CONFINE_PROCESS_H

#include "compiler/base/text.h"
#include "enforcer/runtime/confinement.h"

/*
 * The process of the OCI runtime specification, of config.json and of exec's process.json alike,
 * made to fit a policy: capability sets, AppArmor profile, no_new_privs and rlimits come out as
 * what both allow, and never wider than they were.
 */

enum confined_process {
	PROCESS_OF_CONFIG,
	/* Of exec: where it has no rlimits, the runtimes take the container's, which are confined
	 * already; a list of ours would take their place. */
	PROCESS_OF_EXEC,
};

/*
 * @where: "config.json: process". @stack_file: see apparmor_stack.h. @note: gets a sentence when
 * the policy's AppArmor profile is left out. -EINVAL: @process is wrong. On an error it may be
 * changed in part.
 */
int confine_process(json_t *process, enum confined_process which, const struct confinement *c,
	const char *where, const char *stack_file, struct text *note, struct pale_err **err);

#endif
