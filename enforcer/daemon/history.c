/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/daemon.h"
#include "enforcer/daemon/request_members.h"

#include "compiler/base/cleanup.h"
#include "enforcer/recorder/history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MS_NS 1000000u

/* Somebody who wants to know. */
struct asking {
	enum kept kept;
	struct daemon *daemon;
	struct connection *connection;
	struct recorder_filter filter;
	char *container;
	struct recorder_history *history; /* NULL: what is newest is being written */
};

static void asking_free(struct asking *a)
{
	recorder_history_close(a->history);
	free(a->container);
	free(a);
}

static void gone(struct connection *c, void *data)
{
	struct asking *a = data;

	(void)c;
	recording_cancel(a->daemon, a);
	asking_free(a);
}

static void send_entry(void *ctx, json_t *entry)
{
	const struct asking *a = ctx;
	_cleanup_free_ char *s = json_dumps(entry, JSON_COMPACT | JSON_PRESERVE_ORDER);
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (!s)
		return;
	text_printf(&t, "{\"version\":%d,\"ok\":true,\"continues\":true,\"event\":%s}",
		PROTOCOL_VERSION, s);
	server_stream_whole(a->connection, text_str(&t), t.len);
}

static void fail(struct asking *a, const struct pale_err *err)
{
	if (pale_err_errno(err) == EUCLEAN)
		recording_suspect(a->daemon);
	server_answer_error(a->connection, err, NULL);
}

static bool send_more(struct connection *c, void *data)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct asking *a = data;
	int r = recorder_history_read(a->history, send_entry, a, &err);

	if (r < 0)
		fail(a, err);
	else if (r == 0)
		server_answer(c, json_object());
	return r > 0;
}

static void begin(void *ctx)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct asking *a = ctx;

	if (recorder_history_open(a->daemon->options.recorder, &a->filter, &a->history, &err) < 0)
		fail(a, err);
	else
		server_pull(a->connection, send_more, a);
}

static int read_time(const json_t *body, const char *name, uint64_t *ret, struct pale_err **err)
{
	const json_t *v = json_object_get(body, name);

	if (v && (!json_is_integer(v) || json_integer_value(v) < 0 ||
			 json_integer_value(v) > INT64_MAX / MS_NS - 1))
		return pale_err_plain(err, EINVAL, "'%s' must be milliseconds since 1970", name);
	*ret = (uint64_t)json_integer_value(v) * MS_NS;
	return 0;
}

static int read_kinds(const json_t *body, uint32_t *ret, struct pale_err **err)
{
	const json_t *kinds = json_object_get(body, "kinds"), *one;
	size_t i;

	*ret = 0;
	if (kinds && !json_is_array(kinds))
		return pale_err_plain(err, EINVAL, "'kinds' must be an array");
	json_array_foreach ((json_t *)kinds, i, one) {
		const char *s = json_string_value(one);
		enum recorder_kind kind;

		if (!s || !recorder_kind_parse(s, &kind))
			return pale_err_plain(
				err, EINVAL, "kinds[%zu] is no kind of what is recorded", i);
		*ret |= 1u << kind;
	}
	return 0;
}

static int history(
	void *ctx, const struct server_request *r, json_t **ret_more, struct pale_err **err)
{
	struct daemon *d = ctx;
	struct recorder_filter f = { 0 };
	const char *container;
	struct asking *a;
	int e = request_text(r->body, "container", &container, err);

	(void)ret_more;
	if (e >= 0)
		e = read_time(r->body, "since", &f.since_ns, err);
	if (e >= 0)
		e = read_time(r->body, "until", &f.until_ns, err);
	if (e >= 0)
		e = read_kinds(r->body, &f.kinds, err);
	if (e < 0)
		return e;
	if (!d->recording)
		return pale_err_plain(err, EOPNOTSUPP, "paled does not record");
	/* To the end of the millisecond that was named. */
	if (json_object_get(r->body, "until"))
		f.until_ns += MS_NS - 1;
	a = calloc(1, sizeof(*a));
	if (!a)
		abort();
	a->kept = KEPT_HISTORY;
	a->daemon = d;
	a->connection = r->connection;
	a->container = container ? strdup(container) : NULL;
	a->filter = f;
	a->filter.container = a->container;
	server_keep(r->connection, a, gone);
	recording_flush(d, begin, a);
	return 0;
}

const struct server_method history_methods[] = {
	{ "history", history },
	{ NULL, NULL },
};
