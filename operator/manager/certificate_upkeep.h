/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CERTIFICATE_UPKEEP_H
#define PALE_CERTIFICATE_UPKEEP_H

/*
 * The webhook's certificates in the Secret pale-webhook-certificates, renewed in time
 * (webhook/certificates.h), and the authorities that are to be believed in the caBundle of both
 * webhook configurations, which else stay as they are. All of it is looked at each minute: a
 * configuration that somebody wrote anew has no caBundle, and until it has one no pod can be
 * created in a labelled namespace.
 */

#include "operator/kube/kube_request.h"

#define CERTIFICATE_SECRET    "pale-webhook-certificates"
#define WEBHOOK_CONFIGURATION "pale-webhook"

struct certificate_upkeep;

struct certificate_upkeep_handlers {
	/* What was done, and what was not, for a log: that once, while it is the same. */
	void (*say)(void *ctx, const char *what);
};

/* @namespace: the Secret's and the Service's. Does nothing yet. */
struct certificate_upkeep *certificate_upkeep_new(struct kube_client *c, const char *namespace,
	const struct certificate_upkeep_handlers *handlers, void *ctx);
/* Before kube_client_free(). */
void certificate_upkeep_free(struct certificate_upkeep *u);
/* For who leads, and has ceased to. */
void certificate_upkeep_begin(struct certificate_upkeep *u);
void certificate_upkeep_end(struct certificate_upkeep *u);

#endif
