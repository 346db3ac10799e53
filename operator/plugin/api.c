/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plugin/api.h"

#include "compiler/base/cleanup.h"
#include "operator/kube/kube_watch.h"
#include "operator/memory.h"
#include "operator/plugin/kubeconfig.h"

#include <errno.h>
#include <string.h>

int api_open(struct api *a, const struct invocation *in, struct pale_err **err)
{
	int r;

	*a = (struct api){ 0 };
	r = sd_event_new(&a->loop);
	if (r < 0)
		return pale_err_set(err, -r, "make an event loop");
	r = kubeconfig_read(option_argument(in, OPT_KUBECONFIG), option_argument(in, OPT_CONTEXT),
		&a->config, err);
	if (r < 0)
		return r;
	return kube_client_new(a->loop, &a->config, "kubectl-pale/" PALE_VERSION, &a->client, err);
}

void api_close(struct api *a)
{
	kube_client_free(a->client);
	kube_config_release(&a->config);
	sd_event_unref(a->loop);
}

int api_failure(const struct invocation *in, const struct pale_err *err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const char *why = pale_err_text(err), *hint = pale_err_hint_text(err);

	text_printf(&t, "kubectl-pale %s: ", in->command->name);
	text_escaped(&t, why, strlen(why));
	if (hint) {
		text_puts(&t, "\nhint: ");
		text_escaped(&t, hint, strlen(hint));
	}
	fprintf(stderr, "%s\n", text_str(&t));
	return STATUS_HOST;
}

int api_keep_error(const struct pale_err *from, struct pale_err **err)
{
	if (!*err) {
		pale_err_plain(err, pale_err_errno(from), "%s", pale_err_text(from));
		if (pale_err_hint_text(from))
			pale_err_hint(err, "%s", pale_err_hint_text(from));
	}
	return -pale_err_errno(*err);
}

/* What is waited for. */
struct waiting {
	bool done;
	int r;
	json_t *body;
	struct pale_err **err;
};

static int wait_for(struct api *a, const struct waiting *w, struct pale_err **err)
{
	while (!w->done) {
		int r = sd_event_run(a->loop, UINT64_MAX);

		if (r < 0)
			return pale_err_set(err, -r, "wait for the API server");
	}
	return w->r;
}

static void on_answer(void *ctx, const struct kube_answer *answer)
{
	struct waiting *w = ctx;

	w->done = true;
	if (answer->err)
		w->r = api_keep_error(answer->err, w->err);
	else if (!answer->body)
		w->r = pale_err_plain(w->err, EBADMSG, "the API server's answer is no JSON");
	else
		w->body = json_incref((json_t *)answer->body);
}

/* The server knows no such resource, whatever its name. */
static void hint_when_not_installed(
	const struct kube_resource *r, int result, struct pale_err **err)
{
	if (result == -ENOENT && !r->name && strcmp(r->group_version, PALE_API) == 0)
		pale_err_hint(err, "this cluster has no Pale: kubectl apply -k operator/deploy/");
}

int api_get(struct api *a, const struct kube_resource *r, json_t **ret, struct pale_err **err)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	struct waiting w = { .err = err };
	int result;

	*ret = NULL;
	kube_path(&path, r);
	kube_request(a->client, &(struct kube_request){ .method = KUBE_GET,
					.path = text_str(&path),
					.attempts = 2,
					.done = on_answer,
					.ctx = &w });
	result = wait_for(a, &w, err);
	if (result == 0)
		*ret = w.body;
	return result;
}

int api_find(struct api *a, const struct kube_resource *r, json_t **ret, struct pale_err **err)
{
	int result = api_get(a, r, ret, err);

	if (result != -ENOENT)
		return result;
	pale_err_free(TAKE_PTR(*err));
	return 0;
}

static void seen(void *ctx, json_t *object)
{
	struct waiting *w = ctx;

	json_array_append(w->body, object);
}

static void synced(void *ctx)
{
	struct waiting *w = ctx;

	w->done = true;
}

static void restarted(void *ctx, enum kube_watch_restart why, const struct pale_err *err)
{
	struct waiting *w = ctx;

	if (w->done || why == KUBE_RESTART_ENDED || why == KUBE_RESTART_EXPIRED)
		return;
	w->done = true;
	w->r = api_keep_error(err, w->err);
}

int api_list(struct api *a, const struct kube_resource *r, const char *query, json_t **ret,
	struct pale_err **err)
{
	static const struct kube_watch_handlers handlers = {
		.seen = seen, .synced = synced, .restarted = restarted
	};
	_cleanup_(text_release) struct text path = TEXT_INIT;
	struct waiting w = { .err = err, .body = memory_checked(json_array()) };
	struct kube_watch *watch;
	int result;

	*ret = NULL;
	kube_path(&path, r);
	watch = kube_watch_new(a->client, &(struct kube_watch_spec){ .path = text_str(&path),
						  .query = query,
						  .handlers = &handlers,
						  .ctx = &w });
	result = wait_for(a, &w, err);
	kube_watch_free(watch);
	if (result == 0)
		*ret = w.body;
	else
		json_decref(w.body);
	hint_when_not_installed(r, result, err);
	return result;
}
