/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/utf8.h"

static int continues(const unsigned char *s, size_t len, size_t i, unsigned lo, unsigned hi)
{
	return i < len && s[i] >= lo && s[i] <= hi;
}

size_t utf8_sequence(const unsigned char *s, size_t len)
{
	unsigned lo = 0x80, hi = 0xbf;
	size_t n;

	if (len == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (s[0] == 0xe0)
		lo = 0xa0;
	else if (s[0] == 0xed)
		hi = 0x9f;
	else if (s[0] == 0xf0)
		lo = 0x90;
	else if (s[0] == 0xf4)
		hi = 0x8f;
	if (!continues(s, len, 1, lo, hi))
		return 0;
	for (size_t i = 2; i < n; i++) {
		if (!continues(s, len, i, 0x80, 0xbf))
			return 0;
	}
	return n;
}
