/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/cluster/strictness.h"

#include <stddef.h>
#include <string.h>

static const char *const modes[MODE_COUNT] = {
	[MODE_AUDIT] = "audit",
	[MODE_ENFORCE] = "enforce",
};

static const char *const hows[MISSING_COUNT] = {
	[MISSING_ALLOW] = "allow",
	[MISSING_WAIT] = "wait",
	[MISSING_DENY] = "deny",
};

/* 0 when it is none of them, as unsaid is. */
static int index_of(const char *const *words, int n, const char *word)
{
	for (int i = 1; i < n; i++) {
		if (strcmp(words[i], word) == 0)
			return i;
	}
	return 0;
}

const char *mode_word(enum mode mode)
{
	return modes[mode];
}

const char *when_missing_word(enum when_missing how)
{
	return hows[how];
}

bool mode_parse(const char *word, enum mode *ret)
{
	int i = index_of(modes, MODE_COUNT, word);

	if (i)
		*ret = (enum mode)i;
	return i != 0;
}

bool when_missing_parse(const char *word, enum when_missing *ret)
{
	int i = index_of(hows, MISSING_COUNT, word);

	if (i)
		*ret = (enum when_missing)i;
	return i != 0;
}
