/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_ANNOTATIONS_H
#define PALE_ANNOTATIONS_H

/* What the annotations of a container's config.json say of it: ours, and those by which engines
 * tell names. */

#include <jansson.h>
#include <stdbool.h>

enum annotation {
	ANNOTATION_PROFILE,    /* pale.dev/profile, of the container or its pod */
	ANNOTATION_MODE,       /* pale.dev/mode */
	ANNOTATION_ON_MISSING, /* pale.dev/on-missing */
	ANNOTATION_NAME,       /* of the container */
	ANNOTATION_IMAGE,
	ANNOTATION_IMAGE_DIGEST,
	ANNOTATION_POD,
	ANNOTATION_NAMESPACE,
	ANNOTATION_POD_UID,
	ANNOTATION_RECORDING, /* pale.dev/recording: for what it is to be recorded, unconfined */
	ANNOTATION_COUNT,
};

/* NULL when none says it. Borrowed from @annotations, an object of strings or NULL. */
const char *annotation(const json_t *annotations, enum annotation what);

/* The container is its pod's sandbox, which containerd and CRI-O start for the pod's namespaces. */
bool annotations_are_of_sandbox(const json_t *annotations);

/*
 * The profile that is meant for a container: container.profile.pale.dev/NAME goes before
 * pale.dev/profile. NULL when none says it.
 */
const char *annotations_profile(const json_t *annotations);

#endif
