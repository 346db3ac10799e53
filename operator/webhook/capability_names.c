/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/webhook/capability_names.h"

#include <string.h>
#include <strings.h>

static const char *bare(const char *name)
{
	return strncasecmp(name, "CAP_", 4) == 0 ? name + 4 : name;
}

bool capability_is(const char *name, const char *other)
{
	return strcasecmp(bare(name), bare(other)) == 0;
}

bool capabilities_have(const json_t *list, const char *name)
{
	json_t *v;
	size_t i;

	json_array_foreach (list, i, v) {
		if (json_is_string(v) && capability_is(json_string_value(v), name))
			return true;
	}
	return false;
}
