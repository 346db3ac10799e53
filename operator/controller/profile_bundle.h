/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PROFILE_BUNDLE_H
#define PALE_PROFILE_BUNDLE_H

#include "compiler/base/error.h"

#include <jansson.h>

/*
 * How a policy gets from a PaleProfile into a node's paled: its status has all sources
 * (profile_compile.h), `load` of pale-protocol(7) takes them, and the digest that it answers is
 * compared with the status's.
 */

/* The request of `load`. -ENOENT: the controller has compiled nothing of it yet; -EBADMSG: the
 * status is not of its writing. */
int profile_bundle_request(const json_t *object, json_t **ret, struct pale_err **err);

/* Whether @answer, of paled, says that the node means what the controller means. -EBADMSG: it does
 * not; what paled refuses is told in its own words, -EINVAL. */
int profile_bundle_check(const json_t *object, const json_t *answer, struct pale_err **err);

#endif
