/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/node/run_list.h"

#include "compiler/base/json_text.h"
#include "operator/controller/recording.h"
#include "operator/memory.h"
#include "operator/node/paled_calls.h"

#include <string.h>

enum phase { PHASE_UNKNOWN, PHASE_GOING, PHASE_MERGING, PHASE_OVER };

struct run_entry {
	char *id, *recording, *uid, *container;
	json_int_t since;
	bool done;
	enum phase phase;
	char *run;     /* NULL: it was not asked for yet */
	bool ended;    /* it was asked to end */
	bool hopeless; /* there is no run, or none that the controller takes */
	bool seen;     /* in paled's last answer */
	bool forgotten;
	const char *asked; /* the method */
};

static const char *text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

static void entry_free(struct run_entry *e)
{
	free(e->id);
	free(e->recording);
	free(e->uid);
	free(e->container);
	free(e->run);
	free(e);
}

void run_list_release(struct run_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		entry_free(l->v[i]);
	free(l->v);
	*l = (struct run_list){ 0 };
}

static bool is_named(const char *recording)
{
	const char *slash = strchr(recording, '/');

	return slash && slash != recording && slash[1] && !strchr(slash + 1, '/');
}

static struct run_entry *find(const struct run_list *l, const char *id)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i]->id, id) == 0)
			return l->v[i];
	}
	return NULL;
}

static struct run_entry *add(struct run_list *l, const json_t *one)
{
	struct run_entry *e = memory_new(sizeof(*e));
	size_t at = l->n;

	e->id = memory_string(text_of(one, "id"));
	e->recording = memory_string(text_of(one, "recording"));
	e->uid = memory_string(text_of(one, "pod_uid"));
	e->container = memory_string(text_of(one, "name"));
	e->since = json_integer_value(json_object_get(one, "since"));
	l->v = memory_resize(l->v, l->n + 1, sizeof(*l->v));
	for (; at && l->v[at - 1]->since > e->since; at--)
		l->v[at] = l->v[at - 1];
	l->v[at] = e;
	l->n++;
	return e;
}

void run_list_take(struct run_list *l, const json_t *answer)
{
	size_t kept = 0, i;
	json_t *one;

	for (i = 0; i < l->n; i++)
		l->v[i]->seen = l->asked;
	json_array_foreach (json_object_get(answer, "recordings"), i, one) {
		struct run_entry *e = find(l, text_of(one, "id"));

		if (!is_named(text_of(one, "recording")))
			continue;
		if (!e)
			e = add(l, one);
		e->seen = true;
		e->done = strcmp(text_of(one, "state"), "done") == 0;
	}
	/* A run that was handed in stays, also when paled has no more room for it. */
	for (i = 0; i < l->n; i++) {
		if (l->v[i]->seen || (l->v[i]->run && l->v[i]->phase != PHASE_OVER))
			l->v[kept++] = l->v[i];
		else
			entry_free(l->v[i]);
	}
	l->n = kept;
}

static enum phase phase_of(const char *text)
{
	if (!text || strcmp(text, "Completed") == 0 || strcmp(text, "Failed") == 0)
		return PHASE_OVER;
	return strcmp(text, "Merging") == 0 ? PHASE_MERGING : PHASE_GOING;
}

void run_list_phase(struct run_list *l, const char *recording, const char *phase)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i]->recording, recording) == 0)
			l->v[i]->phase = phase_of(phase);
	}
}

json_t *run_list_recordings(const struct run_list *l)
{
	json_t *all = json_array();

	for (size_t i = 0; i < l->n; i++) {
		size_t k = 0;

		while (k < i && strcmp(l->v[k]->recording, l->v[i]->recording) != 0)
			k++;
		if (k == i)
			json_array_append_new(all, json_text(l->v[i]->recording));
	}
	return all;
}

static const char *method_of(const struct run_entry *e)
{
	if (e->phase == PHASE_OVER)
		return e->forgotten ? NULL : "forget-recording";
	if (e->phase == PHASE_MERGING && !e->done && !e->ended)
		return "end-recording";
	return e->done && !e->run && !e->hopeless ? "recording" : NULL;
}

json_t *run_list_next(struct run_list *l, struct run_entry **ret)
{
	for (size_t i = 0; i < l->n && !l->asked; i++) {
		const char *method = method_of(l->v[i]);

		if (!method)
			continue;
		l->asked = true;
		l->v[i]->asked = method;
		*ret = l->v[i];
		return json_pack("{s:s, s:s}", "method", method, "id", l->v[i]->id);
	}
	return NULL;
}

/* What cannot be handed in makes the recording partial, as the controller does not get it. */
static void take_run(struct run_entry *e, const json_t *answer)
{
	const char *run = text_of(answer, "run");

	if (strcmp(paled_answer_errno(answer), "EAGAIN") == 0)
		return;
	e->hopeless = !*run || strlen(run) > RECORDING_RUN_MAX || !*e->uid;
	if (!e->hopeless)
		e->run = memory_string(run);
}

void run_list_answered(struct run_list *l, struct run_entry *e, const json_t *answer)
{
	const char *method = e->asked;

	l->asked = false;
	if (!answer)
		return;
	if (strcmp(method, "forget-recording") == 0)
		e->forgotten = true;
	else if (strcmp(method, "recording") == 0)
		take_run(e, answer);
	else
		e->ended = paled_answer_ok(answer);
}

void run_list_forget_paled(struct run_list *l)
{
	l->asked = false;
	for (size_t i = 0; i < l->n; i++)
		l->v[i]->ended = false;
}

json_t *run_list_json(const struct run_list *l)
{
	json_t *all = json_array();
	size_t bytes = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct run_entry *e = l->v[i];
		size_t len = e->run && e->phase != PHASE_OVER ? strlen(e->run) : 0;

		if (!len || bytes + len > RUN_LIST_BYTES || json_array_size(all) == RUN_LIST_RUNS)
			continue;
		bytes += len;
		json_array_append_new(
			all, json_pack("{s:o, s:o, s:o, s:o}", "recording", json_text(e->recording),
				     "uid", json_text(e->uid), "container", json_text(e->container),
				     "run", json_text(e->run)));
	}
	return all;
}
