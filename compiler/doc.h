/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_DOC_H
#define PALE_DOC_H

/*
 * What a policy allows, as a document in plain sentences: for each profile the comment above it,
 * then by subjects what its rules say, those of its own file before those of fragments, and what
 * becomes of all else. System calls that rules need are counted, by asking decide() for each.
 */

#include "compiler/base/text.h"
#include "compiler/policy.h"

#include <jansson.h>

/* In lines of at most WRAPPED_COLUMNS. With the profile @domain all of its sub-profiles. */
void doc_text(struct text *to, const struct policy *p, uint32_t domain);
/*
 * The same: {profile, digest, mode, profiles: [{profile, comment, sections: [{title, sentences:
 * [{sentence, effect, rule, text, file, line}]}], syscalls: [{abi, calls, allowed, by_arguments}],
 * otherwise}]}. "file" and "line" are missing where no rule is written, "rule" is the rule's id.
 */
json_t *doc_json(const struct policy *p, uint32_t domain);

#endif
