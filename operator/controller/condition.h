/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CONDITION_H
#define PALE_CONDITION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * status.conditions, metav1.Condition: type, status, reason, message, observedGeneration and
 * lastTransitionTime, which is when @status became what it is.
 */

enum condition_status { CONDITION_FALSE, CONDITION_TRUE, CONDITION_UNKNOWN };

struct condition {
	const char *type;
	enum condition_status status;
	const char *reason;  /* one word in CamelCase */
	const char *message; /* status_text() of it is kept */
};

/*
 * Puts @c into @status, an object, in the place of the one of its type; nothing is touched when all
 * is the same. @now in seconds since 1970. Whether its @status became another one.
 */
bool condition_set(json_t *status, const struct condition *c, int64_t generation, int64_t now);
/* NULL when @status has none of that type. Borrowed. */
const json_t *condition_find(const json_t *status, const char *type);
/* Whether there is one, and it is True. */
bool condition_holds(const json_t *status, const char *type);

#endif
