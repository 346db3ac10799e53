/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/webhook/webhook_metrics.h"

#include <inttypes.h>

/* Microseconds. The API server waits three seconds. */
static const uint32_t bounds[WEBHOOK_BUCKETS] = { 250, 500, 1000, 2500, 5000, 10000, 25000, 100000,
	500000, 1000000, 3000000 };

void webhook_metrics_count(struct webhook_metrics *m, enum admission_result result, uint64_t us)
{
	m->results[result].n++;
	m->results[result].us += us;
	for (int i = 0; i < WEBHOOK_BUCKETS; i++) {
		if (us <= bounds[i]) {
			m->results[result].buckets[i]++;
			return;
		}
	}
}

static void print_result(const struct webhook_metrics *m, int result, struct text *t)
{
	const char *name = admission_result_names[result];
	uint64_t sum = 0;

	for (int i = 0; i < WEBHOOK_BUCKETS; i++) {
		sum += m->results[result].buckets[i];
		text_printf(t, "pale_webhook_seconds_bucket{result=\"%s\",le=\"%g\"} %" PRIu64 "\n",
			name, bounds[i] / 1e6, sum);
	}
	text_printf(t, "pale_webhook_seconds_bucket{result=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", name,
		m->results[result].n);
	text_printf(t, "pale_webhook_seconds_sum{result=\"%s\"} %.6f\n", name,
		(double)m->results[result].us / 1e6);
	text_printf(t, "pale_webhook_seconds_count{result=\"%s\"} %" PRIu64 "\n", name,
		m->results[result].n);
}

void webhook_metrics_print(const struct webhook_metrics *m, struct text *t)
{
	text_puts(t, "# HELP pale_webhook_seconds Reviews of pods, by what was answered.\n"
		     "# TYPE pale_webhook_seconds histogram\n");
	for (int i = 0; i < ADMISSION_RESULTS; i++)
		print_result(m, i, t);
	text_puts(t, "# HELP pale_webhook_unread_total Reviews that were not read to their end.\n"
		     "# TYPE pale_webhook_unread_total counter\n");
	text_printf(t, "pale_webhook_unread_total{reason=\"large\"} %" PRIu64 "\n", m->too_large);
	text_printf(t, "pale_webhook_unread_total{reason=\"slow\"} %" PRIu64 "\n", m->too_slow);
}
