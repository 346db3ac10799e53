/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/follow_cluster.h"

#include "compiler/base/cleanup.h"
#include "operator/kube/kube_path.h"
#include "operator/kube/kube_watch.h"
#include "operator/memory.h"
#include "operator/say.h"

#include <inttypes.h>

/*
 * A PaleProfile has its policy's text, as written and as compiled: 20 of half a MiB each are what
 * is held at once.
 */
#define PROFILES_PAGE 20

static const struct {
	const char *group_version, *resource;
	uint32_t page;
	bool metadata_only;
} kinds[CLUSTER_KINDS] = {
	[CLUSTER_NAMESPACE] = { "v1", "namespaces", 0, true },
	[CLUSTER_PROFILE] = { "pale.dev/v1alpha1", "paleprofiles", PROFILES_PAGE, false },
	[CLUSTER_BINDING] = { "pale.dev/v1alpha1", "palebindings", 0, false },
	[CLUSTER_RECORDING] = { "pale.dev/v1alpha1", "palerecordings", 0, false },
};

struct followed_kind {
	struct cluster_follower *follower;
	enum cluster_kind kind;
	struct kube_watch *watch;
	uint64_t restarts[KUBE_RESTARTS];
	char *told; /* why it did not go on; NULL: it did */
};

struct cluster_follower {
	struct cluster *cluster;
	const char *command;
	struct followed_kind kinds[CLUSTER_KINDS];
};

/* It works again, if it did not. */
static void note_success(struct followed_kind *k)
{
	if (!k->told)
		return;
	say(k->follower->command, "%s are followed again", kinds[k->kind].resource);
	free(TAKE_PTR(k->told));
}

static void on_seen(void *ctx, json_t *object)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct followed_kind *k = ctx;

	note_success(k);
	if (cluster_put(k->follower->cluster, k->kind, object, &err) < 0)
		say(k->follower->command, "%s: %s", kinds[k->kind].resource, pale_err_text(err));
}

static void on_gone(void *ctx, const struct kube_object_id *id)
{
	struct followed_kind *k = ctx;

	note_success(k);
	cluster_remove(k->follower->cluster, k->kind, id->namespace, id->name);
}

static void tell_of_cluster(const struct cluster_follower *f)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	for (int i = 0; i < CLUSTER_KINDS; i++)
		text_printf(&t, "%s%" PRIu32 " %s", i ? ", " : "",
			kube_watch_count(f->kinds[i].watch), kinds[i].resource);
	say(f->command, "the cluster is known: %s", text_str(&t));
}

static void on_synced(void *ctx)
{
	struct followed_kind *k = ctx;
	struct cluster_follower *f = k->follower;
	bool known = cluster_is_known(f->cluster);

	note_success(k);
	cluster_set_listed(f->cluster, k->kind);
	if (!known && cluster_is_known(f->cluster))
		tell_of_cluster(f);
}

static void on_restarted(void *ctx, enum kube_watch_restart why, const struct pale_err *err)
{
	struct followed_kind *k = ctx;

	k->restarts[why]++;
	if (why == KUBE_RESTART_ENDED) {
		note_success(k);
		return;
	}
	/* A new list is what follows, and is nothing that anybody need do something about. */
	if (why == KUBE_RESTART_EXPIRED || (k->told && strcmp(k->told, pale_err_text(err)) == 0))
		return;
	free(k->told);
	k->told = memory_string(pale_err_text(err));
	say(k->follower->command, "%s are not followed, and stay as they were: %s",
		kinds[k->kind].resource, k->told);
}

static const struct kube_watch_handlers handlers = {
	.seen = on_seen,
	.gone = on_gone,
	.synced = on_synced,
	.restarted = on_restarted,
};

static void follow(struct cluster_follower *f, struct kube_client *client, enum cluster_kind kind)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	struct followed_kind *k = &f->kinds[kind];

	k->follower = f;
	k->kind = kind;
	kube_path(&path, &(struct kube_resource){ .group_version = kinds[kind].group_version,
				 .plural = kinds[kind].resource });
	k->watch = kube_watch_new(client, &(struct kube_watch_spec){ .path = text_str(&path),
						  .page = kinds[kind].page,
						  .metadata_only = kinds[kind].metadata_only,
						  .handlers = &handlers,
						  .ctx = k });
}

struct cluster_follower *cluster_follow(
	struct kube_client *client, struct cluster *cluster, const char *command)
{
	struct cluster_follower *f = memory_new(sizeof(*f));

	f->cluster = cluster;
	f->command = command;
	for (int i = 0; i < CLUSTER_KINDS; i++)
		follow(f, client, (enum cluster_kind)i);
	return f;
}

static void print_restarts(const struct followed_kind *k, struct text *t)
{
	for (int why = 0; why < KUBE_RESTARTS; why++)
		text_printf(t,
			"pale_watch_restarts_total{resource=\"%s\",reason=\"%s\"} %" PRIu64 "\n",
			kinds[k->kind].resource, kube_watch_restart_names[why], k->restarts[why]);
}

void cluster_follower_print_metrics(const struct cluster_follower *f, struct text *t)
{
	text_puts(t, "# HELP pale_watch_restarts_total Watches that were begun anew, by why.\n"
		     "# TYPE pale_watch_restarts_total counter\n");
	for (int i = 0; i < CLUSTER_KINDS; i++)
		print_restarts(&f->kinds[i], t);
	text_puts(t, "# HELP pale_watch_objects What is known to be there.\n"
		     "# TYPE pale_watch_objects gauge\n");
	for (int i = 0; i < CLUSTER_KINDS; i++)
		text_printf(t, "pale_watch_objects{resource=\"%s\"} %" PRIu32 "\n",
			kinds[i].resource, kube_watch_count(f->kinds[i].watch));
	text_puts(t, "# HELP pale_watch_synced 0 while a list is waited for.\n"
		     "# TYPE pale_watch_synced gauge\n");
	for (int i = 0; i < CLUSTER_KINDS; i++)
		text_printf(t, "pale_watch_synced{resource=\"%s\"} %d\n", kinds[i].resource,
			kube_watch_is_synced(f->kinds[i].watch));
}

void cluster_follower_free(struct cluster_follower *f)
{
	if (!f)
		return;
	for (int i = 0; i < CLUSTER_KINDS; i++) {
		kube_watch_free(f->kinds[i].watch);
		free(f->kinds[i].told);
	}
	free(f);
}
