/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PLUGIN_API_H
#define PALE_PLUGIN_API_H

/* What a command that is run once asks of the API server: it waits for each answer. */

#include "compiler/options.h"
#include "operator/kube/kube_path.h"
#include "operator/kube/kube_request.h"

#define PALE_API "pale.dev/v1alpha1"

/* What each command's table begins with. */
enum { OPT_KUBECONFIG, OPT_CONTEXT, OPT_JSON, OPT_OWN };

#define API_OPTIONS                                                                                \
	[OPT_KUBECONFIG] = { "kubeconfig", 0, "FILE",                                              \
		.help = "which cluster, and who asks; by default as kubectl" },                    \
	[OPT_CONTEXT] = { "context", 0, "NAME",                                                    \
		.help = "of the kubeconfig's; not its current one" },                              \
	[OPT_JSON] = { "json", .help = "print JSON" }
#define API_OPTION_NAMESPACE                                                                       \
	{                                                                                          \
		"namespace", 'n', "NAME", .help = "where to look, not in the context's namespace"  \
	}

struct api {
	sd_event *loop;
	struct kube_config config;
	struct kube_client *client;
};

/* By the options of @in. api_close() also after a failure. */
int api_open(struct api *a, const struct invocation *in, struct pale_err **err);
void api_close(struct api *a);
/* "kubectl-pale COMMAND: TEXT" on stderr, and its hint below: STATUS_HOST. */
int api_failure(const struct invocation *in, const struct pale_err *err);

/* A new reference. -ENOENT: there is none by that name; other errnos are kube_status.h's. */
int api_get(struct api *a, const struct kube_resource *r, json_t **ret, struct pale_err **err);
/* As api_get(), but *@ret is NULL, without an error, where there is none. */
int api_find(struct api *a, const struct kube_resource *r, json_t **ret, struct pale_err **err);
/* A new array of all that there are, in pages; @query as in kube_watch.h. They have no kind. */
int api_list(struct api *a, const struct kube_resource *r, const char *query, json_t **ret,
	struct pale_err **err);
/* @from's text as one of a caller's own, where that has none yet. */
int api_keep_error(const struct pale_err *from, struct pale_err **err);

#endif
