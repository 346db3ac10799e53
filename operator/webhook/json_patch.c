/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/webhook/json_patch.h"

#include "operator/memory.h"

void json_pointer_add(struct text *pointer, const char *name)
{
	text_putc(pointer, '/');
	for (; *name; name++) {
		if (*name == '~')
			text_puts(pointer, "~0");
		else if (*name == '/')
			text_puts(pointer, "~1");
		else
			text_putc(pointer, *name);
	}
}

void json_patch_add(json_t *patch, const struct text *path, json_t *value)
{
	json_array_append_new(patch, memory_checked(json_pack("{s:s, s:s, s:o}", "op", "add",
					     "path", text_str(path), "value", value)));
}

void json_patch_remove(json_t *patch, const struct text *path)
{
	json_array_append_new(patch,
		memory_checked(json_pack("{s:s, s:s}", "op", "remove", "path", text_str(path))));
}
