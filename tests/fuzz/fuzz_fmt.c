/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes: no crash; and where they are a policy, all that must hold of a formatted one. */
#include "tests/fmt/properties.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	bool parsed;
	const char *broken = fmt_broken((const char *)bytes, len, &parsed);

	if (broken) {
		fprintf(stderr, "%s\n", broken);
		abort();
	}
	return 0;
}
