/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/webhook/pod.h"

#include "compiler/base/cleanup.h"
#include "operator/memory.h"

#include <errno.h>

const char *const container_lists[PLACE_COUNT] = {
	[PLACE_INIT] = "initContainers",
	[PLACE_MAIN] = "containers",
	[PLACE_EPHEMERAL] = "ephemeralContainers",
};

static const char *const place_names[PLACE_COUNT] = {
	[PLACE_INIT] = "init container",
	[PLACE_MAIN] = "container",
	[PLACE_EPHEMERAL] = "ephemeral container",
};

const json_t *json_member(const json_t *object, const char *name)
{
	const json_t *v = json_object_get(object, name);

	return json_is_null(v) ? NULL : v;
}

const char *json_member_text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* *@ret is NULL where there are none. */
static int read_strings(
	const json_t *metadata, const char *name, const json_t **ret, struct pale_err **err)
{
	const char *key;
	json_t *value;

	*ret = json_member(metadata, name);
	if (*ret && !json_is_object(*ret))
		return pale_err_plain(err, EINVAL, "metadata.%s is no object", name);
	json_object_foreach ((json_t *)*ret, key, value) {
		if (!json_is_string(value))
			return pale_err_plain(
				err, EINVAL, "metadata.%s: '%s' is no string", name, key);
	}
	return 0;
}

static bool has_container(const json_t *spec, enum container_place place, const char *name)
{
	json_t *c;
	size_t i;

	json_array_foreach (json_object_get(spec, container_lists[place]), i, c) {
		const char *is = json_member_text(c, "name");

		if (is && strcmp(is, name) == 0)
			return true;
	}
	return false;
}

static int add_container(struct pod *p, const struct pod_container *c, struct pale_err **err)
{
	const json_t *security = json_member(c->json, "securityContext");

	if (!c->name || !*c->name)
		return pale_err_plain(err, EINVAL, "spec.%s[%zu] has no name",
			container_lists[c->place], c->index);
	if (security && !json_is_object(security))
		return pale_err_plain(err, EINVAL, "spec.%s[%zu].securityContext is no object",
			container_lists[c->place], c->index);
	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(p->v[i].name, c->name) == 0)
			return pale_err_plain(
				err, EINVAL, "two containers are called '%s'", c->name);
	}
	if (p->n == POD_CONTAINERS_MAX)
		return pale_err_plain(err, EINVAL, "more than %d containers", POD_CONTAINERS_MAX);
	p->v[p->n++] = *c;
	return 0;
}

static int read_containers(
	struct pod *p, enum container_place place, const json_t *old_spec, struct pale_err **err)
{
	const json_t *list = json_member(p->spec, container_lists[place]);
	json_t *c;
	size_t i;

	if (list && !json_is_array(list))
		return pale_err_plain(err, EINVAL, "spec.%s is no list", container_lists[place]);
	if (json_array_size(list) > POD_CONTAINERS_MAX ||
		json_array_size(json_object_get(old_spec, container_lists[place])) >
			POD_CONTAINERS_MAX)
		return pale_err_plain(err, EINVAL, "more than %d containers", POD_CONTAINERS_MAX);
	json_array_foreach (list, i, c) {
		struct pod_container one = { json_member_text(c, "name"), place, i, c };
		int r;

		if (one.name && has_container(old_spec, place, one.name))
			continue;
		r = add_container(p, &one, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int pod_read(const json_t *object, const json_t *old, struct pod *ret, struct pale_err **err)
{
	const json_t *old_spec = json_object_get(old, "spec");
	int r;

	*ret = (struct pod){ .exists = old != NULL };
	ret->metadata = json_object_get(object, "metadata");
	ret->spec = json_object_get(object, "spec");
	if (!json_is_object(ret->metadata) || !json_is_object(ret->spec))
		return pale_err_plain(err, EINVAL, "a Pod without metadata or spec");
	r = read_strings(ret->metadata, "annotations", &ret->annotations, err);
	if (r == 0)
		r = read_strings(ret->metadata, "labels", &ret->labels, err);
	ret->v = memory_new(POD_CONTAINERS_MAX * sizeof(*ret->v));
	for (int place = ret->exists ? PLACE_EPHEMERAL : 0; r == 0 && place < PLACE_COUNT; place++)
		r = read_containers(ret, (enum container_place)place, old_spec, err);
	if (r == 0 && !ret->exists && ret->n == 0)
		return pale_err_plain(err, EINVAL, "a Pod without containers");
	return r;
}

void pod_release(struct pod *p)
{
	free(p->v);
	*p = (struct pod){ 0 };
}

const char *pod_annotation(const struct pod *p, const char *name)
{
	return json_member_text(p->annotations, name);
}

const char *pod_container_annotation(const struct pod *p, const char *container)
{
	_cleanup_(text_release) struct text key = TEXT_INIT;

	text_printf(&key, CONTAINER_PROFILE_PREFIX "%s", container);
	return pod_annotation(p, text_str(&key));
}

const char *pod_name(const struct pod *p)
{
	const char *name = json_member_text(p->metadata, "name");

	if (!name || !*name)
		name = json_member_text(p->metadata, "generateName");
	return name ? name : "";
}

void pod_container_text(const struct pod_container *c, struct text *t)
{
	text_printf(t, "%s '%s'", place_names[c->place], c->name);
}

static bool is_windows_word(const char *word)
{
	return word && strcmp(word, "windows") == 0;
}

bool pod_is_for_windows_alone(const struct pod *p)
{
	const json_t *selector = json_member(p->spec, "nodeSelector");

	return is_windows_word(json_member_text(json_member(p->spec, "os"), "name")) ||
	       is_windows_word(json_member_text(selector, "kubernetes.io/os")) ||
	       is_windows_word(json_member_text(selector, "beta.kubernetes.io/os"));
}

bool pod_is_windows(const struct pod *p)
{
	return pod_is_for_windows_alone(p) ||
	       json_member(json_member(p->spec, "securityContext"), "windowsOptions") != NULL;
}
