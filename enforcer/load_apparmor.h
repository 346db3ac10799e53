/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LOAD_APPARMOR_H
#define PALE_LOAD_APPARMOR_H

#include "compiler/base/error.h"
#include "compiler/base/text.h"

/*
 * Profiles into the kernel: apparmor_parser makes the binary, libapparmor's kernel interface loads
 * it. A task enters with aa_change_onexec(3) and emit_apparmor.h's profile name.
 */

/*
 * 0 when this kernel enforces what emit_apparmor()'s coverage claims and the parser is there.
 * -EOPNOTSUPP, naming what is missing, with a hint.
 */
int apparmor_supported(struct pale_err **err);

/*
 * What the parser makes of @text for this kernel; on one without AppArmor, for @features (a file
 * like those in /etc/apparmor.d/abi), otherwise NULL. -EBADMSG with the parser's own words.
 */
int apparmor_compile(const char *text, size_t len, const char *features, struct text *ret,
	struct pale_err **err);

/* Loads all profiles of @text or none; profiles of the same names are replaced, also under tasks
 * that they confine. */
int apparmor_load(const char *text, size_t len, struct pale_err **err);

/* With its children. A task in it becomes unconfined: for profiles that confine none any more.
 * -ENOENT when there is none. */
int apparmor_unload(const char *profile, struct pale_err **err);

#endif
