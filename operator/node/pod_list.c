/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/node/pod_list.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "compiler/base/text.h"
#include "operator/memory.h"
#include "operator/pod_owner.h"

#include <string.h>

#define MIRROR_ANNOTATION "kubernetes.io/config.mirror"
#define CONTAINER_PREFIX  "container.profile.pale.dev/"

static const char *text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

static void container_release(struct pod_list_container *c)
{
	free(c->name);
	free(c->id);
	free(c->restart_told);
}

static void pod_free(struct pod_list_pod *p)
{
	for (size_t i = 0; i < p->n; i++)
		container_release(&p->v[i]);
	free(p->v);
	free(p->namespace);
	free(p->name);
	free(p->uid);
	free(p->owner);
	free(p);
}

void pod_list_release(struct pod_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		pod_free(l->v[i]);
	free(l->v);
	l->v = NULL;
	l->n = 0;
}

static bool is_exempt(const struct pod_list *l, const json_t *pod)
{
	const json_t *metadata = json_object_get(pod, "metadata");
	const json_t *annotations = json_object_get(metadata, "annotations");
	const char *namespace = text_of(metadata, "namespace");

	if (strcmp(namespace, "kube-system") == 0 || strcmp(namespace, l->own_namespace) == 0)
		return true;
	return *text_of(annotations, MIRROR_ANNOTATION) &&
	       strcmp(text_of(pod_controller(pod), "kind"), "Node") == 0;
}

static bool is_meant(const json_t *pod, const char *container)
{
	const json_t *annotations =
		json_object_get(json_object_get(pod, "metadata"), "annotations");
	_cleanup_(text_release) struct text own = TEXT_INIT;

	text_printf(&own, "%s%s", CONTAINER_PREFIX, container);
	return *text_of(annotations, "pale.dev/profile") || *text_of(annotations, text_str(&own));
}

static struct pod_list_pod *find_uid(const struct pod_list *l, const char *uid)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i]->uid, uid) == 0)
			return l->v[i];
	}
	return NULL;
}

/* What was known of it stays. */
static void take_container(
	struct pod_list_pod *p, const struct pod_list_pod *before, const json_t *status, bool meant)
{
	const char *full = text_of(status, "containerID"), *id = strstr(full, "://");
	struct pod_list_container c = { 0 };

	/* It has none before it is made. */
	if (!id || !id[3])
		return;
	id += 3;
	for (size_t i = 0; before && i < before->n; i++) {
		if (strcmp(before->v[i].id, id) != 0)
			continue;
		c = before->v[i];
		before->v[i] = (struct pod_list_container){ .id = memory_string("") };
		break;
	}
	if (!c.id) {
		c.id = memory_string(id);
		c.name = memory_string(text_of(status, "name"));
	}
	c.meant = meant;
	c.running = json_is_object(json_object_get(json_object_get(status, "state"), "running"));
	if (!c.running)
		c.missing_ms = 0;
	p->v = memory_resize(p->v, p->n + 1, sizeof(*p->v));
	p->v[p->n++] = c;
}

static void take_containers(
	struct pod_list_pod *p, const struct pod_list_pod *before, const json_t *pod, bool exempt)
{
	static const char *const lists[] = { "initContainerStatuses", "containerStatuses",
		"ephemeralContainerStatuses" };
	const json_t *status = json_object_get(pod, "status");

	for (size_t k = 0; k < sizeof(lists) / sizeof(*lists); k++) {
		json_t *one;
		size_t i;

		json_array_foreach (json_object_get(status, lists[k]), i, one)
			take_container(
				p, before, one, !exempt && is_meant(pod, text_of(one, "name")));
	}
}

void pod_list_put(struct pod_list *l, const json_t *pod)
{
	const json_t *metadata = json_object_get(pod, "metadata");
	struct pod_list_pod *before = find_uid(l, text_of(metadata, "uid"));
	struct pod_list_pod *p = memory_new(sizeof(*p));

	p->namespace = memory_string(text_of(metadata, "namespace"));
	p->name = memory_string(text_of(metadata, "name"));
	p->uid = memory_string(text_of(metadata, "uid"));
	p->owner = pod_owner(pod);
	take_containers(p, before, pod, is_exempt(l, pod));
	if (before)
		pod_list_gone(l, p->uid);
	l->v = memory_resize(l->v, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = p;
}

void pod_list_gone(struct pod_list *l, const char *uid)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i]->uid, uid) != 0)
			continue;
		pod_free(l->v[i]);
		l->v[i] = l->v[--l->n];
		return;
	}
}

/* Owners are told of what is registered, so that a container that is not meant is looked for once,
 * too: the node's own configuration may have a policy for it. */
static bool is_open(const struct pod_list_container *c)
{
	return c->running && !c->registered && !c->unconfined && (c->meant || !c->missing_ms);
}

bool pod_list_needs_ps(const struct pod_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < l->v[i]->n; k++) {
			if (is_open(&l->v[i]->v[k]))
				return true;
		}
	}
	return false;
}

/* Ids by whether they are registered. */
static json_t *states_of(const json_t *answer)
{
	json_t *states = json_object(), *one;
	size_t i;

	json_array_foreach (json_object_get(answer, "containers"), i, one)
		json_object_set_new(states, text_of(one, "id"),
			json_boolean(strcmp(text_of(one, "state"), "unconfined") != 0));
	return states;
}

void pod_list_take_ps(struct pod_list *l, const json_t *answer, int64_t now_ms,
	void (*unconfined)(
		void *ctx, const struct pod_list_pod *p, const struct pod_list_container *c),
	void *ctx)
{
	_cleanup_(json_decrefp) json_t *states = states_of(answer);

	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < l->v[i]->n; k++) {
			struct pod_list_container *c = &l->v[i]->v[k];
			const json_t *state = json_object_get(states, c->id);

			if (!is_open(c))
				continue;
			if (json_is_true(state)) {
				c->registered = true;
				continue;
			}
			if (!c->missing_ms)
				c->missing_ms = now_ms;
			c->unconfined =
				c->meant && (state || now_ms - c->missing_ms >= POD_MISSING_MS);
			if (c->unconfined)
				unconfined(ctx, l->v[i], c);
		}
	}
}

uint32_t pod_list_unconfined(const struct pod_list *l)
{
	uint32_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < l->v[i]->n; k++)
			n += l->v[i]->v[k].unconfined && l->v[i]->v[k].running;
	}
	return n;
}

/* The next one may not have been able to take up a container, or have confined one late. Who was
 * told to run unconfined is told again if it still does. */
static void forget_state(struct pod_list_container *c)
{
	c->described = c->registered = c->unconfined = false;
	c->missing_ms = 0;
}

void pod_list_forget_paled(struct pod_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < l->v[i]->n; k++)
			forget_state(&l->v[i]->v[k]);
	}
}

json_t *pod_list_describe(struct pod_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; l->v[i]->owner && k < l->v[i]->n; k++) {
			struct pod_list_container *c = &l->v[i]->v[k];

			if (!c->running || !c->registered || c->described)
				continue;
			c->described = true;
			return json_pack("{s:s, s:s, s:o}", "method", "describe", "id", c->id,
				"owner", json_text(l->v[i]->owner));
		}
	}
	return NULL;
}

const struct pod_list_pod *pod_list_find(
	const struct pod_list *l, const char *namespace, const char *name, const char *uid)
{
	if (*uid)
		return find_uid(l, uid);
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i]->name, name) == 0 && strcmp(l->v[i]->namespace, namespace) == 0)
			return l->v[i];
	}
	return NULL;
}

struct pod_list_container *pod_list_container(
	const struct pod_list *l, const char *id, const struct pod_list_pod **pod)
{
	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < l->v[i]->n; k++) {
			if (strcmp(l->v[i]->v[k].id, id) != 0)
				continue;
			if (pod)
				*pod = l->v[i];
			return &l->v[i]->v[k];
		}
	}
	return NULL;
}

json_t *pod_reference(
	const char *namespace, const char *name, const char *uid, const char *container)
{
	json_t *o = json_pack("{s:s, s:s, s:o, s:o, s:o}", "apiVersion", "v1", "kind", "Pod",
		"namespace", json_text(namespace), "name", json_text(name), "uid", json_text(uid));

	if (container)
		json_object_set_new(o, "fieldPath", json_sprintf("spec.containers{%s}", container));
	return o;
}
