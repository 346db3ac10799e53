/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/manager/object_writes.h"

#include "compiler/base/cleanup.h"
#include "operator/kube/kube_apply.h"
#include "operator/manager/object_kinds.h"
#include "operator/memory.h"

enum write_form { WRITE_STATUS, WRITE_PATCH, WRITE_DRAFT };

/* Under way, of one object and form. */
struct write {
	struct object_writes *writes;
	struct write *next;
	enum write_form form;
	enum controller_kind kind;
	char *namespace, *name;
	json_t *sent;
	json_t *newer; /* to be sent behind it, or NULL */
	struct kube_call *call;
};

struct failure {
	struct failure *next;
	enum controller_kind kind;
	char *namespace, *name;
};

struct object_writes {
	struct kube_client *client;
	const struct object_writes_handlers *handlers;
	void *ctx;
	struct write *all;
	struct failure *failures;
};

struct object_writes *object_writes_new(
	struct kube_client *c, const struct object_writes_handlers *handlers, void *ctx)
{
	struct object_writes *w = memory_new(sizeof(*w));

	*w = (struct object_writes){ .client = c, .handlers = handlers, .ctx = ctx };
	return w;
}

static void write_free(struct write *x)
{
	kube_call_cancel(x->call);
	json_decref(x->sent);
	json_decref(x->newer);
	free(x->namespace);
	free(x->name);
	free(x);
}

static void failure_free(struct failure *f)
{
	free(f->namespace);
	free(f->name);
	free(f);
}

void object_writes_cancel(struct object_writes *w)
{
	while (w->all) {
		struct write *x = w->all;

		w->all = x->next;
		write_free(x);
	}
	while (w->failures) {
		struct failure *f = w->failures;

		w->failures = f->next;
		failure_free(f);
	}
}

void object_writes_free(struct object_writes *w)
{
	if (!w)
		return;
	object_writes_cancel(w);
	free(w);
}

void object_writes_tell_failed(struct object_writes *w)
{
	struct failure *all = TAKE_PTR(w->failures);

	while (all) {
		struct failure *f = all;

		all = f->next;
		w->handlers->failed(w->ctx, f->kind, f->namespace, f->name);
		failure_free(f);
	}
}

static void take_out(struct write *x)
{
	struct write **at = &x->writes->all;

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
}

static void send_write(struct write *x);

static void note_failure(struct write *x, const struct kube_answer *a)
{
	struct object_writes *w = x->writes;
	struct failure *f = memory_new(sizeof(*f));
	struct pale_err *err = NULL;

	*f = (struct failure){ .next = w->failures,
		.kind = x->kind,
		.namespace = memory_string(x->namespace),
		.name = memory_string(x->name) };
	w->failures = f;
	if (x->form == WRITE_DRAFT)
		w->handlers->draft_refused(w->ctx, x->namespace, x->name, a->err);
	pale_err_plain(&err, pale_err_errno(a->err), "write %s %s%s%s: %s",
		object_kinds[x->kind].kind, x->namespace, *x->namespace ? "/" : "", x->name,
		pale_err_text(a->err));
	w->handlers->say(w->ctx, err);
	pale_err_free(err);
}

/* One that is gone needs nothing more; only a draft is made by being applied. */
static bool is_gone(const struct write *x, const struct kube_answer *a)
{
	return x->form != WRITE_DRAFT && a->status.code == 404;
}

static void on_written(void *ctx, const struct kube_answer *a)
{
	struct write *x = ctx;
	struct object_writes *w = x->writes;

	x->call = NULL;
	if (a->err && !is_gone(x, a))
		note_failure(x, a);
	if (x->newer) {
		json_decref(x->sent);
		x->sent = TAKE_PTR(x->newer);
		send_write(x);
		return;
	}
	take_out(x);
	if (x->form == WRITE_DRAFT && !a->err)
		w->handlers->applied(w->ctx, x->namespace, x->name);
	write_free(x);
}

static struct kube_resource place_of(const struct write *x)
{
	const struct object_kind *k = &object_kinds[x->kind];

	return (struct kube_resource){ .group_version = k->group_version,
		.plural = k->plural,
		.namespace = *x->namespace ? x->namespace : NULL,
		.name = x->name };
}

static void send_status(struct write *x)
{
	const struct object_kind *k = &object_kinds[x->kind];
	struct kube_resource at = place_of(x);
	json_t *metadata = json_pack("{s:s}", "name", x->name), *fields;

	if (at.namespace)
		json_object_set_new(metadata, "namespace", json_string(at.namespace));
	fields = json_pack("{s:s, s:s, s:o, s:O}", "apiVersion", k->group_version, "kind", k->kind,
		"metadata", metadata, "status", x->sent);
	at.subresource = "status";
	x->call = kube_apply(x->writes->client, &(struct kube_apply){ .at = &at,
							.fields = fields,
							.manager = OBJECT_MANAGER,
							.force = true,
							.done = on_written,
							.ctx = x });
	json_decref(fields);
}

/* It has the version that it was decided on: a second time it is refused, or does nothing. */
static void send_patch(struct write *x)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	struct kube_resource at = place_of(x);

	kube_path(&path, &at);
	kube_query(&path, "fieldManager", OBJECT_MANAGER);
	x->call = kube_request(x->writes->client, &(struct kube_request){ .method = KUBE_PATCH,
							  .path = text_str(&path),
							  .body = x->sent,
							  .type = KUBE_MERGE_PATCH,
							  .done = on_written,
							  .ctx = x });
}

/* A PaleProfile, on behalf of the recording. */
static void send_draft(struct write *x)
{
	const struct object_kind *k = &object_kinds[CONTROLLER_PROFILE];
	const struct kube_resource at = { .group_version = k->group_version,
		.plural = k->plural,
		.name = json_string_value(
			json_object_get(json_object_get(x->sent, "metadata"), "name")) };

	x->call = kube_apply(x->writes->client, &(struct kube_apply){ .at = &at,
							.fields = x->sent,
							.manager = OBJECT_MANAGER,
							.done = on_written,
							.ctx = x });
}

static void send_write(struct write *x)
{
	static void (*const senders[])(struct write *) = {
		[WRITE_STATUS] = send_status,
		[WRITE_PATCH] = send_patch,
		[WRITE_DRAFT] = send_draft,
	};

	senders[x->form](x);
}

static struct write *find(const struct object_writes *w, const struct write *like)
{
	for (struct write *x = w->all; x; x = x->next) {
		if (x->form == like->form && x->kind == like->kind &&
			!strcmp(x->name, like->name) && !strcmp(x->namespace, like->namespace))
			return x;
	}
	return NULL;
}

static void put(struct object_writes *w, const struct write *like, const json_t *body)
{
	struct write *x = find(w, like);

	if (x) {
		if (json_equal(x->newer ? x->newer : x->sent, body))
			return;
		json_decref(x->newer);
		x->newer = json_deep_copy(body);
		return;
	}
	x = memory_new(sizeof(*x));
	*x = (struct write){ .writes = w,
		.next = w->all,
		.form = like->form,
		.kind = like->kind,
		.namespace = memory_string(like->namespace),
		.name = memory_string(like->name),
		.sent = json_deep_copy(body) };
	w->all = x;
	send_write(x);
}

void object_writes_status(struct object_writes *w, enum controller_kind kind, const char *namespace,
	const char *name, const json_t *status)
{
	put(w,
		&(struct write){ .form = WRITE_STATUS,
			.kind = kind,
			.namespace = (char *)(uintptr_t) namespace,
			.name = (char *)(uintptr_t)name },
		status);
}

void object_writes_patch(struct object_writes *w, const char *name, const json_t *patch)
{
	put(w,
		&(struct write){ .form = WRITE_PATCH,
			.kind = CONTROLLER_PROFILE,
			.namespace = (char *)(uintptr_t) "",
			.name = (char *)(uintptr_t)name },
		patch);
}

void object_writes_draft(
	struct object_writes *w, const char *namespace, const char *name, const json_t *object)
{
	put(w,
		&(struct write){ .form = WRITE_DRAFT,
			.kind = CONTROLLER_RECORDING,
			.namespace = (char *)(uintptr_t) namespace,
			.name = (char *)(uintptr_t)name },
		object);
}
