/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_WEBHOOK_CAPABILITY_NAMES_H
#define PALE_WEBHOOK_CAPABILITY_NAMES_H

#include <jansson.h>
#include <stdbool.h>

/* Whether both are one capability: container engines take them with CAP_ and in small letters,
 * too. */
bool capability_is(const char *name, const char *other);
/* Whether a list of securityContext.capabilities, or NULL, has it by its name; ALL is a name. */
bool capabilities_have(const json_t *list, const char *name);

#endif
