/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PLUGIN_OBJECT_TEXT_H
#define PALE_PLUGIN_OBJECT_TEXT_H

#include <jansson.h>

/* Strings of the API's objects; "" where there is none. Borrowed. */
static inline const char *object_text(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

static inline const char *object_name(const json_t *o)
{
	return object_text(json_object_get(o, "metadata"), "name");
}

#endif
