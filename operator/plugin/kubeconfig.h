/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PLUGIN_KUBECONFIG_H
#define PALE_PLUGIN_KUBECONFIG_H

#include "operator/kube/kube_config.h"

/*
 * The kubeconfig that kubectl would read: @path, or where that is NULL $KUBECONFIG, or
 * ~/.kube/config; where there is none, what a pod has. @context NULL: the file's current one.
 * $KUBECONFIG may name several files for kubectl; here that is an error, as they are not merged.
 * kube_config_release() also after a failure.
 */
int kubeconfig_read(
	const char *path, const char *context, struct kube_config *ret, struct pale_err **err);

#endif
