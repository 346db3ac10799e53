/* SPDX-License-Identifier: Apache-2.0 */
/* What people and programs are told of what was learned. */
#include "compiler/learn.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"

#include <string.h>

const char *const learn_note_names[LEARN_ATTACK + 1] = {
	[LEARN_REFUSED] = "refused",
	[LEARN_LEFT_OUT] = "left out",
	[LEARN_SECRET] = "look at",
	[LEARN_PROPOSED] = "proposed",
	[LEARN_DROPPED] = "dropped",
	[LEARN_ATTACK] = "attack",
};

json_t *learn_result_json(const struct learn_result *r)
{
	const struct learn_readiness *ready = &r->readiness;
	json_t *reasons = json_array(), *notes = json_array();

	for (uint32_t i = 0; i < ready->n_reasons; i++)
		json_array_append_new(reasons, json_text(ready->reasons[i]));
	for (uint32_t i = 0; i < r->n_notes; i++)
		json_array_append_new(notes,
			json_pack("{s:s, s:o, s:o}", "kind", learn_note_names[r->notes[i].kind],
				"what", json_text(r->notes[i].what), "why",
				json_text(r->notes[i].why)));
	return json_pack("{s:b, s:i, s:i, s:i, s:i, s:I, s:f, s:[i, i], s:o, s:i, s:i, s:o}",
		"ready", ready->ready, "runs", (int)ready->n_runs, "complete",
		(int)ready->n_complete, "items", (int)ready->n_items, "singletons",
		(int)ready->n_singletons, "sightings", (json_int_t)ready->n_sightings, "unseen",
		ready->unseen, "new", (int)ready->n_new[0], (int)ready->n_new[1], "reasons",
		reasons, "rules", (int)r->n_rules, "includes", (int)r->n_includes, "notes", notes);
}

static void print_escaped(FILE *to, const char *s)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_escaped(&t, s, strlen(s));
	fputs(text_str(&t), to);
}

/* Of one kind and reason; the rest is counted, and in the JSON. */
#define NOTES_SHOWN 5

static void print_notes(const struct learn_result *r, FILE *to)
{
	for (uint32_t i = 0, end; i < r->n_notes; i = end) {
		const struct learn_note *n = &r->notes[i];
		uint32_t shown;

		for (end = i + 1; end < r->n_notes && r->notes[end].kind == n->kind &&
				  !strcmp(r->notes[end].why, n->why);
			end++)
			;
		shown = end - i > NOTES_SHOWN + 1 ? NOTES_SHOWN : end - i;
		for (uint32_t k = i; k < i + shown; k++) {
			fprintf(to, "%s: ", learn_note_names[n->kind]);
			print_escaped(to, r->notes[k].what);
			fputs(": ", to);
			print_escaped(to, n->why);
			fputc('\n', to);
		}
		if (end - i > shown) {
			fprintf(to, "%s: %u more: ", learn_note_names[n->kind], end - i - shown);
			print_escaped(to, n->why);
			fputc('\n', to);
		}
	}
}

void learn_result_print(const struct learn_result *r, FILE *to)
{
	const struct learn_readiness *ready = &r->readiness;

	fprintf(to, "%u run%s, %u complete: %u kinds of accesses, %u seen in one run only\n",
		ready->n_runs, ready->n_runs == 1 ? "" : "s", ready->n_complete, ready->n_items,
		ready->n_singletons);
	fprintf(to, "%u rule%s, %u fragment%s\n", r->n_rules, r->n_rules == 1 ? "" : "s",
		r->n_includes, r->n_includes == 1 ? "" : "s");
	fputs(ready->ready ? "ready: another run would hardly show anything new\n" : "not ready:\n",
		to);
	for (uint32_t i = 0; i < ready->n_reasons; i++) {
		fputs("  ", to);
		print_escaped(to, ready->reasons[i]);
		fputc('\n', to);
	}
	print_notes(r, to);
}
