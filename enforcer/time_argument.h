/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TIME_ARGUMENT_H
#define PALE_TIME_ARGUMENT_H

/* A time as the command line has it: a duration from now (90s, 15m, 1h, 2d), or a date as events
 * have it, of UTC (2026-11-26, 2026-11-26T15:04:05Z). */

#include <stdbool.h>
#include <stdint.h>

enum time_direction { TIME_BEFORE_NOW, TIME_AFTER_NOW };

/* Milliseconds since 1970; false: it is neither. A date is taken as it is. */
bool time_argument_parse(const char *s, enum time_direction direction, int64_t *ret_ms);
/* A duration alone, in milliseconds, more than none. */
bool duration_argument_parse(const char *s, int64_t *ret_ms);

#endif
