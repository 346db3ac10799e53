/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PROFILE_STATUS_H
#define PALE_PROFILE_STATUS_H

#include "operator/controller/event_list.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What profile_compile() came to, put into the object's status: observedGeneration, diagnostics,
 * condition Compiled, and of what is right digest, pod and bundle. Of what is wrong these stay as
 * they were: pods that ask for the profile go on with what it said last, as files in paled's folder
 * do, and the condition's message says so. An @outcome of reason Timeout says nothing of the source
 * and leaves all but the condition, which is Unknown.
 *
 * @status is an object of the caller's own; nothing in it changes where nothing is new. Events:
 * ProfileCompiled when the digest is another one, ProfileRejected, with line and column.
 */
void profile_status_compiled(json_t *status, const json_t *outcome, int64_t generation, int64_t now,
	struct event_list *events);

/* Whether @object has to be compiled: its generation was not looked at to an end. */
bool profile_needs_compiling(const json_t *object);

#endif
