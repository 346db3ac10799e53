/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/webhook/warnings.h"

#include "compiler/base/cleanup.h"
#include "operator/memory.h"

#include <stdarg.h>

#define WARNINGS_MAX 16
#define BYTES_MAX    250

/* Behind the last whole character of @max bytes of UTF-8. */
static size_t cut(const char *s, size_t max)
{
	size_t len = strlen(s);

	if (len <= max)
		return len;
	while (max && ((unsigned char)s[max] & 0xc0) == 0x80)
		max--;
	return max;
}

void warnings_add(json_t *list, const char *format, ...)
{
	_cleanup_free_ char *s = NULL;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&s, format, args);
	va_end(args);
	memory_checked(len < 0 ? NULL : s);
	if (json_array_size(list) < WARNINGS_MAX)
		json_array_append_new(list, json_stringn(s, cut(s, BYTES_MAX)));
}
