/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_WEBHOOK_JSON_PATCH_H
#define PALE_WEBHOOK_JSON_PATCH_H

/* Operations of RFC 6902, in an array. Names in a path may hold anything: see json_pointer_add().
 */

#include "compiler/base/text.h"

#include <jansson.h>

/* Adds "/name" to a JSON pointer, with ~ and / written as RFC 6901 has it. */
void json_pointer_add(struct text *pointer, const char *name);

/* Sets a member, whether it is there or not. Takes @value over. */
void json_patch_add(json_t *patch, const struct text *path, json_t *value);
/* Of a member that is there. */
void json_patch_remove(json_t *patch, const struct text *path);

#endif
