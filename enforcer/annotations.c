/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/annotations.h"

#include "compiler/base/text.h"

#include <string.h>

#define KEYS_MAX 4

/* containerd: pkg/cri/annotations; CRI-O: pkg/annotations; podman and Docker set none of these but
 * take what they are given. */
static const char *const keys[ANNOTATION_COUNT][KEYS_MAX] = {
	[ANNOTATION_PROFILE] = { "pale.dev/profile" },
	[ANNOTATION_MODE] = { "pale.dev/mode" },
	[ANNOTATION_ON_MISSING] = { "pale.dev/on-missing" },
	[ANNOTATION_NAME] = { "io.kubernetes.cri.container-name", "io.kubernetes.container.name",
		"pale.dev/name" },
	[ANNOTATION_IMAGE] = { "io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName",
		"pale.dev/image" },
	[ANNOTATION_IMAGE_DIGEST] = { "io.kubernetes.cri-o.ImageRef", "pale.dev/image-digest" },
	[ANNOTATION_POD] = { "io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name" },
	[ANNOTATION_NAMESPACE] = { "io.kubernetes.cri.sandbox-namespace",
		"io.kubernetes.pod.namespace" },
	[ANNOTATION_RECORDING] = { "pale.dev/recording" },
	[ANNOTATION_POD_UID] = { "io.kubernetes.cri.sandbox-uid", "io.kubernetes.pod.uid" },
};

static const char *text_member(const json_t *annotations, const char *key)
{
	const char *s = json_string_value(json_object_get(annotations, key));

	return s && *s ? s : NULL;
}

const char *annotation(const json_t *annotations, enum annotation what)
{
	for (int i = 0; i < KEYS_MAX && keys[what][i]; i++) {
		const char *s = text_member(annotations, keys[what][i]);

		if (s)
			return s;
	}
	return NULL;
}

bool annotations_are_of_sandbox(const json_t *annotations)
{
	static const char *const types[] = {
		"io.kubernetes.cri.container-type",
		"io.kubernetes.cri-o.ContainerType",
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		const char *s = text_member(annotations, types[i]);

		if (s && strcmp(s, "sandbox") == 0)
			return true;
	}
	return false;
}

const char *annotations_profile(const json_t *annotations)
{
	const char *name = annotation(annotations, ANNOTATION_NAME), *own = NULL;
	struct text key = TEXT_INIT;

	if (name) {
		text_printf(&key, "container.profile.pale.dev/%s", name);
		own = text_member(annotations, text_str(&key));
		text_release(&key);
	}
	return own ? own : annotation(annotations, ANNOTATION_PROFILE);
}
