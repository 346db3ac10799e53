/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_APPARMOR_READ_H
#define PALE_APPARMOR_READ_H

/*
 * A profile's text, read as AppArmor's parser would: what is written must say what was to be
 * written, whatever bytes the policy's words have. Only the forms that are written are known; any
 * other text does not read back.
 */

#include "compiler/apparmor_mounts.h"
#include "compiler/apparmor_other.h"
#include "compiler/apparmor_rules.h"

struct apparmor_profile {
	struct apparmor_rules rules;
	struct apparmor_mounts mounts;
	struct apparmor_other other;
};

/* What every profile says of what Pale does not mediate, line by line; NULL ends it. */
extern const char *const apparmor_unmediated[];

/*
 * Reads @text and compares it with what was to be written. @written: [p->n_domains].
 * -EBADMSG, with the line, when they differ.
 */
int apparmor_read_back(const struct policy *p, const char *text, size_t len,
	const struct apparmor_profile *written, struct pale_err **err);

#endif
