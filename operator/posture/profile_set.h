/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POSTURE_PROFILE_SET_H
#define PALE_POSTURE_PROFILE_SET_H

/*
 * A cluster's PaleProfiles as policies that can be asked. What was compiled last of each is taken
 * from its status, where the controller has put all sources of it: pods that are created now get
 * that one.
 */

#include "compiler/policy.h"

#include <jansson.h>

struct profile_set;

/* @profiles, an array of PaleProfiles, is borrowed. */
struct profile_set *profile_set_new(const json_t *profiles);
void profile_set_free(struct profile_set *s);
/* Borrowed; NULL: there is none by that name, or it has never compiled, or is audited. */
const struct policy *profile_set_enforced(struct profile_set *s, const char *name);

#endif
