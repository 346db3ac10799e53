/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORD_PACE_H
#define PALE_RECORD_PACE_H

/* What recordings of a command and of groups that run already have in common: their times. */

#include <stdint.h>
#include <time.h>

#define NS_PER_S UINT64_C(1000000000)
/* What takes no clients has begun by then. */
#define RECORD_INIT_NS	(10 * NS_PER_S)
#define RECORD_FLUSH_NS NS_PER_S
/* A flush takes one part of so many of the time. */
#define RECORD_FLUSH_SHARE 20

static inline uint64_t record_now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* For a flush that began then, and has just ended; CLOCK_MONOTONIC. */
static inline uint64_t record_next_flush(uint64_t began)
{
	uint64_t spent = (record_now(CLOCK_MONOTONIC) - began) * RECORD_FLUSH_SHARE;

	return began + (spent > RECORD_FLUSH_NS ? spent : RECORD_FLUSH_NS);
}

#endif
