/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POSTURE_WORKLOAD_KIND_H
#define PALE_POSTURE_WORKLOAD_KIND_H

#include <jansson.h>

/* Kinds of objects that are pods or make them. */
struct workload_kind {
	const char *kind;
	const char *const *template; /* where their pods' template is; NULL: it is the pod */
};

/* NULL: one that runs nothing, as far as is known. */
const struct workload_kind *workload_kind_find(const char *kind);
/* The pod, a Pod of the API but for its kind, with the maker's name where it has none: a new
 * object. */
json_t *workload_kind_pod(const struct workload_kind *w, const json_t *object);

#endif
