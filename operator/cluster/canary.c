/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/cluster/canary.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/sha256.h"
#include "compiler/base/text.h"

#include <string.h>

bool canary_is(const char *profile, const char *key, uint32_t percent)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	uint8_t digest[32];
	uint32_t n;

	text_add(&t, profile, strlen(profile) + 1);
	text_puts(&t, key);
	sha256(text_str(&t), t.len, digest);
	n = (uint32_t)digest[0] << 16 | (uint32_t)digest[1] << 8 | digest[2];
	return n % 10000 < percent * 100;
}
