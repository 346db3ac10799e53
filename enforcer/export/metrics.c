/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/metrics.h"

#include <inttypes.h>
#include <stddef.h>

static void head(struct text *t, const char *name, const char *type, const char *help)
{
	text_printf(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_node(const struct node_numbers *n, struct text *t)
{
	head(t, "pale_paled_up", "gauge", "Whether paled answered when it was last asked.");
	text_printf(t, "pale_paled_up %d\n", n->up);
	/* What it said before it was away is no more so. */
	if (!n->up)
		return;
	head(t, "pale_profiles", "gauge", "Policies of this node.");
	for (int i = 0; i < PROFILE_STATES; i++)
		text_printf(t, "pale_profiles{state=\"%s\"} %" PRIu64 "\n", profile_state_names[i],
			n->profiles[i]);
	head(t, "pale_containers", "gauge", "Containers that run, by how they are confined.");
	for (int i = 0; i < CONTAINER_ENFORCEMENTS; i++)
		text_printf(t, "pale_containers{enforcement=\"%s\"} %" PRIu64 "\n",
			container_enforcement_names[i], n->containers[i]);
	head(t, "pale_containers_restart_required", "gauge",
		"Containers whose profile has a newer policy than they run under.");
	text_printf(t, "pale_containers_restart_required %" PRIu64 "\n", n->restart_required);
	head(t, "pale_attribution_failures_total", "counter",
		"Violations whose container could not be told.");
	text_printf(t, "pale_attribution_failures_total %" PRIu64 "\n", n->unattributed);
}

static uint64_t sum_of(const struct metrics *m, size_t member)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < m->n_outputs; i++) {
		struct output_counts c;

		output_counts(m->outputs[i], &c);
		sum += *(const uint64_t *)((const char *)&c + member);
	}
	return sum;
}

static void print_lost(const struct metrics *m, struct text *t)
{
	static const char name[] = "pale_events_lost_total";

	head(t, name, "counter",
		"Events that were lost: paled's own, those beyond the rate that is reported, and "
		"those that outputs lost.");
	if (m->node->up) {
		text_printf(t, "%s{source=\"paled\"} %" PRIu64 "\n", name, m->node->lost);
		text_printf(t, "%s{source=\"throttled\"} %" PRIu64 "\n", name, m->node->throttled);
	}
	text_printf(t, "%s{source=\"spool-full\"} %" PRIu64 "\n", name,
		sum_of(m, offsetof(struct output_counts, full)));
	text_printf(t, "%s{source=\"disk\"} %" PRIu64 "\n", name,
		sum_of(m, offsetof(struct output_counts, failed)));
	text_printf(t, "%s{source=\"receiver\"} %" PRIu64 "\n", name,
		sum_of(m, offsetof(struct output_counts, refused)));
}

static void print_feed(const struct metrics *m, struct text *t)
{
	const struct feed_counts *f = m->feed;
	const struct {
		const char *name, *type, *help;
		uint64_t value;
	} numbers[] = {
		{ "pale_export_connected", "gauge", "Whether paled's events are being followed.",
			f->connected },
		{ "pale_export_connections_total", "counter", "Connections to paled's events.",
			f->connections },
		{ "pale_export_events_total", "counter", "Events had from paled, each once.",
			f->received },
		{ "pale_export_events_folded_total", "counter",
			"Of these those that another one counts.", m->folded },
		{ "pale_export_events_again_total", "counter",
			"Events had again after a new connection, and left out.", f->again },
		{ "pale_export_events_missed_total", "counter",
			"Events that were not read in time, and asked for again.", f->missed },
		{ "pale_export_gaps_total", "counter",
			"Times that paled's log did not go back to the last event that was had.",
			f->gaps },
		{ "pale_export_lines_malformed_total", "counter",
			"Lines of paled's that are no events.", f->malformed },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		head(t, numbers[i].name, numbers[i].type, numbers[i].help);
		text_printf(t, "%s %" PRIu64 "\n", numbers[i].name, numbers[i].value);
	}
}

static void print_outputs(const struct metrics *m, struct text *t)
{
	static const struct {
		const char *name, *type, *help;
		size_t member;
	} numbers[] = {
		{ "pale_export_output_taken_total", "counter",
			"Events that the output is to send, folded ones by their count.",
			offsetof(struct output_counts, taken) },
		{ "pale_export_output_delivered_total", "counter", "Records that the receiver has.",
			offsetof(struct output_counts, delivered) },
		{ "pale_export_output_retries_total", "counter", "Tries after one that failed.",
			offsetof(struct output_counts, retries) },
		{ "pale_export_output_refused_total", "counter",
			"Records that the receiver refuses for good.",
			offsetof(struct output_counts, refused) },
		{ "pale_export_output_full_total", "counter",
			"Records for which the spool had no room.",
			offsetof(struct output_counts, full) },
		{ "pale_export_output_failed_total", "counter",
			"Records that the disk did not take.",
			offsetof(struct output_counts, failed) },
		{ "pale_export_output_damaged_total", "counter",
			"Places of the spool that could not be read back.",
			offsetof(struct output_counts, damaged) },
		{ "pale_export_spool_records", "gauge", "Records that are still to be received.",
			offsetof(struct output_counts, waiting) },
		{ "pale_export_spool_bytes", "gauge", "Size of the spool on the disk.",
			offsetof(struct output_counts, spool_bytes) },
	};

	for (size_t i = 0; m->n_outputs && i < sizeof(numbers) / sizeof(*numbers); i++) {
		head(t, numbers[i].name, numbers[i].type, numbers[i].help);
		for (size_t k = 0; k < m->n_outputs; k++) {
			struct output_counts c;

			output_counts(m->outputs[k], &c);
			text_printf(t, "%s{output=\"%s\"} %" PRIu64 "\n", numbers[i].name,
				output_name(m->outputs[k]),
				*(const uint64_t *)((const char *)&c + numbers[i].member));
		}
	}
	if (m->n_outputs)
		head(t, "pale_export_output_up", "gauge",
			"Whether what the output tried last went well.");
	for (size_t k = 0; k < m->n_outputs; k++) {
		struct output_counts c;

		output_counts(m->outputs[k], &c);
		text_printf(t, "pale_export_output_up{output=\"%s\"} %d\n",
			output_name(m->outputs[k]), c.up);
	}
}

void metrics_print(const struct metrics *m, struct text *t)
{
	print_node(m->node, t);
	head(t, "pale_violations_total", "counter",
		"Violations, by what became of them, since pale-export began.");
	violation_counts_print(m->violations, "pale_violations_total", t);
	print_lost(m, t);
	print_feed(m, t);
	print_outputs(m, t);
}
