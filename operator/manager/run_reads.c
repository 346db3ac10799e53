/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/manager/run_reads.h"

#include "compiler/base/cleanup.h"
#include "operator/kube/kube_json.h"
#include "operator/kube/kube_path.h"
#include "operator/manager/object_kinds.h"
#include "operator/memory.h"

struct run_reads {
	struct kube_client *client;
	const struct run_reads_handlers *handlers;
	void *ctx;
	struct kube_call *call;
	char *namespace, *name;
	json_t *nodes; /* names; NULL: nothing is being read */
	size_t next;   /* of @nodes */
	json_t *found;
};

struct run_reads *run_reads_new(
	struct kube_client *c, const struct run_reads_handlers *handlers, void *ctx)
{
	struct run_reads *r = memory_new(sizeof(*r));

	*r = (struct run_reads){ .client = c, .handlers = handlers, .ctx = ctx };
	return r;
}

void run_reads_cancel(struct run_reads *r)
{
	kube_call_cancel(TAKE_PTR(r->call));
	json_decref(TAKE_PTR(r->nodes));
	json_decref(TAKE_PTR(r->found));
	free(TAKE_PTR(r->namespace));
	free(TAKE_PTR(r->name));
	r->next = 0;
}

void run_reads_free(struct run_reads *r)
{
	if (!r)
		return;
	run_reads_cancel(r);
	free(r);
}

static bool is_own(const struct run_reads *r, const json_t *entry)
{
	const char *recording = kube_json_string(entry, (const char *const[]){ "recording", NULL });
	size_t len = strlen(r->namespace);

	return !strncmp(recording, r->namespace, len) && recording[len] == '/' &&
	       !strcmp(recording + len + 1, r->name);
}

static void take_node(struct run_reads *r, const json_t *object)
{
	json_t *own = json_array(), *entry;
	size_t i;

	json_array_foreach (json_object_get(json_object_get(object, "status"), "runs"), i, entry) {
		if (is_own(r, entry))
			json_array_append(own, entry);
	}
	json_array_append_new(r->found, json_pack("{s:{s:s}, s:{s:o}}", "metadata", "name",
						kube_json_id(object).name, "status", "runs", own));
}

static void read_next(struct run_reads *r);

static void on_node(void *ctx, const struct kube_answer *a)
{
	struct run_reads *r = ctx;

	r->call = NULL;
	if (a->err && a->status.code != 404) {
		r->handlers->say(r->ctx, a->err);
		run_reads_cancel(r);
		return;
	}
	if (!a->err)
		take_node(r, a->body);
	read_next(r);
}

static void end(struct run_reads *r)
{
	_cleanup_free_ char *namespace = TAKE_PTR(r->namespace), *name = TAKE_PTR(r->name);
	json_t *found = TAKE_PTR(r->found);

	run_reads_cancel(r);
	/* Last: it may begin the next ones. */
	r->handlers->read(r->ctx, namespace, name, found);
	json_decref(found);
}

static void read_next(struct run_reads *r)
{
	const struct object_kind *k = &object_kinds[CONTROLLER_NODE_STATUS];
	const char *node = json_string_value(json_array_get(r->nodes, r->next++));
	_cleanup_(text_release) struct text path = TEXT_INIT;

	if (!node) {
		end(r);
		return;
	}
	kube_path(&path,
		&(struct kube_resource){
			.group_version = k->group_version, .plural = k->plural, .name = node });
	r->call = kube_request(r->client,
		&(struct kube_request){
			.method = KUBE_GET, .path = text_str(&path), .done = on_node, .ctx = r });
}

void run_reads_begin(
	struct run_reads *r, const char *namespace, const char *name, const json_t *nodes)
{
	run_reads_cancel(r);
	r->namespace = memory_string(namespace);
	r->name = memory_string(name);
	r->nodes = json_deep_copy(nodes);
	r->found = json_array();
	read_next(r);
}
