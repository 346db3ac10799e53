/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_KUBE_PATH_H
#define PALE_KUBE_PATH_H

/* Where things lie below the API server's address. */

#include "compiler/base/text.h"

struct kube_resource {
	const char *group_version; /* "v1", "apps/v1", "pale.dev/v1alpha1" */
	const char *plural;	   /* "pods" */
	const char *namespace;	   /* NULL: of the cluster, or of all namespaces */
	const char *name;	   /* NULL: the collection */
	const char *subresource;   /* "status"; NULL: none */
};

/* Appends "/apis/pale.dev/v1alpha1/namespaces/shop/palebindings/web/status". Namespace and name are
 * escaped: a '/' in a name that somebody made up leads nowhere else. */
void kube_path(struct text *to, const struct kube_resource *r);
/* Appends "?KEY=VALUE", or with '&' when @to has a query; the value is escaped. */
void kube_query(struct text *to, const char *key, const char *value);

#endif
