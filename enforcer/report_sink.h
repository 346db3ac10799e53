/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_REPORT_SINK_H
#define PALE_REPORT_SINK_H

/* Where violations go: people read them on stderr, machines as JSON lines from a file. */

#include "enforcer/report.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct report_sink {
	FILE *human; /* borrowed */
	bool colour;
	FILE *json; /* owned; or NULL */
	uint64_t reported;
	uint64_t lost; /* that could not be written */
};

/* @json_path: made anew; NULL: none. */
int report_sink_open(struct report_sink *s, FILE *human, bool colour, const char *json_path,
	struct pale_err **err);
/* Fits struct supervise_options: @sink is a struct report_sink. */
void report_sink_take(void *sink, const struct violation *v);
void report_sink_close(struct report_sink *s);

#endif
