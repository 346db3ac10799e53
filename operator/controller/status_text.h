/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_STATUS_TEXT_H
#define PALE_STATUS_TEXT_H

#include <jansson.h>

/* Bytes of one text in a status: of a message that says more the end is cut off. */
#define STATUS_TEXT_MAX 1024

/* At most STATUS_TEXT_MAX bytes of @s, which need not be UTF-8, cut between characters; what was
 * cut ends in "...". Never NULL. */
json_t *status_text(const char *s);

#endif
