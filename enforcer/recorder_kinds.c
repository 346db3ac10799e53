/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/recorder_kinds.h"

#include <string.h>

const char *const recorder_kind_names[RECORDER_KINDS] = {
	[RECORDER_START] = "start",
	[RECORDER_EXEC] = "exec",
	[RECORDER_EXIT] = "exit",
	[RECORDER_CONNECT] = "connect",
	[RECORDER_VIOLATION] = "violation",
	[RECORDER_POLICY] = "policy",
	[RECORDER_GAP] = "gap",
};

bool recorder_kind_parse(const char *s, enum recorder_kind *ret)
{
	for (int i = 1; i < RECORDER_KINDS; i++) {
		if (strcmp(s, recorder_kind_names[i]) == 0) {
			*ret = (enum recorder_kind)i;
			return true;
		}
	}
	return false;
}
