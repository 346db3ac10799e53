/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_IMPORT_KUBEARMOR_H
#define PALE_IMPORT_KUBEARMOR_H

/*
 * KubeArmorPolicy (security.kubearmor.com/v1), one profile for each document. What a policy means
 * is what KubeArmor's AppArmor enforcer makes of it:
 *
 * - Without an Allow everything is allowed but what a Block names. One Allow about processes or
 *   files makes both an allow-list, one about the network that, one about capabilities those. What
 *   is not on the list is blocked, as with KubeArmor's posture `block`.
 * - A file's rule is for reading and writing, with readOnly for reading alone; a Block with
 *   readOnly blocks writing.
 * - A rule with fromSource is for one program: a sub-profile, which has the other rules too.
 * - matchDirectories without recursive is what lies in the folder itself.
 * - Rules about system calls only tell.
 *
 * Which pods a policy is for (selector) is a comment.
 */

#include "compiler/import.h"

bool import_kubearmor_recognises(const struct source *s);
bool import_kubearmor(const struct source *s, const struct import_options *options,
	struct diag_list *diags, struct text *to);

#endif
