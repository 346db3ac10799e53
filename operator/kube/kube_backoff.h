/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_KUBE_BACKOFF_H
#define PALE_KUBE_BACKOFF_H

/* How long to wait before what failed is tried again: twice as long each time, and never the same
 * for all that failed at once. */

#include <stdint.h>

struct kube_backoff {
	uint64_t min_us, max_us;
	unsigned int failures; /* so far, in a row */
};

/*
 * The wait before the next attempt. @random, of all 64 bits, spreads it over the upper half of what
 * the failures make of @min_us and @max_us. @retry_after_us, what the server asked for or 0, is
 * waited for at the least, and spread over a tenth more: who was told the same comes back apart.
 * More than ten minutes the server is not believed.
 */
uint64_t kube_backoff_next(struct kube_backoff *b, uint64_t retry_after_us, uint64_t random);
void kube_backoff_reset(struct kube_backoff *b);
/* From the kernel. */
uint64_t kube_random(void);

#endif
