/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/webhook/pod_recording.h"

#include "compiler/base/cleanup.h"

#include <string.h>

/* Of a pod that exists only the new containers are at hand, which come to those that are recorded.
 */
static bool names_one(const struct recorded_pods *p, const struct pod *pod)
{
	for (size_t i = 0; i < pod->n; i++) {
		if (string_list_names(&p->containers, pod->v[i].name))
			return true;
	}
	return pod->exists;
}

static bool is_the_pods_own(const struct recorded_pods *p, const struct pod *pod)
{
	_cleanup_(text_release) struct text own = TEXT_INIT;
	const char *has = pod_annotation(pod, RECORDING_ANNOTATION);

	pod_recording_text(p, &own);
	return has && strcmp(has, text_str(&own)) == 0;
}

static bool selects(const struct recorded_pods *p, const struct pod *pod, int64_t now)
{
	return p->active && now < p->ends_at && !p->wrong &&
	       label_selector_matches(&p->selector, pod->labels) && names_one(p, pod) &&
	       (!pod->exists || is_the_pods_own(p, pod));
}

const struct recorded_pods *pod_recording(const struct cluster *cluster, const char *namespace,
	const struct pod *pod, int64_t now, size_t *n)
{
	const struct recorded_pods *first = NULL;
	size_t all;
	struct object_head *const *v = cluster_recordings(cluster, namespace, &all);

	*n = 0;
	for (size_t i = 0; i < all; i++) {
		const struct recorded_pods *p = (const struct recorded_pods *)v[i];

		if (!selects(p, pod, now))
			continue;
		if (!first)
			first = p;
		++*n;
	}
	return first;
}

void pod_recording_text(const struct recorded_pods *p, struct text *t)
{
	text_printf(t, "%s/%s", p->head.namespace, p->head.name);
}
