/* SPDX-License-Identifier: Apache-2.0 */
/* What the API server is asked and tells: our Node and PaleNodeStatus at first, then the profiles
 * and pods, followed. */
#include "operator/node/node_internal.h"

#include "compiler/base/cleanup.h"
#include "operator/kube/kube_apply.h"
#include "operator/kube/kube_json.h"
#include "operator/memory.h"
#include "operator/node/node_patch.h"
#include "operator/say.h"

#include <string.h>

#define AGAIN_MIN_US	   UINT64_C(1000000)
#define AGAIN_MAX_US	   UINT64_C(30000000)
#define PATCH_AGAIN_US	   UINT64_C(5000000)
#define PATCH_FORBIDDEN_US UINT64_C(60000000)

static void begin_again(struct node *n, const char *what, const struct pale_err *err)
{
	say("node", "%s: %s", what, pale_err_text(err));
	node_wake(n->begin, kube_backoff_next(&n->backoff, 0, kube_random()));
}

static void seen_profile(void *ctx, json_t *object)
{
	struct node_watch *w = ctx;

	profile_list_put(&w->node->profiles, object);
	node_paled_step(w->node);
}

static void gone_profile(void *ctx, const struct kube_object_id *id)
{
	struct node_watch *w = ctx;

	profile_list_gone(&w->node->profiles, id->name);
	node_paled_step(w->node);
}

static void synced_profiles(void *ctx)
{
	struct node_watch *w = ctx;

	w->node->profiles.complete = true;
	node_paled_step(w->node);
}

static void seen_pod(void *ctx, json_t *object)
{
	struct node_watch *w = ctx;

	pod_list_put(&w->node->pods, object);
	node_paled_step(w->node);
}

static void gone_pod(void *ctx, const struct kube_object_id *id)
{
	struct node_watch *w = ctx;

	pod_list_gone(&w->node->pods, id->uid);
	node_paled_step(w->node);
}

static const char *const watched[WATCHES] = {
	[WATCH_PROFILES] = "paleprofiles",
	[WATCH_PODS] = "pods",
};

static void restarted(void *ctx, enum kube_watch_restart why, const struct pale_err *err)
{
	struct node_watch *w = ctx;

	w->restarts[why]++;
	if (err)
		say("node", "watch of %s: %s", watched[w - w->node->watches], pale_err_text(err));
}

static const struct kube_watch_handlers handlers[WATCHES] = {
	[WATCH_PROFILES] = { seen_profile, gone_profile, synced_profiles, restarted },
	[WATCH_PODS] = { seen_pod, gone_pod, NULL, restarted },
};

static void watch(
	struct node *n, int which, const struct kube_resource *resource, const char *query)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;

	kube_path(&path, resource);
	n->watches[which].node = n;
	n->watches[which].watch =
		kube_watch_new(n->client, &(struct kube_watch_spec){ .path = text_str(&path),
						  .query = query,
						  .cached = true,
						  .handlers = &handlers[which],
						  .ctx = &n->watches[which] });
}

static void begin_watches(struct node *n)
{
	_cleanup_(text_release) struct text selector = TEXT_INIT, query = TEXT_INIT;

	watch(n, WATCH_PROFILES,
		&(struct kube_resource){
			.group_version = "pale.dev/v1alpha1", .plural = watched[WATCH_PROFILES] },
		NULL);
	text_printf(&selector, "spec.nodeName=%s", n->options->name);
	kube_query(&query, "fieldSelector", text_str(&selector));
	watch(n, WATCH_PODS,
		&(struct kube_resource){ .group_version = "v1", .plural = watched[WATCH_PODS] },
		/* Behind its '?'. */
		text_str(&query) + 1);
}

/* What an earlier process had written goes on from there: the violations of the last hour, and
 * which profiles it had brought. Events that came while there was none are told now. */
static void adopt(struct node *n, const json_t *object)
{
	const json_t *status = json_object_get(object, "status");

	profile_list_adopt(&n->profiles, json_object_get(status, "profiles"), node_now());
	begin_watches(n);
	node_feed_begin(n, json_object_get(status, "events"));
}

static void on_applied(void *ctx, const struct kube_answer *a)
{
	struct node *n = ctx;

	n->call = NULL;
	if (a->err) {
		begin_again(n, "PaleNodeStatus", a->err);
		return;
	}
	kube_backoff_reset(&n->backoff);
	if (!n->watches[0].watch)
		adopt(n, a->body);
	n->begun = true;
	node_report_changed(n);
	node_objects_patch(n);
}

/* It goes when the Node goes. */
static void apply(struct node *n)
{
	static const struct kube_resource where = { .group_version = "pale.dev/v1alpha1",
		.plural = "palenodestatuses" };
	struct kube_resource at = where;
	json_t *fields = json_pack("{s:s, s:s, s:{s:s, s:[{s:s, s:s, s:s, s:s}]}, s:{s:s}}",
		"apiVersion", "pale.dev/v1alpha1", "kind", "PaleNodeStatus", "metadata", "name",
		n->options->name, "ownerReferences", "apiVersion", "v1", "kind", "Node", "name",
		n->options->name, "uid", n->uid, "spec", "nodeName", n->options->name);

	at.name = n->options->name;
	n->call = kube_apply(n->client, &(struct kube_apply){ .at = &at,
						.fields = fields,
						.manager = NODE_MANAGER,
						.force = true,
						.done = on_applied,
						.ctx = n });
	json_decref(fields);
}

static struct text node_path(const struct node *n)
{
	struct text path = TEXT_INIT;

	kube_path(&path,
		&(struct kube_resource){
			.group_version = "v1", .plural = "nodes", .name = n->options->name });
	return path;
}

static void on_node(void *ctx, const struct kube_answer *a)
{
	struct node *n = ctx;

	n->call = NULL;
	if (a->err) {
		begin_again(n, "our Node", a->err);
		return;
	}
	free(n->uid);
	n->uid = memory_string(kube_json_id(a->body).uid);
	apply(n);
}

static int on_begin(sd_event_source *source, uint64_t us, void *ctx)
{
	struct node *n = ctx;
	_cleanup_(text_release) struct text path = node_path(n);

	(void)source;
	(void)us;
	if (!n->call)
		n->call = kube_request(
			n->client, &(struct kube_request){
					   .path = text_str(&path), .done = on_node, .ctx = n });
	return 0;
}

void node_objects_again(struct node *n)
{
	n->begun = false;
	json_decref(TAKE_PTR(n->written));
	node_wake(n->begin, kube_backoff_next(&n->backoff, 0, kube_random()));
}

static void on_patched(void *ctx, const struct kube_answer *a)
{
	struct node *n = ctx;

	n->patching = NULL;
	if (!a->err)
		say("node", "our Node has its labels, and no taint %s that is over", NODE_TAINT);
	else
		say("node", "change our Node: %s", pale_err_text(a->err));
	/* Somebody else may have changed the taints meanwhile. */
	if (a->err)
		node_wake(n->patch_timer,
			a->status.code == 403 ? PATCH_FORBIDDEN_US : PATCH_AGAIN_US);
}

static void on_looked(void *ctx, const struct kube_answer *a)
{
	struct node *n = ctx;
	_cleanup_(text_release) struct text path = node_path(n);
	bool ready = node_is_ready(n);
	json_t *patch;

	n->patching = NULL;
	if (a->err) {
		say("node", "our Node: %s", pale_err_text(a->err));
		node_wake(n->patch_timer, PATCH_AGAIN_US);
		return;
	}
	if (n->uid && strcmp(n->uid, kube_json_id(a->body).uid) != 0)
		node_objects_again(n);
	patch = node_patch(a->body, n->mechanisms, ready);
	n->untainted = ready;
	if (patch)
		n->patching = kube_request(n->client, &(struct kube_request){ .method = KUBE_PATCH,
							      .path = text_str(&path),
							      .body = patch,
							      .type = KUBE_JSON_PATCH,
							      .done = on_patched,
							      .ctx = n });
	json_decref(patch);
}

void node_objects_patch(struct node *n)
{
	_cleanup_(text_release) struct text path = node_path(n);

	if (n->patching || !n->begun)
		return;
	n->patching = kube_request(n->client,
		&(struct kube_request){ .path = text_str(&path), .done = on_looked, .ctx = n });
}

static int on_patch_time(sd_event_source *source, uint64_t us, void *ctx)
{
	(void)source;
	(void)us;
	node_objects_patch(ctx);
	return 0;
}

void node_objects_begin(struct node *n)
{
	n->patch_timer = node_timer(n, on_patch_time);
	n->backoff = (struct kube_backoff){ .min_us = AGAIN_MIN_US, .max_us = AGAIN_MAX_US };
	n->begin = node_timer(n, on_begin);
	node_wake(n->begin, 0);
}

void node_objects_free(struct node *n)
{
	for (int i = 0; i < WATCHES; i++)
		kube_watch_free(n->watches[i].watch);
	kube_call_cancel(n->call);
	kube_call_cancel(n->patching);
	sd_event_source_disable_unref(n->begin);
	sd_event_source_disable_unref(n->patch_timer);
	free(n->uid);
}
