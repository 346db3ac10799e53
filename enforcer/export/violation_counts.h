/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EXPORT_VIOLATION_COUNTS_H
#define PALE_EXPORT_VIOLATION_COUNTS_H

/*
 * How many violations there were, by namespace, profile, class of operation and what became of
 * them. Who may make namespaces must not be able to fill Prometheus: beyond SERIES_MAX pairs of
 * namespace and profile all others are counted as the one OTHER, and a name that Kubernetes would
 * not take is INVALID.
 */

#include "compiler/base/text.h"

#include <jansson.h>

#define VIOLATION_SERIES_MAX 200
#define VIOLATION_OTHER	     "(other)"
#define VIOLATION_INVALID    "(invalid)"

struct violation_counts;

struct violation_counts *violation_counts_new(void);
void violation_counts_free(struct violation_counts *c);
void violation_counts_take(struct violation_counts *c, const json_t *event);
/* Lines of Prometheus' text format under @metric. */
void violation_counts_print(const struct violation_counts *c, const char *metric, struct text *t);

/* A label's value: '\', '"' and newline escaped, whatever else drives a terminal as text_escaped()
 * has it. */
void metric_label(struct text *t, const char *value);

#endif
