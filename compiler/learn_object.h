/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LEARN_OBJECT_H
#define PALE_LEARN_OBJECT_H

/* What an observation asks, for decide(), and as the words of a policy. */

#include "compiler/base/text.h"
#include "compiler/decide.h"
#include "compiler/learn_run.h"

/*
 * NULL, or what is wrong with the observation ("expected ADDRESS:PORT"). The request's strings are
 * the observation's. A @folded one is asked as its directory.
 */
const char *learn_request(const struct learn_observation *o, struct request *ret);

/*
 * As a line of a test has it behind its effect: "read /etc/passwd", "exec drift /tmp/x",
 * "connect unix \"abstract:a b\"", "syscall ioctl cmd=0x5401".
 */
void learn_question(struct text *to, const struct learn_observation *o);

/* The operation alone as a rule has it: "read", "exec drift", "connect tcp". */
void learn_operation_words(struct text *to, const struct learn_observation *o);
/* And the object: "/etc/passwd", "10.0.0.1:443". Nothing where the operation has none. */
void learn_object_words(struct text *to, const struct learn_observation *o);

/* Whether the object of the operation is a path in the filesystem: also `connect unix /x`. */
bool learn_has_path(const struct learn_observation *o, const char **ret_path, uint32_t *ret_len);

#endif
