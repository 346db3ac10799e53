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

/*
 * @where: "config.json: process". @stack_file: see apparmor_stack.h. @note: gets a sentence when
 * the policy's AppArmor profile is left out. -EINVAL: @process is wrong. On an error it may be
 * changed in part.
 */
int confine_process(json_t *process, const struct confinement *c, const char *where,
	const char *stack_file, struct text *note, struct pale_err **err);

/*
 * Lowers the caller's own rlimits, which what it executes inherits: crun gives a process that exec
 * describes by options none of the container's, nor of its own.
 */
int confine_own_rlimits(const struct confinement *c, struct pale_err **err);

#endif
