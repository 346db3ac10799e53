/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/manager/pod_reads.h"

#include "compiler/base/cleanup.h"
#include "operator/kube/kube_json.h"
#include "operator/kube/kube_path.h"
#include "operator/memory.h"

#include <search.h>

struct recorded {
	struct pod_reads *pods;
	char *namespace, *name, *uid;
	struct kube_call *call;
	bool has_node;	/* all is known */
	bool out_dated; /* it was seen in another version than the one that is being read */
};

struct pod_reads {
	struct kube_client *client;
	const struct pod_reads_handlers *handlers;
	void *ctx;
	void *all; /* tsearch(3): as many as a tenant likes */
};

struct pod_reads *pod_reads_new(
	struct kube_client *c, const struct pod_reads_handlers *handlers, void *ctx)
{
	struct pod_reads *p = memory_new(sizeof(*p));

	*p = (struct pod_reads){ .client = c, .handlers = handlers, .ctx = ctx };
	return p;
}

static void recorded_free(void *of)
{
	struct recorded *r = of;

	kube_call_cancel(r->call);
	free(r->namespace);
	free(r->name);
	free(r->uid);
	free(r);
}

void pod_reads_free(struct pod_reads *p)
{
	if (!p)
		return;
	tdestroy(p->all, recorded_free);
	free(p);
}

static int compare(const void *x, const void *y)
{
	const struct recorded *a = x, *b = y;
	int r = strcmp(a->namespace, b->namespace);

	return r ? r : strcmp(a->name, b->name);
}

static struct recorded *find(const struct pod_reads *p, const char *namespace, const char *name)
{
	const struct recorded key = { .namespace = (char *)(uintptr_t) namespace,
		.name = (char *)(uintptr_t)name };
	struct recorded *const *found = tfind(&key, &p->all, compare);

	return found ? *found : NULL;
}

void pod_reads_gone(struct pod_reads *p, const char *namespace, const char *name)
{
	struct recorded *r = find(p, namespace, name);

	if (!r)
		return;
	tdelete(r, &p->all, compare);
	recorded_free(r);
}

static void read_pod(struct recorded *r);

static void on_pod(void *ctx, const struct kube_answer *a)
{
	struct recorded *r = ctx;
	struct pod_reads *p = r->pods;

	r->call = NULL;
	if (a->err && a->status.code != 404) {
		r->out_dated = true;
		p->handlers->say(p->ctx, a->err);
	}
	/* Another one of its name is seen next. */
	if (a->err || strcmp(kube_json_id(a->body).uid, r->uid) != 0)
		return;
	r->has_node =
		*kube_json_string(a->body, (const char *const[]){ "spec", "nodeName", NULL }) != 0;
	if (!r->has_node && r->out_dated)
		read_pod(r);
	p->handlers->read(p->ctx, a->body);
}

static void read_pod(struct recorded *r)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;

	r->out_dated = false;
	kube_path(&path, &(struct kube_resource){ .group_version = "v1",
				 .plural = "pods",
				 .namespace = r->namespace,
				 .name = r->name });
	r->call = kube_request(r->pods->client,
		&(struct kube_request){
			.method = KUBE_GET, .path = text_str(&path), .done = on_pod, .ctx = r });
}

static struct recorded *add(struct pod_reads *p, const struct kube_object_id *id)
{
	struct recorded *r = memory_new(sizeof(*r));

	*r = (struct recorded){ .pods = p,
		.namespace = memory_string(id->namespace),
		.name = memory_string(id->name),
		.uid = memory_string(id->uid) };
	memory_checked(tsearch(r, &p->all, compare));
	return r;
}

bool pod_reads_seen(struct pod_reads *p, const json_t *pod)
{
	const struct kube_object_id id = kube_json_id(pod);
	struct recorded *r = find(p, id.namespace, id.name);

	if (r && strcmp(r->uid, id.uid) != 0) {
		pod_reads_gone(p, id.namespace, id.name);
		r = NULL;
	}
	if (!*kube_json_string(pod, (const char *const[]){ "metadata", "annotations",
					    "pale.dev/recording", NULL })) {
		pod_reads_gone(p, id.namespace, id.name);
		return false;
	}
	if (!r)
		r = add(p, &id);
	r->out_dated = true;
	if (!r->call && !r->has_node)
		read_pod(r);
	return true;
}

static void retry(const void *node, VISIT which, void *ctx)
{
	struct recorded *r = *(struct recorded *const *)node;

	(void)ctx;
	if ((which == postorder || which == leaf) && !r->call && !r->has_node && r->out_dated)
		read_pod(r);
}

void pod_reads_retry(struct pod_reads *p)
{
	twalk_r(p->all, retry, NULL);
}
