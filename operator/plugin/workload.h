/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PLUGIN_WORKLOAD_H
#define PALE_PLUGIN_WORKLOAD_H

#include "operator/kube/kube_path.h"

#include <jansson.h>

/* What makes pods: the pods themselves that are refused are nowhere, but what would make them is.
 */
struct workload {
	const char *words[4]; /* as kubectl takes them, "deploy"; the last is NULL */
	const char *group_version, *plural;
	const char *const *template; /* where the pods' template is; NULL: it is the pod */
};

/* @word: NULL for a pod. NULL: there is none that is called so. */
const struct workload *workload_find(const char *word);
/* The template as a Pod without a name but @name's, which it borrows from; a new object. */
json_t *workload_pod(const struct workload *w, const json_t *object);
/* "pod, deployment, …", for messages. */
void workload_words(struct text *to);

#endif
