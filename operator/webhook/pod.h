/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_WEBHOOK_POD_H
#define PALE_WEBHOOK_POD_H

/* A Pod of a review, looked at but not copied: all strings are the review's. */

#include "compiler/base/error.h"
#include "compiler/base/text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum container_place {
	PLACE_INIT,
	PLACE_MAIN,
	PLACE_EPHEMERAL,
	PLACE_COUNT,
};

struct pod_container {
	const char *name;
	enum container_place place;
	size_t index; /* in its list */
	const json_t *json;
};

struct pod {
	const json_t *metadata, *spec;
	const json_t *annotations, *labels; /* objects of strings; NULL where there are none */
	struct pod_container *v; /* that are to be judged: not those that are there already */
	size_t n;
	bool exists;	    /* it was created earlier: only containers are added to it */
	const char *review; /* its uid: another one each time that the pod is asked about */
};

/* More are refused: names are compared with one another. */
#define POD_CONTAINERS_MAX 1024

/* The member in each place of a spec: "initContainers". */
extern const char *const container_lists[PLACE_COUNT];

/*
 * @old is NULL for a pod that is created, and the pod as it was for one that gets ephemeral
 * containers. -EINVAL where a part has not the type that the API gives it: then nothing is known of
 * the pod. @ret is to be released either way.
 */
int pod_read(const json_t *object, const json_t *old, struct pod *ret, struct pale_err **err);
void pod_release(struct pod *p);

/* NULL where the member is not there or null, as the API has it. */
const json_t *json_member(const json_t *object, const char *name);
/* The text of a member that is a string, or NULL. */
const char *json_member_text(const json_t *object, const char *name);

/* NULL: there is none. */
const char *pod_annotation(const struct pod *p, const char *name);
/* container.profile.pale.dev/NAME's, of a container. */
const char *pod_container_annotation(const struct pod *p, const char *container);
/* Its name, or what a controller has its name made of; "" where neither is there yet. */
const char *pod_name(const struct pod *p);
/* "init container 'setup'". */
void pod_container_text(const struct pod_container *c, struct text *t);
/* By any sign of it. */
bool pod_is_windows(const struct pod *p);
/* No node of Linux takes it; windowsOptions alone are no hindrance, they are ignored there. */
bool pod_is_for_windows_alone(const struct pod *p);

#define CONTAINER_PROFILE_PREFIX "container.profile.pale.dev/"

#endif
