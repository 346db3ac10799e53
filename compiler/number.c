/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/lower.h"

#include <ctype.h>
#include <string.h>

bool number_parse(const char *text, size_t len, uint64_t *ret)
{
	unsigned base = 10;
	uint64_t v = 0;

	if (len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
		len -= 2;
	}
	if (!len)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		unsigned digit;

		if (isdigit(c))
			digit = c - '0';
		else if (base == 16 && isxdigit(c))
			digit = (unsigned)tolower(c) - 'a' + 10;
		else
			return false;
		if (__builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, digit, &v))
			return false;
	}
	*ret = v;
	return true;
}

bool number_parse_size(const char *text, uint64_t *ret)
{
	static const char suffixes[] = "KMG";
	size_t len = strlen(text);
	const char *suffix = len ? strchr(suffixes, text[len - 1]) : NULL;
	uint64_t v;

	if (suffix && *suffix)
		len--;
	else
		suffix = NULL;
	if (!number_parse(text, len, &v))
		return false;
	return suffix ? !__builtin_mul_overflow(
				v, (uint64_t)1 << (10 * (suffix - suffixes + 1)), ret)
		      : (*ret = v, true);
}
