/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_JSON_OF_H
#define PALE_TESTS_JSON_OF_H

/* Behind <cmocka.h>. */

#include "compiler/base/cleanup.h"

#include <jansson.h>
#include <string.h>

/* With ' for ". */
static inline json_t *json_of(const char *text)
{
	_cleanup_free_ char *copy = strdup(text);
	json_t *j;

	for (char *s = copy; *s; s++)
		*s = *s == '\'' ? '"' : *s;
	j = json_loads(copy, JSON_DECODE_ANY, NULL);
	if (!j)
		fail_msg("not JSON: %s", text);
	return j;
}

#endif
