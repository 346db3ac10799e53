/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/image.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/base/base64.h"
#include "enforcer/annotations.h"
#include "enforcer/child_output.h"
#include "enforcer/file_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX	 ((size_t)64 << 20)
#define OUTPUT_BYTES_MAX ((size_t)4 << 20)
#define CTR_TIMEOUT_MS	 3000

#define STORAGE_PART	"/overlay-containers/"
#define CONTAINERD_PART "/io.containerd.runtime.v2.task/"

static char *copy(const json_t *s)
{
	const char *text = json_string_value(s);

	return text && *text ? strdup(text) : NULL;
}

void image_release(struct image *i)
{
	free(i->container_name);
	free(i->name);
	free(i->digest);
	free(i->label);
	*i = (struct image){ 0 };
}

static int parse(const char *s, size_t len, const char *what, json_t **ret, struct pale_err **err)
{
	json_error_t e;

	*ret = json_loadb(s, len, 0, &e);
	return *ret ? 0 : pale_err_plain(err, EBADMSG, "%s: %s", what, e.text);
}

static int read_json(const char *dir, const char *name, json_t **ret, struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	int r = file_tree_read(dir, name, FILE_BYTES_MAX, &t, err);

	return r < 0 ? r : parse(text_str(&t), t.len, name, ret, err);
}

/* The element of an array of objects whose `id` is @id; borrowed. */
static const json_t *by_id(const json_t *array, const char *id)
{
	const json_t *o;
	size_t i;

	json_array_foreach ((json_t *)array, i, o) {
		const char *its = json_string_value(json_object_get(o, "id"));

		if (its && strcmp(its, id) == 0)
			return o;
	}
	return NULL;
}

/* The image's configuration lies beside it, under its own digest in base64. */
static int read_storage_label(
	const char *root, const char *image, char **ret, struct pale_err **err)
{
	_cleanup_(text_release) struct text dir = TEXT_INIT, key = TEXT_INIT, file = TEXT_INIT;
	_cleanup_free_ char *encoded = NULL;
	json_t *config;
	int r;

	text_printf(&dir, "%s/overlay-images/%s", root, image);
	text_printf(&key, "sha256:%s", image);
	encoded = base64_encode(text_str(&key), key.len);
	text_printf(&file, "=%s", encoded);
	r = read_json(text_str(&dir), text_str(&file), &config, err);
	if (r < 0)
		return r;
	*ret = copy(json_object_get(
		json_object_get(json_object_get(config, "config"), "Labels"), IMAGE_LABEL));
	json_decref(config);
	return 0;
}

static int take_storage_container(
	const char *root, const json_t *c, struct image *ret, struct pale_err **err)
{
	const char *image = json_string_value(json_object_get(c, "image"));
	const char *metadata = json_string_value(json_object_get(c, "metadata"));
	_cleanup_(text_release) struct text digest = TEXT_INIT;
	json_error_t e;
	json_t *m = metadata ? json_loads(metadata, 0, &e) : NULL;

	ret->container_name = copy(json_array_get(json_object_get(c, "names"), 0));
	ret->name = copy(json_object_get(m, "image-name"));
	json_decref(m);
	/* podman starts its own infrastructure without an image. */
	if (!image || !*image)
		return 0;
	if (strchr(image, '/'))
		return pale_err_plain(err, EBADMSG, "'%s' is no image's id", image);
	text_printf(&digest, "sha256:%s", image);
	ret->digest = text_take(&digest);
	return read_storage_label(root, image, &ret->label, err);
}

/* containers/storage: store.go and containers.go. */
static int find_in_storage(
	const char *root, const char *id, struct image *ret, struct pale_err **err)
{
	static const char *const files[] = { "containers.json", "volatile-containers.json" };
	_cleanup_(text_release) struct text dir = TEXT_INIT;
	int r = -ENOENT;

	text_printf(&dir, "%s/overlay-containers", root);
	for (size_t i = 0; i < 2; i++) {
		const json_t *c;
		json_t *all;

		pale_err_free(*err);
		*err = NULL;
		r = read_json(text_str(&dir), files[i], &all, err);
		if (r < 0)
			continue;
		c = by_id(all, id);
		r = c ? take_storage_container(root, c, ret, err)
		      : pale_err_plain(err, ENOENT, "%s does not know it", text_str(&dir));
		json_decref(all);
		if (c)
			break;
	}
	return r;
}

static int find_in_docker(
	const char *root, const char *id, struct image *ret, struct pale_err **err)
{
	_cleanup_(text_release) struct text dir = TEXT_INIT;
	json_t *c, *config;
	const char *name;
	int r;

	text_printf(&dir, "%s/containers/%s", root, id);
	r = read_json(text_str(&dir), "config.v2.json", &c, err);
	if (r < 0)
		return r;
	config = json_object_get(c, "Config");
	name = json_string_value(json_object_get(c, "Name"));
	if (name)
		ret->container_name = strdup(name[0] == '/' ? name + 1 : name);
	ret->name = copy(json_object_get(config, "Image"));
	ret->digest = copy(json_object_get(c, "Image"));
	/* The engine puts the image's labels and the container's together: whoever may start a
	 * container may set its labels, and what a label may choose is the node's to say. */
	ret->label = copy(json_object_get(json_object_get(config, "Labels"), IMAGE_LABEL));
	json_decref(c);
	return 0;
}

/* Labels of an image are its containers', since containerd 1.5 (WithImageConfigLabels). */
static int find_in_containerd(const char *state, const char *namespace, const char *id,
	struct image *ret, struct pale_err **err)
{
	_cleanup_(text_release) struct text address = TEXT_INIT, out = TEXT_INIT;
	json_t *c;
	int r;

	text_printf(&address, "%s/containerd.sock", state);
	r = child_output((const char *const[]){ "ctr", "--address", text_str(&address),
				 "--namespace", namespace, "containers", "info", id, NULL },
		CTR_TIMEOUT_MS, OUTPUT_BYTES_MAX, &out, err);
	if (r >= 0)
		r = parse(text_str(&out), out.len, "ctr's answer", &c, err);
	if (r < 0)
		return r;
	ret->name = copy(json_object_get(c, "Image"));
	ret->label = copy(json_object_get(json_object_get(c, "Labels"), IMAGE_LABEL));
	json_decref(c);
	return 0;
}

int image_find(const char *bundle, const char *id, const char *docker_root, struct image *ret,
	struct pale_err **err)
{
	const char *part;
	int r = 0;

	*ret = (struct image){ 0 };
	if (!bundle)
		return 0;
	if ((part = strstr(bundle, STORAGE_PART))) {
		_cleanup_free_ char *root = strndup(bundle, (size_t)(part - bundle));

		r = find_in_storage(root, id, ret, err);
	} else if ((part = strstr(bundle, CONTAINERD_PART))) {
		_cleanup_free_ char *state = strndup(bundle, (size_t)(part - bundle));
		const char *rest = part + strlen(CONTAINERD_PART);
		_cleanup_free_ char *namespace = strndup(rest, strcspn(rest, "/"));

		if (strcmp(namespace, "moby") == 0)
			r = find_in_docker(
				docker_root ? docker_root : "/var/lib/docker", id, ret, err);
		else
			r = find_in_containerd(state, namespace, id, ret, err);
	}
	if (r < 0) {
		image_release(ret);
		return pale_err_wrap(err, "the image of container '%s'", id);
	}
	return 0;
}

static void add(json_t *annotations, enum annotation what, const char *key, const char *value)
{
	if (value && !annotation(annotations, what))
		json_object_set_new(annotations, key, json_string(value));
}

void image_annotate(const struct image *i, json_t *annotations)
{
	add(annotations, ANNOTATION_NAME, "pale.dev/name", i->container_name);
	add(annotations, ANNOTATION_IMAGE, "pale.dev/image", i->name);
	add(annotations, ANNOTATION_IMAGE_DIGEST, "pale.dev/image-digest", i->digest);
}
