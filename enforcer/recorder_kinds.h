/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORDER_KINDS_H
#define PALE_RECORDER_KINDS_H

/* What is recorded, by the names that it has in pale-protocol(7) and on command lines. */

#include "enforcer/bpf/recorder_event.h"

#include <stdbool.h>

/* "start", "exec", … by enum recorder_kind; those from 1 to RECORDER_KINDS - 1 are there. */
extern const char *const recorder_kind_names[RECORDER_KINDS];
/* false when it is none's name. */
bool recorder_kind_parse(const char *s, enum recorder_kind *ret);

#endif
