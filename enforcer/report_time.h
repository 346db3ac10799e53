/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_REPORT_TIME_H
#define PALE_REPORT_TIME_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* "2026-11-26T13:10:43.000000001Z": CLOCK_REALTIME, so that times sort as texts. */
json_t *report_time_json(uint64_t time_ns);
uint64_t report_time_now(void);
/* What report_time_json() wrote, with as many digits of the second's fraction as there are. */
bool report_time_parse(const char *s, uint64_t *ret_ns);

#endif
