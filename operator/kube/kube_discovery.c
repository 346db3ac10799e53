/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/kube/kube_discovery.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "operator/kube/kube_json.h"
#include "operator/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct kube_discovery {
	json_t *version;
	json_t *lists;
};

struct kube_discovery_call {
	struct kube_client *client;
	char **group_versions; /* ends with a NULL */
	size_t next;
	struct kube_discovery *found;
	struct kube_call *call;
	void (*done)(void *ctx, struct kube_discovery *found, const struct pale_err *err);
	void *ctx;
};

struct kube_discovery *kube_discovery_new(json_t *version, json_t *lists)
{
	struct kube_discovery *d = malloc(sizeof(*d));

	if (!d)
		abort();
	*d = (struct kube_discovery){ .version = version, .lists = lists };
	return d;
}

void kube_discovery_free(struct kube_discovery *d)
{
	if (!d)
		return;
	json_decref(d->version);
	json_decref(d->lists);
	free(d);
}

bool kube_discovery_offers(
	const struct kube_discovery *d, const char *group_version, const char *resource)
{
	const json_t *list = json_object_get(json_object_get(d->lists, group_version), "resources");
	const json_t *r;
	size_t i;

	json_array_foreach (list, i, r) {
		const char *name = json_string_value(json_object_get(r, "name"));

		if (name && !strcmp(name, resource))
			return true;
	}
	return false;
}

/* Of "30+", too, as some vendors write it. */
static unsigned long number(const struct kube_discovery *d, const char *key)
{
	const char *s = json_string_value(json_object_get(d->version, key));

	return s ? strtoul(s, NULL, 10) : 0;
}

bool kube_discovery_is_since(const struct kube_discovery *d, unsigned int major, unsigned int minor)
{
	unsigned long have = number(d, "major");

	return have > major || (have == major && number(d, "minor") >= minor);
}

const char *kube_discovery_version(const struct kube_discovery *d)
{
	return kube_json_string(d->version, (const char *const[]){ "gitVersion", NULL });
}

static void call_free(struct kube_discovery_call *call)
{
	kube_discovery_free(call->found);
	for (char **s = call->group_versions; *s; s++)
		free(*s);
	free(call->group_versions);
	free(call);
}

static void finish(struct kube_discovery_call *call, const struct pale_err *err)
{
	struct kube_discovery *found = err ? NULL : TAKE_PTR(call->found);
	void (*done)(void *, struct kube_discovery *, const struct pale_err *) = call->done;
	void *ctx = call->ctx;

	call_free(call);
	done(ctx, found, err);
}

static void ask_next(struct kube_discovery_call *call);

static void on_list(void *ctx, const struct kube_answer *a)
{
	struct kube_discovery_call *call = ctx;

	call->call = NULL;
	if (a->err && a->status.code != 404) {
		finish(call, a->err);
		return;
	}
	if (!a->err)
		json_object_set(call->found->lists, call->group_versions[call->next],
			(json_t *)(uintptr_t)a->body);
	call->next++;
	ask_next(call);
}

static void ask_next(struct kube_discovery_call *call)
{
	const char *name = call->group_versions[call->next];
	_cleanup_(text_release) struct text path = TEXT_INIT;

	if (!name) {
		finish(call, NULL);
		return;
	}
	text_printf(&path, "/%s/%s", strchr(name, '/') ? "apis" : "api", name);
	call->call = kube_request(call->client, &(struct kube_request){ .method = KUBE_GET,
							.path = text_str(&path),
							.done = on_list,
							.ctx = call });
}

static void on_version(void *ctx, const struct kube_answer *a)
{
	struct kube_discovery_call *call = ctx;

	call->call = NULL;
	if (a->err) {
		finish(call, a->err);
		return;
	}
	call->found = kube_discovery_new(json_incref((json_t *)(uintptr_t)a->body), json_object());
	ask_next(call);
}

static char **copy_all(const char *const *strings)
{
	size_t n = 0;
	char **v;

	while (strings[n])
		n++;
	v = memory_new((n + 1) * sizeof(*v));
	for (size_t i = 0; i < n; i++)
		v[i] = memory_string(strings[i]);
	return v;
}

struct kube_discovery_call *kube_discovery_ask(struct kube_client *c,
	const char *const *group_versions,
	void (*done)(void *ctx, struct kube_discovery *found, const struct pale_err *err),
	void *ctx)
{
	struct kube_discovery_call *call = memory_new(sizeof(*call));

	*call = (struct kube_discovery_call){
		.client = c, .group_versions = copy_all(group_versions), .done = done, .ctx = ctx
	};
	call->call = kube_request(c,
		&(struct kube_request){
			.method = KUBE_GET, .path = "/version", .done = on_version, .ctx = call });
	return call;
}

void kube_discovery_cancel(struct kube_discovery_call *call)
{
	if (!call)
		return;
	kube_call_cancel(call->call);
	call_free(call);
}
