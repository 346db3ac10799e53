/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_WEBHOOK_WARNINGS_H
#define PALE_WEBHOOK_WARNINGS_H

#include <jansson.h>

/*
 * One more of the warnings that the API server passes on to who made the request: it may cut one
 * behind 256 characters, and drops those beyond 4,096 bytes in all, so that after sixteen of 250
 * bytes there are no more. @list is an array of strings.
 */
void warnings_add(json_t *list, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
