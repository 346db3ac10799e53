/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/recordings_internal.h"

#include "compiler/base/cleanup.h"
#include "enforcer/daemon/container_recorder.h"
#include "enforcer/daemon/request_members.h"
#include "enforcer/file_tree.h"

#include <errno.h>
#include <signal.h>

static json_t *recorded_json(const struct recorded *r)
{
	static const char *const members[] = { "id", "recording", "name", "image", "pod",
		"namespace", "pod_uid", "owner", "since" };
	json_t *o = json_object();

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		json_t *v = json_object_get(r->kept, members[i]);

		if (v)
			json_object_set(o, members[i], v);
	}
	json_object_set_new(o, "state", json_string(r->done ? "done" : "running"));
	return o;
}

static int recordings(
	void *ctx, const struct server_request *r, json_t **ret_more, struct pale_err **err)
{
	struct daemon *d = ctx;
	json_t *a = json_array();

	(void)ret_more;
	(void)err;
	for (size_t i = 0; i < d->recordings->n; i++)
		json_array_append_new(a, recorded_json(d->recordings->v[i]));
	server_answer(r->connection, json_pack("{s:o}", "recordings", a));
	return 0;
}

static int need_recorded(
	struct daemon *d, const json_t *body, struct recorded **ret, struct pale_err **err)
{
	const char *id;
	int r = request_text(body, "id", &id, err);

	if (r < 0)
		return r;
	if (!id || !*id)
		return pale_err_plain(err, EINVAL, "the request has no 'id'");
	*ret = recorded_find(d, id);
	return *ret ? 0
		    : pale_err_plain(err, ENOENT, "there is no recording of container '%s'", id);
}

static int recording(
	void *ctx, const struct server_request *q, json_t **ret_more, struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT, name = TEXT_INIT;
	struct daemon *d = ctx;
	struct recorded *r;
	int n = need_recorded(d, q->body, &r, err);
	json_t *o, *run;

	(void)ret_more;
	if (n < 0)
		return n;
	text_printf(&name, "%s.run", r->id);
	n = file_tree_read(d->recordings->dir, text_str(&name), RECORDED_RUN_MAX + 1, &t, err);
	if (n == -ENOENT && !r->done)
		return pale_err_plain(err, EAGAIN, "nothing of it has been saved yet");
	if (n < 0)
		return n;
	run = json_stringn(text_str(&t), t.len);
	if (!run)
		return pale_err_plain(err, EBADMSG, "its run is damaged");
	o = recorded_json(r);
	json_object_set_new(o, "run", run);
	server_answer(q->connection, o);
	return 0;
}

static int end_recording(
	void *ctx, const struct server_request *q, json_t **ret_more, struct pale_err **err)
{
	struct recorded *r;
	int n = need_recorded(ctx, q->body, &r, err);

	(void)ret_more;
	if (n < 0)
		return n;
	if (r->late)
		return pale_err_plain(err, EAGAIN, "it has not begun yet");
	if (r->child && kill(r->child, SIGTERM) < 0)
		return pale_err_set(err, errno, "end its recorder");
	server_answer(q->connection, json_object());
	return 0;
}

static int forget_recording(
	void *ctx, const struct server_request *q, json_t **ret_more, struct pale_err **err)
{
	struct daemon *d = ctx;
	struct recorded *r;
	int n = need_recorded(d, q->body, &r, err);

	(void)ret_more;
	if (n < 0)
		return n;
	recorded_answer(r);
	recorded_drop(d, r);
	server_answer(q->connection, json_object());
	return 0;
}

const struct server_method recordings_queries[] = {
	{ "recordings", recordings },
	{ "recording", recording },
	{ NULL, NULL },
};

const struct server_method recordings_control[] = {
	{ "end-recording", end_recording },
	{ "forget-recording", forget_recording },
	{ NULL, NULL },
};
