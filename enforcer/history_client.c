/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/history_client.h"

#include "compiler/base/cleanup.h"
#include "compiler/command_input.h"
#include "enforcer/recorder_kinds.h"
#include "enforcer/time_argument.h"

#include <string.h>

static const char *kind_word(size_t i)
{
	return i + 1 < RECORDER_KINDS ? recorder_kind_names[i + 1] : NULL;
}

static const char *kind_summary(size_t i)
{
	static const char *const summaries[RECORDER_KINDS] = {
		[RECORDER_START] = "a process began",
		[RECORDER_EXEC] = "a program was executed",
		[RECORDER_EXIT] = "a process ended",
		[RECORDER_CONNECT] = "a connection was begun",
		[RECORDER_VIOLATION] = "the policy was violated",
		[RECORDER_POLICY] = "a container or a profile came, changed or went",
		[RECORDER_GAP] = "entries are missing",
	};

	return i + 1 < RECORDER_KINDS ? summaries[i + 1] : NULL;
}

const struct argument_kind history_kinds = {
	.form = ARGUMENT_WORD,
	.noun = "kind",
	.word = kind_word,
	.summary = kind_summary,
	.list = true,
};

static bool read_time(const struct invocation *in, size_t option, bool *ret_has, int64_t *ret_ms)
{
	const char *s = option == SIZE_MAX ? NULL : option_argument(in, option);

	*ret_has = s;
	if (!s || time_argument_parse(s, TIME_BEFORE_NOW, ret_ms))
		return true;
	usage_error(in, "'%s' is no time", s);
	return false;
}

static bool check_kinds(const struct invocation *in, const char *kinds)
{
	_cleanup_free_ char *copy = kinds ? strdup(kinds) : NULL;
	char *save = NULL;

	for (char *s = copy ? strtok_r(copy, ",", &save) : NULL; s;
		s = strtok_r(NULL, ",", &save)) {
		enum recorder_kind kind;

		if (!recorder_kind_parse(s, &kind)) {
			unknown_word(in, &history_kinds, s);
			return false;
		}
	}
	return true;
}

bool history_query_read(const struct invocation *in, size_t container, size_t since, size_t until,
	size_t kinds, struct history_query *ret)
{
	*ret = (struct history_query){ 0 };
	if (container != SIZE_MAX)
		ret->container = option_argument(in, container);
	if (kinds != SIZE_MAX)
		ret->kinds = option_argument(in, kinds);
	return read_time(in, since, &ret->has_since, &ret->since_ms) &&
	       read_time(in, until, &ret->has_until, &ret->until_ms) && check_kinds(in, ret->kinds);
}

static json_t *arguments_of(const struct history_query *q)
{
	_cleanup_free_ char *copy = q->kinds ? strdup(q->kinds) : NULL;
	json_t *o = json_object(), *kinds = copy ? json_array() : NULL;
	char *save = NULL;

	for (char *s = copy ? strtok_r(copy, ",", &save) : NULL; s; s = strtok_r(NULL, ",", &save))
		json_array_append_new(kinds, json_string(s));
	if (kinds)
		json_object_set_new(o, "kinds", kinds);
	if (q->container)
		json_object_set_new(o, "container", json_string(q->container));
	if (q->has_since)
		json_object_set_new(o, "since", json_integer(q->since_ms));
	if (q->has_until)
		json_object_set_new(o, "until", json_integer(q->until_ms));
	return o;
}

static int read_answers(const struct invocation *in, struct paled *p, json_t *answer,
	void (*take)(void *ctx, json_t *entry), void *ctx)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	bool last = false;

	while (!last) {
		json_t *entry = json_object_get(answer, "event");

		last = !json_is_true(json_object_get(answer, "continues"));
		if (entry)
			take(ctx, entry);
		json_decref(answer);
		answer = NULL;
		if (!last && paled_next(p, &answer, &err) < 0) {
			json_decref(answer);
			input_failure(in, err);
			return STATUS_HOST;
		}
	}
	return STATUS_OK;
}

int history_ask(const struct invocation *in, size_t run, const struct history_query *q,
	void (*take)(void *ctx, json_t *entry), void *ctx)
{
	_cleanup_(paled_closep) struct paled *p = NULL;
	json_t *arguments = arguments_of(q), *answer = NULL;
	int status = daemon_command_connect(in, run, "events", &p);

	/* Of much that is looked through little may be meant. */
	if (status == STATUS_OK)
		paled_set_timeout(p, PALED_FOREVER);
	if (status == STATUS_OK)
		status = daemon_command_call(in, p, "history", arguments, &answer);
	json_decref(arguments);
	return status == STATUS_OK ? read_answers(in, p, answer, take, ctx) : status;
}

void history_keep(void *kept, json_t *entry)
{
	struct history_kept *k = kept;

	if (!k->v) {
		k->v = calloc(HISTORY_KEPT_MAX, sizeof(json_t *));
		if (!k->v)
			abort();
	}
	if (k->n == HISTORY_KEPT_MAX) {
		json_decref(k->v[k->first]);
		k->v[k->first] = json_incref(entry);
		k->first = (k->first + 1) % HISTORY_KEPT_MAX;
		k->left_out++;
		return;
	}
	k->v[k->n++] = json_incref(entry);
}

json_t *history_kept_get(const struct history_kept *k, size_t i)
{
	return k->v[(k->first + i) % HISTORY_KEPT_MAX];
}

void history_kept_release(struct history_kept *k)
{
	for (size_t i = 0; i < k->n; i++)
		json_decref(k->v[i]);
	free(k->v);
	*k = (struct history_kept){ 0 };
}
