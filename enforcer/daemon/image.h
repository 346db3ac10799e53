/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_DAEMON_IMAGE_H
#define PALE_DAEMON_IMAGE_H

/*
 * What a container's engine knows of its image, which config.json does not hold. Which engine it is
 * tells the bundle's path:
 *
 *	ROOT/overlay-containers/ID/userdata			podman, CRI-O (containers/storage)
 *	STATE/io.containerd.runtime.v2.task/moby/ID		Docker, whose containers lie in
 *								/var/lib/docker/containers
 *	STATE/io.containerd.runtime.v2.task/NAMESPACE/ID	containerd, by its client ctr
 */

#include "compiler/base/error.h"

#include <jansson.h>

struct image {
	char *container_name; /* each NULL when it is not known */
	char *name;
	char *digest; /* "sha256:…" of its configuration, for containerd of its manifest */
	char *label;  /* dev.pale.profile */
};

#define IMAGE_LABEL "dev.pale.profile"

/*
 * *@ret is all NULL for a bundle of no engine that is known. Fails when the engine is known and
 * does not say: then nobody can tell what the image chose. @docker_root NULL: /var/lib/docker.
 */
int image_find(const char *bundle, const char *id, const char *docker_root, struct image *ret,
	struct pale_err **err);
void image_release(struct image *i);

/* Adds what annotations of other engines say: pale.dev/name, pale.dev/image, pale.dev/image-digest,
 * where @annotations do not have them. */
void image_annotate(const struct image *i, json_t *annotations);

#endif
