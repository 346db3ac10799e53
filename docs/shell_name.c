/* SPDX-License-Identifier: Apache-2.0 */
#include "docs/shell_name.h"

const char *shell_name(const struct program *program, char buffer[SHELL_NAME_BYTES])
{
	snprintf(buffer, SHELL_NAME_BYTES, "%s", program->name);
	for (char *s = buffer; *s; s++) {
		if (*s == '-')
			*s = '_';
	}
	return buffer;
}
