/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/controller/recording_merge.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/formatted.h"
#include "compiler/learn.h"
#include "operator/controller/profile_compile.h"
#include "operator/controller/status_text.h"

#include <inttypes.h>
#include <string.h>

#define WHY_MAX 16

struct merging {
	struct learn_runs runs;
	const char *lines[RECORDING_RUNS_MAX]; /* what they were read from */
	json_t *why;
	uint64_t lost;
	size_t bytes;
};

static const char *text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

__attribute__((format(printf, 2, 3))) static void add_why(
	struct merging *m, const char *format, ...)
{
	_cleanup_free_ char *s = FORMATTED(format);

	if (json_array_size(m->why) < WHY_MAX)
		json_array_append_new(m->why, status_text(s));
}

/* "UID:CONTAINER" or "UID:CONTAINER:N": no node gives a run another one's id. */
static bool has_its_id(const struct learn_run *run, const json_t *entry)
{
	_cleanup_(text_release) struct text own = TEXT_INIT;
	const char *id = learn_run_id(run);

	text_printf(&own, "%s:%s", text_of(entry, "uid"), text_of(entry, "container"));
	if (strncmp(id, text_str(&own), own.len) != 0)
		return false;
	id += own.len;
	return !*id || (*id == ':' && id[1] && !id[1 + strspn(id + 1, "0123456789")]);
}

static void move_run(
	struct merging *m, struct learn_runs *from, const char *line, const char *container)
{
	uint32_t n;
	const struct learn_loss *losses = learn_run_losses(from->v[0], &n);

	for (uint32_t i = 0; i < n; i++) {
		m->lost += losses[i].count;
		add_why(m, "container %s lost %" PRIu64 ": %s", container, losses[i].count,
			losses[i].why);
	}
	m->runs.v = reallocarray(m->runs.v, m->runs.n + 1, sizeof(struct learn_run *));
	if (!m->runs.v)
		abort();
	m->lines[m->runs.n] = line;
	m->runs.v[m->runs.n++] = TAKE_PTR(from->v[0]);
	m->runs.cap = m->runs.n;
	from->n = 0;
}

/* The line of the run that has the id of @run, or NULL. */
static const char *find_line(const struct merging *m, const struct learn_run *run)
{
	for (uint32_t i = 0; i < m->runs.n; i++) {
		if (!strcmp(learn_run_id(m->runs.v[i]), learn_run_id(run)))
			return m->lines[i];
	}
	return NULL;
}

/* One that is handed in twice counts once. */
static void add_run(
	struct merging *m, struct learn_runs *one, const char *line, const char *container)
{
	const char *there = find_line(m, one->v[0]);

	if (!there)
		move_run(m, one, line, container);
	else if (strcmp(there, line) != 0)
		add_why(m, "of container %s came two runs of one id", container);
}

static void take_run(struct merging *m, const json_t *entry)
{
	const char *container = text_of(entry, "container");
	_cleanup_(learn_runs_release) struct learn_runs one = { 0 };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	size_t len = json_string_length(json_object_get(entry, "run"));

	if (m->bytes + len > RECORDING_BYTES_MAX || m->runs.n == RECORDING_RUNS_MAX) {
		add_why(m, "the run of container %s is beyond what is merged", container);
		return;
	}
	m->bytes += len;
	if (learn_runs_read(&one, "run", text_of(entry, "run"), len, &err) < 0)
		add_why(m, "the run of container %s cannot be read: %s", container,
			pale_err_text(err));
	else if (one.n != 1)
		add_why(m, "of container %s came %u runs at once", container, one.n);
	else if (!has_its_id(one.v[0], entry))
		add_why(m, "the run of container %s has the id of another one", container);
	else
		add_run(m, &one, text_of(entry, "run"), container);
}

static json_t *refused(const char *reason, const char *message)
{
	return json_pack("{s:s, s:o}", "reason", reason, "message", status_text(message));
}

static json_t *notes_of(const struct learn_result *r)
{
	json_t *all = json_array();

	for (uint32_t i = 0; i < r->n_notes && i < RECORDING_NOTES_MAX; i++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;

		text_printf(&t, "%s: %s: %s", learn_note_names[r->notes[i].kind], r->notes[i].what,
			r->notes[i].why);
		json_array_append_new(all, status_text(text_str(&t)));
	}
	return all;
}

static json_t *result_of(const struct merging *m, const struct learn_result *r)
{
	json_t *policy;

	if (r->policy.len > PROFILE_SOURCES_MAX)
		return refused("PolicyTooLarge", "the policy of all that was seen is too large");
	policy = json_stringn(text_str(&r->policy), r->policy.len);
	if (!policy)
		return refused("PolicyInvalid", "the policy is no UTF-8");
	return json_pack("{s:s, s:s, s:o, s:I, s:I, s:O, s:b, s:o}", "reason", "Merged", "message",
		"a policy was made", "policy", policy, "runs", (json_int_t)m->runs.n, "lost",
		(json_int_t)m->lost, "why", m->why, "ready", (int)r->readiness.ready, "notes",
		notes_of(r));
}

static json_t *learn(struct merging *m, const char *profile)
{
	const struct learn_options options = { .profile = profile };
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(learn_result_release) struct learn_result result = { 0 };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct source_set sources;
	struct diag_list diags;

	source_set_init(&sources, arena);
	diag_list_init(&diags, &sources);
	if (learn_policy(&m->runs, NULL, &options, &diags, &result))
		return result_of(m, &result);
	diag_first_error(&diags, true, &err);
	return refused("PolicyInvalid", pale_err_text(err));
}

json_t *recording_merge_work(const void *of)
{
	const struct recording_runs *runs = of;
	struct merging m = { .why = json_array() };
	json_t *entry, *result;
	size_t i;

	json_array_foreach (runs->entries, i, entry)
		take_run(&m, entry);
	if (m.runs.n)
		result = learn(&m, runs->profile);
	else if (json_array_size(m.why))
		result = refused("RunInvalid", json_string_value(json_array_get(m.why, 0)));
	else
		result = refused("NoRuns", "no run of any container came in");
	learn_runs_release(&m.runs);
	json_decref(m.why);
	return result;
}
