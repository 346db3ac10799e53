/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_NOTICE_H
#define PALE_NOTICE_H

#include <jansson.h>

/* A new event that is no violation: `time`, now, and `kind`. */
json_t *notice_json(const char *kind);

#endif
