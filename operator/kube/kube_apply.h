/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_KUBE_APPLY_H
#define PALE_KUBE_APPLY_H

/*
 * Server-side apply: @fields is all that @manager wants said of an object, which is made if it is
 * not there. What @manager said before and does not say any more is taken away; what others said
 * stays. It may be sent twice, and is tried again as such.
 */

#include "operator/kube/kube_path.h"
#include "operator/kube/kube_request.h"

struct kube_apply {
	const struct kube_resource *at; /* with a name; subresource "status" for the status alone */
	const json_t *fields;		/* with apiVersion, kind and metadata.name */
	const char *manager;		/* of fields: "pale-controller" */
	/* Takes over fields that others manage and that are said to be different here; without it
	 * that is refused: 409 Conflict, with them in details.causes. */
	bool force;
	void (*done)(void *ctx, const struct kube_answer *answer); /* the object as it is now */
	void *ctx;
};

struct kube_call *kube_apply(struct kube_client *c, const struct kube_apply *a);

#endif
