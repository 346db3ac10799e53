/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/kube/kube_apply.h"

#include "compiler/base/cleanup.h"

struct kube_call *kube_apply(struct kube_client *c, const struct kube_apply *a)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;

	kube_path(&path, a->at);
	kube_query(&path, "fieldManager", a->manager);
	kube_query(&path, "force", a->force ? "true" : "false");
	return kube_request(c, &(struct kube_request){ .method = KUBE_PATCH,
				       .path = text_str(&path),
				       .body = a->fields,
				       .type = KUBE_APPLY_PATCH,
				       .done = a->done,
				       .ctx = a->ctx });
}
