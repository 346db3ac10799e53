/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_KUBE_CONFIG_H
#define PALE_KUBE_CONFIG_H

/*
 * Where the API server is, whom to believe there and who we are: a pod's service account, or a
 * kubeconfig file. TLS always. What would change who we are in a way that is not known here (exec
 * plugins, impersonation, passwords) is an error, never left away.
 */

#include "compiler/base/error.h"

#define KUBE_SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

/* Strings are malloc-ed; NULL where there is none. */
struct kube_config {
	char *server; /* "https://10.96.0.1:443", without '/' at its end */
	char *ca_file;
	char *certificate_file, *key_file; /* both or none */
	char *token;
	char *token_file; /* read anew each minute: the kubelet exchanges it */
	char *namespace;  /* our own, or the context's */
	/* What stood in a kubeconfig itself lies in memory, and the files are /proc/self/fd/N. */
	int fds[3];
	unsigned int n_fds;
};

/*
 * A pod's: KUBERNETES_SERVICE_HOST and _PORT, and in the folder @dir (KUBE_SERVICE_ACCOUNT)
 * ca.crt, token and namespace. -ENOENT when this is no pod.
 */
int kube_config_in_cluster(const char *dir, struct kube_config *ret, struct pale_err **err);
/* A kubeconfig file; @context NULL: its current-context. Paths in it are relative to its folder. */
int kube_config_read(
	const char *path, const char *context, struct kube_config *ret, struct pale_err **err);
/* @path, or where that is NULL $KUBECONFIG (one file), or what the pod has. */
int kube_config_find(const char *path, struct kube_config *ret, struct pale_err **err);
/* Also after a failure. */
void kube_config_release(struct kube_config *c);

#endif
