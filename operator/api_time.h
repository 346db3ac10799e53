/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_API_TIME_H
#define PALE_API_TIME_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * metav1.Time: RFC 3339 in UTC with whole seconds, "2026-11-26T13:10:43Z". Seconds since 1970; the
 * caller's clock is always an argument, so that tests have one of their own.
 */
json_t *api_time(int64_t seconds);
/* -1 when @v is no string that api_time() could have written; a fraction is cut off. */
int64_t api_time_parse(const json_t *v);

/*
 * Whether @interval seconds went by since @since. A clock that was set back makes it due, too: what
 * waits would otherwise wait for as long again as the clock was ahead.
 */
static inline bool time_is_due(int64_t since, int64_t interval, int64_t now)
{
	return now < since || now - since >= interval;
}

#endif
