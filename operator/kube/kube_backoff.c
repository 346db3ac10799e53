/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/kube/kube_backoff.h"

#include <stdlib.h>
#include <sys/random.h>

#define RETRY_AFTER_MAX_US UINT64_C(600000000)

/* From 0 to @range. */
static uint64_t spread(uint64_t random, uint64_t range)
{
	return (uint64_t)(((unsigned __int128)random * (range + 1)) >> 64);
}

uint64_t kube_backoff_next(struct kube_backoff *b, uint64_t retry_after_us, uint64_t random)
{
	uint64_t us = b->min_us;

	for (unsigned int i = 0; i < b->failures && us < b->max_us; i++)
		us *= 2;
	us = us < b->max_us ? us : b->max_us;
	us = us - us / 2 + spread(random, us / 2);
	b->failures++;
	if (retry_after_us > RETRY_AFTER_MAX_US)
		retry_after_us = RETRY_AFTER_MAX_US;
	if (us < retry_after_us)
		us = retry_after_us + spread(random, retry_after_us / 10);
	return us;
}

void kube_backoff_reset(struct kube_backoff *b)
{
	b->failures = 0;
}

uint64_t kube_random(void)
{
	uint64_t r;

	if (getrandom(&r, sizeof(r), 0) != sizeof(r))
		abort();
	return r;
}
